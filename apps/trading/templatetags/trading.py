"""Template tags for orders and runs: each writes the words and figures of the reader's page."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.accounts.figures import MISSING, Format, shaped
from apps.trading import shown
from apps.trading.told import reader_text
from apps.trading.words import trading_words

register = template.Library()
PERCENT = Format(2, 2)


@register.filter
def told_as(key: str, prefix: str) -> str:
    """A word of the trading pages by its key; an unknown key shows itself."""
    return trading_words().get(f"{prefix}{key}", str(key).replace("_", " "))


@register.filter
def stepped(value: Any, step: str | None) -> str:
    return shown.price_text(value, step)


@register.simple_tag
def price(value: Any, step: Any) -> str:
    """With the decimals of the step; a dash without a value."""
    return shown.price_text(value, str(step) if step else None)


@register.filter
def order_class(row: shown.Row) -> str:
    return shown.order_class(row) if row else ""


@register.filter
def type_name(row: shown.Row) -> str:
    return shown.type_name(row) if row else ""


@register.filter
def order_type_name(order: Any) -> str:
    """Of an order's row in the database, or of its shape."""
    return shown.type_name({"type": order.order_type, "tif": order.tif})


@register.filter
def reason_text(reason: str | None) -> str:
    return shown.reason_text(reason)


@register.filter
def filled_percent(row: shown.Row) -> int:
    return shown.filled_percent(row) if row else 0


@register.filter
def percent(value: Any) -> str:
    """A fraction as percent with two decimals; a dash when missing."""
    return MISSING if value in (None, "") else shaped(Decimal(value) * 100, PERCENT) + "%"


@register.filter
def named(names: dict[str, str], pk: Any) -> str:
    """An account's name by its key."""
    return names.get(str(pk), "")


@register.filter
def absolute(value: Decimal) -> Decimal:
    return abs(value)


@register.simple_tag
def prices_of(row: shown.Row) -> SafeString:
    """The prices an order was given, each with its word."""
    words = trading_words()
    parts = [(words[f"price_{name}"], text) for name, text in shown.order_prices(row)]
    if not parts:
        return SafeString(MISSING)
    return format_html_join(" ", "<span><small>{}</small> {}</span>", parts)


@register.simple_tag
def state_of(kind: str, state: str) -> SafeString:
    """The badge of an order's or a run's state; `kind` is order or run."""
    return format_html(
        '<span class="badge" data-part="state" data-{}-state="{}">{}</span>',
        kind,
        state,
        told_as(state, f"{kind}_") if state else "",
    )


@register.filter
def texts(errors: dict[str, list[str]], name: str) -> list[str]:
    """What is wrong with a field, in sentences."""
    return errors.get(name, []) if errors else []


@register.filter
def hundredfold(share: Any) -> str:
    """A fraction as the whole percent of a progress bar."""
    return str(int(Decimal(share) * 100))


@register.filter
def reasons(codes: str) -> str:
    """Several reasons in one text, each in words: of the plan, of an order's state, or as told."""
    return "; ".join(_reason(code) for code in codes.split("; ") if code)


def _reason(code: str) -> str:
    words = trading_words()
    known = words.get(f"reason_{code}") or words.get(f"order_{code}")
    return known or shown.reason_text(code.replace("_", " "))


@register.filter
def sentence_told(row: Any) -> str:
    """A run's or a week's sentence in the reader's language."""
    return reader_text(row.said, row.sentence)


@register.filter
def exchange_time(moment: datetime) -> str:
    """In its own zone, whatever zone the page speaks."""
    return date_format(moment, "D Y-m-d H:i T")

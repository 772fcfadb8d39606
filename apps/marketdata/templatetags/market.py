"""Template tags for quotes: each writes the data attributes that the browser code binds to."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.accounts import figures
from apps.accounts.words import browser_words
from apps.lib import clock
from apps.marketdata.ages import age_words
from apps.marketdata.shown import Shown
from ibkr.types import PriceKind

register = template.Library()
SIZES = {"volume", "average_volume", "bid_size", "ask_size", "last_size"}
FORMATS = {
    "change": "signed",
    "change_percent": "signed_percent",
    "iv": "share",
    "delta": "greek",
    "gamma": "greek",
    "vega": "greek",
    "theta": "greek",
}


@register.simple_tag
def quoted(element: str, row: Shown, name: str, css: str = "") -> SafeString:
    """One field of a quote; the browser keeps it up to date."""
    shape, value = _format(row, name), row.value(name)
    signed = figures.FORMATS[shape].signed
    return format_html(
        '<{0} class="num {1}" data-of="{2}" data-q="{3}" data-format="{4}" data-value="{5}"'
        ' data-sign="{6}" data-stale="{7}" data-shown="{8}">{9}</{0}>',
        element,
        css,
        row.instrument.con_id,
        name,
        shape,
        value or "",
        figures.sign(value) if signed else "",
        "true" if row.stale else "false",
        row.kind,
        figures.figure(value, shape),
    )


@register.simple_tag
def kind_of(row: Shown, near: Collection[int] | None = None) -> SafeString:
    """The badge that says what the price is; `near` are the options of a chain that stream."""
    words, why = browser_words(), _without_line(row, near)
    badge = format_html(
        '<span class="kind" data-of="{}" data-q="kind" data-kind="{}" data-why="{}" title="{}">{}'
        "</span>",
        row.instrument.con_id,
        row.kind,
        why,
        why if why and row.kind == PriceKind.MISSING else words[f"about_{row.kind}"],
        words[f"kind_{row.kind}"],
    )
    return format_html('{} <span class="away">{}</span>', badge, why) if why else badge


@register.simple_tag
def age_of(row: Shown) -> SafeString:
    """How old the price is."""
    at = row.price.at
    if at is None:
        text = ""
    elif row.price.kind is PriceKind.CLOSE:
        text = f"{at - timedelta(milliseconds=1):%F}"  # made before the end of its day
    else:
        text = age_words(clock.now() - at)
    return format_html('<small data-of="{}" data-q="age">{}</small>', row.instrument.con_id, text)


@register.simple_tag
def last_trade_of(row: Shown) -> SafeString:
    """When it last traded; the quote has epoch seconds."""
    value = row.value("last_trade_at")
    text = "–" if value is None else f"{datetime.fromtimestamp(float(value), UTC):%F %T}"
    return format_html(
        '<span data-of="{}" data-q="last_trade_at">{}</span>', row.instrument.con_id, text
    )


def _without_line(row: Shown, near: Collection[int] | None) -> str:
    """Said while there is no price; an option may have one from elsewhere."""
    if near is None or row.instrument.con_id in near:
        return ""
    return _("no line: only the %(n)s nearest options stream") % {"n": len(near)}


def _format(row: Shown, name: str) -> str:
    if name in FORMATS:
        return FORMATS[name]
    return "quantity" if name in SIZES else figures.price_format(row.instrument.sec_type)

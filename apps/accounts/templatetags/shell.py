"""Template tags of the page frame."""

from datetime import datetime
from typing import Any

from django import template
from django.utils.dateparse import parse_datetime
from django.utils.translation import get_language, gettext

from apps.accounts.links import sentence_in
from apps.accounts.models import LinkEvent
from apps.accounts.words import browser_words

register = template.Library()


@register.filter
def word(key: str, prefix: str = "") -> str:
    """A shared word by its key, `prefix` in front of it; an unknown key shows itself."""
    return browser_words().get(f"{prefix}{key}", key)


@register.filter
def told(link: dict[str, Any]) -> str:
    """A link's sentence in the reader's language."""
    return str(link.get("sentences", {}).get(get_language(), link["sentence"]))


@register.filter
def told_then(event: LinkEvent) -> str:
    """The sentence of a past link state in the reader's language."""
    language = get_language() or "en"
    return sentence_in(language, state=event.state, code=event.code, sentence=event.sentence)


@register.filter
def as_time(text: str | None) -> datetime | None:
    """The moment an ISO text names; None for none."""
    return parse_datetime(text) if text else None


@register.simple_tag(takes_context=True)
def here(context: dict[str, Any], name: str) -> str:
    """aria-current of a menu entry."""
    match = getattr(context.get("request"), "resolver_match", None)
    return "page" if match is not None and match.url_name == name else "false"


@register.filter
def group_label(group: str) -> str:
    """USD, or USD with a word in front where it is real money."""
    mode, _space, currency = group.partition(" ")
    return f"{currency} · {gettext('live account')}" if mode == "live" else currency


@register.filter
def has_live(links: dict[str, dict[str, Any]]) -> bool:
    """Whether real money is behind any of the connections."""
    return any(link["mode"] == "live" for link in links.values())

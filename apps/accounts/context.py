"""What every page of the shell shows: link states, the live banner, theme, shared words."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.accounts import selectors
from apps.accounts.words import browser_words

THEMES = {"light", "dark"}


def shell(request: HttpRequest) -> dict[str, Any]:
    """Lazy: pages that do not extend the shell pay nothing."""
    theme = request.COOKIES.get("theme", "")
    return {
        "links": SimpleLazyObject(lambda: _links(request)),
        "words": browser_words,
        "theme": theme if theme in THEMES else "",
        "stale_seconds": settings.QUOTE_STALE_SECONDS,
    }


def _links(request: HttpRequest) -> dict[str, Any]:
    """Pages of people who are not logged in name no connection."""
    return selectors.links_state() if request.user.is_authenticated else {}

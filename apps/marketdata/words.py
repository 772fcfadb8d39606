"""The words of market data that pages and their browser code share, in the reader's language."""

from django.utils.translation import gettext as _

from apps.accounts.words import browser_words


def market_words() -> dict[str, str]:
    """Those of every page, and more; {names} in braces are filled by the browser."""
    return {
        **browser_words(),
        **_ages(),
        **_charts(),
        "halted_yes": _("halted"),
        "halted_no": _("trading"),
    }


def line_words() -> dict[str, str]:
    """Why an instrument is wanted, and what became of it."""
    return {
        "reason_position": _("position"),
        "reason_target": _("target weights"),
        "reason_watchlist": _("watchlist"),
        "reason_browsing": _("open page"),
        "line_requested": _("asked for"),
        "line_streaming": _("streaming"),
        "line_waiting": _("waiting for a line"),
        "line_refused": _("refused"),
        "status_starting": _("starting"),
        "status_connected": _("connected"),
        "status_degraded": _("degraded"),
        "status_stopped": _("stopped"),
        "status_failed": _("failed"),
    }


def _ages() -> dict[str, str]:
    return {
        "age_seconds": _("{n} s ago"),
        "age_minutes": _("{n} min ago"),
        "age_hours": _("{n} h ago"),
        "age_days": _("{n} d ago"),
    }


def _charts() -> dict[str, str]:
    return {
        "chart_absent": _(
            "The chart library is not installed. Run `make run` again where npm can be reached."
        ),
        "chart_failed": _("The bars could not be loaded. Reload the page to try again."),
        "chart_empty": _("No bars of this size are stored yet. Download some history below."),
        "download_queued": _("waiting for its turn"),
        "download_running": _("downloading"),
        "download_done": _("done"),
        "download_failed": _("failed"),
    }

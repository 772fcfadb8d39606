"""The words that pages and their browser code share, in the reader's language."""

from django.utils.translation import gettext as _


def browser_words() -> dict[str, str]:
    """{names} in braces are filled by the browser."""
    return {
        "lost": _("Connection to the portal lost. Prices are frozen since {time}."),
        "logged_out": _("You have been logged out. Prices are frozen since {time}."),
        "some_of": _("{known} of {count}"),
        "priced": _("{known} of {count} priced"),
        **_states(),
        **_kinds(),
        **_about_kinds(),
    }


def _states() -> dict[str, str]:
    return {
        "state_disconnected": _("disconnected"),
        "state_connecting": _("connecting"),
        "state_reconciling": _("reconciling"),
        "state_ready": _("ready"),
        "state_degraded": _("degraded"),
        "state_restart_window": _("restart window"),
    }


def _kinds() -> dict[str, str]:
    return {
        "kind_live": _("live"),
        "kind_delayed": _("delayed"),
        "kind_frozen": _("frozen"),
        "kind_delayed_frozen": _("delayed, frozen"),
        "kind_close": _("close"),
        "kind_broker": _("broker"),
        "kind_missing": _("no price"),
        "kind_stale": _("stale"),
        "kind_halted": _("halted"),
    }


def _about_kinds() -> dict[str, str]:
    return {
        "about_live": _("Live price, as of"),
        "about_delayed": _("Delayed by the exchange's rules, as of"),
        "about_frozen": _("Last price before the market closed, as of"),
        "about_delayed_frozen": _("Last delayed price before the market closed, as of"),
        "about_close": _("Closing price of the last session, as of"),
        "about_broker": _("The broker's own valuation, not a quote, as of"),
        "about_missing": _("No price is known."),
        "about_stale": _("This price is old and must not be taken for the market, as of"),
        "about_halted": _("Trading of this instrument is halted; price as of"),
    }

"""What people read of the guard: names of figures, states and levels, and sentences of numbers."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from apps.accounts.figures import figure as shown
from apps.risk.guard.types import Figure

FIGURES = {
    "daily_loss": gettext_lazy("Loss today, first limit"),
    "daily_loss_halt": gettext_lazy("Loss today, second limit"),
    "drawdown": gettext_lazy("Drawdown from the high-water mark"),
    "excess_liquidity_reduce": gettext_lazy("Excess liquidity, first limit"),
    "excess_liquidity": gettext_lazy("Excess liquidity, second limit"),
    "gross_exposure": gettext_lazy("Gross exposure"),
    "net_exposure": gettext_lazy("Net exposure"),
    "concentration": gettext_lazy("Largest issuer"),
    "leverage": gettext_lazy("Leverage"),
    "delta": gettext_lazy("Net delta"),
    "gamma": gettext_lazy("Gamma for 1 %"),
    "vega": gettext_lazy("Vega for one point"),
    "theta": gettext_lazy("Theta for one day"),
    "stress": gettext_lazy("Worst stress scenario"),
    "stale_stream": gettext_lazy("Oldest price"),
    "cut_stream": gettext_lazy("Oldest price that nothing renews"),
    "link": gettext_lazy("Link down"),
    "gateway_silent": gettext_lazy("Account values silent"),
    "mismatch": gettext_lazy("Positions that do not match"),
    "unknown_order": gettext_lazy("Orders of unknown outcome"),
    "reject_breaker": gettext_lazy("Rejects in a row"),
}
STATES = {
    "ok": gettext_lazy("OK"),
    "warn": gettext_lazy("Warning"),
    "reduce_only": gettext_lazy("Reduce only"),
    "halted": gettext_lazy("Halted"),
    "unknown": gettext_lazy("Not looked at yet"),
}
LEVELS = {
    0: gettext_lazy("Off"),
    1: gettext_lazy("No new orders"),
    2: gettext_lazy("Reduce only"),
    3: gettext_lazy("Cancel our working orders"),
    4: gettext_lazy("Flatten"),
    5: gettext_lazy("Drop the connection"),
}
LEVEL_MEANINGS = {
    1: gettext_lazy("No order that raises risk is accepted. Working orders go on."),
    2: gettext_lazy(
        "Only orders that bring a position nearer to zero are accepted, and none may turn it round."
    ),
    3: gettext_lazy(
        "Our own working orders are cancelled at once. Orders placed elsewhere are left alone."
    ),
    4: gettext_lazy(
        "Working orders are cancelled, every position is closed by market orders, and the broker "
        "is asked for proof. It stays until it is proven and lifted."
    ),
    5: gettext_lazy(
        "Our own working orders are cancelled and the gateway lets go of the broker. Orders that "
        "could not be cancelled go on working at IB."
    ),
}
FLATTEN = {
    "cancelling": gettext_lazy("Cancelling"),
    "closing": gettext_lazy("Closing"),
    "confirming": gettext_lazy("Asking the broker for proof"),
    "done": gettext_lazy("Flat"),
    "stuck": gettext_lazy("Stuck, still trying"),
    "abandoned": gettext_lazy("Abandoned"),
}
LOCKS = {
    "mismatch": gettext_lazy("Position does not match"),
    "unknown": gettext_lazy("Order of unknown outcome"),
    "manual": gettext_lazy("Locked by a person"),
}
LOCK_ENDS = {
    "adopted": gettext_lazy("Adopt: the broker is right"),
    "explained": gettext_lazy("Explain: this quantity is right"),
    "balanced": gettext_lazy("Balanced: both agree again"),
    "closed": gettext_lazy("Closed: nothing is held"),
}
LOCK_ENDED = {
    "adopted": gettext_lazy("adopted"),
    "explained": gettext_lazy("explained"),
    "balanced": gettext_lazy("balanced"),
    "closed": gettext_lazy("closed"),
    "vanished": gettext_lazy("ended by itself: both agree again"),
}
SOURCES = {
    "page": gettext_lazy("page"),
    "api": gettext_lazy("API"),
    "command": gettext_lazy("command line"),
    "telegram": gettext_lazy("Telegram"),
    "guard": gettext_lazy("guard"),
}
UNITS = {
    "share": gettext_lazy("share, 1 is all"),
    "times": gettext_lazy("times"),
    "base": gettext_lazy("base currency"),
    "units": gettext_lazy("units"),
    "ticks": gettext_lazy("ticks"),
    "count": gettext_lazy("number"),
    "seconds": gettext_lazy("seconds"),
    "minutes": gettext_lazy("minutes"),
    "level": gettext_lazy("kill level"),
    "words": gettext_lazy("words"),
}
SEVERITIES = {
    "info": gettext_lazy("Information"),
    "warning": gettext_lazy("Warning"),
    "critical": gettext_lazy("Critical"),
}


def unit_name(unit: str) -> str:
    return str(UNITS.get(unit, unit))


def figure_name(code: str) -> str:
    return str(FIGURES.get(code.partition(":")[0], code))


def amount(text: str | Decimal | None, unit: str, code: str = "") -> str:
    """A figure's number as people read it; a dash when missing."""
    if text is None or text == "":
        return "–"
    number = Decimal(text)
    if code == "leverage":
        return f"{shown(number, 'money')} ×"
    if unit == "share":
        return shown(number, "share")
    if unit == "seconds":
        return _("%(seconds)s s") % {"seconds": shown(number.quantize(Decimal(1)), "quantity")}
    return shown(number, "quantity")


def figure_sentence(row: dict[str, Any]) -> str:
    """One figure row as a sentence with its number and limit."""
    told = {
        "name": figure_name(row["code"]),
        "value": amount(row.get("value"), row["unit"], row["code"]),
        "limit": amount(row.get("limit"), row["unit"], row["code"]),
        "subject": row.get("subject", ""),
    }
    if "value" not in row:
        return _("%(name)s: not known") % told
    if told["subject"]:
        return _("%(name)s (%(subject)s) %(value)s, limit %(limit)s") % told
    return _("%(name)s %(value)s, limit %(limit)s") % told


def english(figure: Figure) -> str:
    """For what is stored for everybody: events, alerts, audit."""
    row: dict[str, Any] = {
        "code": figure.code,
        "unit": figure.unit,
        "limit": figure.limit,
        "subject": figure.subject,
    }
    if figure.value is not None:
        row["value"] = figure.value
    with override("en"):
        return figure_sentence(row)


def state_name(state: str) -> str:
    return str(STATES.get(state, state))

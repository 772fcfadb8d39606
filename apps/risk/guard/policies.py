"""The limits that only the guard has, and where each of its limits is found; pure."""

from decimal import Decimal
from typing import Any

from apps.risk.guard.types import GuardLimits
from apps.risk.policy import PARAMETERS, Limits, Looser, Parameter, Policy, declare


def gettext_noop(text: str) -> str:
    """Marks a text for translators; the framework's own marker has no place in a pure module."""
    return text


def _number(name: str, unit: str, meaning: str, looser: Looser = Looser.HIGHER) -> Parameter:
    default = getattr(GuardLimits(), FIELDS_OF[name])
    return Parameter(name, unit, meaning, default, looser=looser)


FIELDS_OF = {
    "halt_level": "halt_level",
    "warn_share": "warn_share",
    "delta": "delta",
    "gamma": "gamma",
    "vega": "vega",
    "theta": "theta",
    "loss": "stress",
    "stale_seconds": "stale_seconds",
    "link_seconds": "link_seconds",
    "silence_seconds": "silence_seconds",
    "unknown_seconds": "unknown_seconds",
}

OWN = (
    Policy(
        "guard",
        "account",
        gettext_noop("How the standing guard warns and acts."),
        (
            _number(
                "halt_level",
                "level",
                gettext_noop("kill level a halt sets: 2 blocks, 3 cancels too, 4 flattens"),
                Looser.LOWER,
            ),
            _number("warn_share", "share", gettext_noop("share of a limit that warns")),
        ),
    ),
    Policy(
        "greeks",
        "account",
        gettext_noop("Net greeks of an account with options, over net liquidation."),
        (
            _number("delta", "share", gettext_noop("most net delta dollars")),
            _number("gamma", "share", gettext_noop("most change of delta dollars for 1 %")),
            _number("vega", "share", gettext_noop("most money for one point of volatility")),
            _number("theta", "share", gettext_noop("most money for one day")),
        ),
    ),
    Policy(
        "stress",
        "account",
        gettext_noop(
            "The worst loss with underlyings moved by 5, 10 and 20 % and volatility by 10 points."
        ),
        (_number("loss", "share", gettext_noop("most loss over net liquidation")),),
    ),
    Policy(
        "watch",
        "account",
        gettext_noop("How long data, link, gateway or an order may be silent."),
        (
            _number("stale_seconds", "seconds", gettext_noop("age of prices in an open market")),
            _number("link_seconds", "seconds", gettext_noop("time without a link")),
            _number("silence_seconds", "seconds", gettext_noop("time without account values")),
            _number("unknown_seconds", "seconds", gettext_noop("time an order may be unknown")),
        ),
    ),
)
for _policy in OWN:
    declare(_policy)

PLACES: dict[str, tuple[str, str]] = {
    "daily_loss_reduce": ("daily_loss", "reduce"),
    "daily_loss_halt": ("daily_loss", "halt"),
    "drawdown": ("drawdown", "halt"),
    "gross": ("exposure", "gross"),
    "net": ("exposure", "net"),
    "concentration": ("concentration", "share"),
    "leverage": ("leverage", "times"),
    "excess_reduce": ("excess_liquidity", "reduce"),
    "excess_halt": ("excess_liquidity", "halt"),
    "rejects": ("reject_breaker", "rejects"),
} | {FIELDS_OF[p.name]: (policy.code, p.name) for policy in OWN for p in policy.parameters}
"""Guard limit → code and parameter; the first ten are shared with the gate's checks."""


def limits_from(limits: Limits, funds: Limits) -> GuardLimits:
    """The settings that apply; a limit that nobody declared keeps the guard's own default.

    `funds` are the settings for ETFs, of which only the concentration differs.
    """
    found: dict[str, Any] = {
        name: limits.number(*place) for name, place in PLACES.items() if place in PARAMETERS
    }
    if PLACES["concentration"] in PARAMETERS:
        found["concentration_fund"] = funds.number(*PLACES["concentration"])
    return GuardLimits(**{name: value for name, value in found.items() if _usable(name, value)})


def _usable(name: str, value: Decimal | None) -> bool:
    return value is not None or name not in {"halt_level", "warn_share"}

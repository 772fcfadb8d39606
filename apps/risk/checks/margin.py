"""Whether the account can carry the order."""

from datetime import UTC, datetime
from decimal import Decimal

from apps.risk.case import Case
from apps.risk.checks.base import (
    NLV,
    YES_NO,
    check,
    gettext_noop,
    missing,
    number,
    passed,
    refused,
    warned,
    word,
)
from apps.risk.checks.market import close_within
from apps.risk.levels import Guard
from apps.risk.policy import Looser
from apps.risk.types import Verdict

WHAT_IF = gettext_noop("the broker's what-if answer")
BOUNDED = frozenset({"STK", "ETF"})


@check(
    "buying_power",
    scope="account",
    meaning=gettext_noop(
        "What-if initial margin after above equity with loan × (1 − reserve), or no what-if answer."
    ),
    parameters=(
        number("reserve", "share", "part of equity that stays free", "0.02", looser=Looser.LOWER),
        word("what_if", "modes that insist on the broker's what-if answer", "live"),
    ),
)
def buying_power(case: Case) -> Verdict:
    """Without an answer, where the mode does not insist: what an unlevered long purchase can need
    at most is its price, and that must be available."""
    code, margin = "buying_power", case.snapshot.margin
    if case.lowers:
        return passed(code)
    keep = 1 - (case.limits.number(code, "reserve") or Decimal(0))
    if margin is not None and margin.initial_after is not None and margin.equity_after is not None:
        return _within(code, NEEDS, margin.initial_after, margin.equity_after * keep)
    if wants_what_if(case):
        return missing(case, code, WHAT_IF)
    if not _is_bounded(case):
        return warned(code, ASKED_BEFORE)
    available = case.snapshot.account.available
    if available is None or case.notional is None:
        return missing(case, code, gettext_noop("the available funds"))
    return _within(code, COSTS, case.notional, (available + case.snapshot.freed) * keep)


def wants_what_if(case: Case) -> bool:
    """Whether the order cannot be judged without the broker's answer.

    The second look follows the first within seconds and rests on the answer that was had there.
    """
    if case.lowers or case.snapshot.margin is not None or case.snapshot.before_wire:
        return False
    insists = case.snapshot.account.mode in case.limits.words("buying_power", "what_if")
    return insists or not _is_bounded(case)


def _is_bounded(case: Case) -> bool:
    """A purchase whose margin is at most its price, by the kind of instrument."""
    instrument = case.instrument
    if instrument is None or not case.buys:
        return False
    long = case.worst is not None and case.worst >= case.intent.quantity
    return long and (instrument.kind in BOUNDED or instrument.is_option)


@check(
    "excess_liquidity",
    scope="account",
    meaning=gettext_noop(
        "Excess liquidity over net liquidation below a: reduce only; below b: halt; "
        "the look-ahead value near the close."
    ),
    parameters=(
        number("reduce", "share", "below it only what lowers risk", "0.10", looser=Looser.LOWER),
        number("halt", "share", "below it nothing but flattening", "0.05", looser=Looser.LOWER),
        number("close_minutes", "minutes", "look ahead so long before the close", "30",
               looser=Looser.LOWER),
    ),
)  # fmt: skip
def excess_liquidity(case: Case) -> Verdict:
    code, account = "excess_liquidity", case.snapshot.account
    net, excess = account.net_liquidation, account.excess
    minutes = case.limits.number(code, "close_minutes") or Decimal(0)
    if close_within(case, minutes) and account.look_ahead_excess is not None:
        excess = account.look_ahead_excess if excess is None else min(
            excess, account.look_ahead_excess
        )  # fmt: skip
    if net is None or net <= 0 or excess is None:
        return missing(case, code, NLV)
    share, latch = excess / net, case.snapshot.standing.latches.get(code)
    halt, reduce = case.limits.number(code, "halt"), case.limits.number(code, "reduce")
    if latch == Guard.HALTED or (halt is not None and share < halt):
        if case.lowers:  # a person may always get out of what the margin cannot carry
            return passed(code, halt, share, "share")
        return refused(code, EXCESS_HALT, limit=halt, value=share, unit="share")
    below = latch == Guard.REDUCE_ONLY or (reduce is not None and share < reduce)
    if below and not case.lowers:
        return refused(code, EXCESS_REDUCE, limit=reduce, value=share, unit="share")
    return passed(code, reduce, share, "share")


@check(
    "intraday_margin",
    scope="account",
    meaning=gettext_noop(
        "Would cause an intraday margin deficit (FINRA Rule 4210 as amended, SR-FINRA-2025-017, "
        "from 2026-06-04); the former day-trade count is an optional dated rule."
    ),
    parameters=(
        word("from", "first day of the rule", "2026-06-04"),
        number("reserve", "share", "part of equity that stays above it", "0", looser=Looser.LOWER),
        word("day_trades", "whether the former count still binds: yes or no", "no", choices=YES_NO),
        word("day_trades_until", "last day of the former count", "2027-10-20"),
        number(
            "day_trades_below", "base", "equity below which it binds", "25000", looser=Looser.LOWER
        ),
    ),
)
def intraday_margin(case: Case) -> Verdict:
    """Without a what-if answer the maintenance margin after is bounded by the order's value."""
    code = "intraday_margin"
    if case.lowers:
        return passed(code)
    counted = _day_trades(case)
    if counted is not None:
        return counted
    if case.snapshot.at < _day(case.limits.word(code, "from")):
        return passed(code)
    margin, account = case.snapshot.margin, case.snapshot.account
    keep = 1 - (case.limits.number(code, "reserve") or Decimal(0))
    if margin and margin.maintenance_after is not None and margin.equity_after is not None:
        return _within(code, DEFICIT, margin.maintenance_after, margin.equity_after * keep)
    if account.maintenance is None or account.equity_with_loan is None or case.notional is None:
        return missing(case, code, gettext_noop("the maintenance margin"))
    if not _is_bounded(case):
        return (
            warned(code, ASKED_BEFORE)
            if case.snapshot.before_wire
            else missing(case, code, WHAT_IF)
        )
    need = account.maintenance + case.notional - case.snapshot.freed
    return _within(code, DEFICIT, need, account.equity_with_loan * keep)


def _day_trades(case: Case) -> Verdict | None:
    """None: the former rule has nothing to say."""
    code, account = "intraday_margin", case.snapshot.account
    if case.limits.word(code, "day_trades") != "yes":
        return None
    if case.snapshot.at > _day(case.limits.word(code, "day_trades_until")):
        return None
    below = case.limits.number(code, "day_trades_below")
    if account.net_liquidation is None or account.day_trades_left is None:
        return missing(case, code, gettext_noop("the day trades left"))
    if below is None or account.net_liquidation >= below or account.day_trades_left != 0:
        return None
    return refused(code, gettext_noop("No day trades are left."), limit=below,
                   value=account.net_liquidation, unit="base")  # fmt: skip


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _within(code: str, template: str, need: Decimal, room: Decimal) -> Verdict:
    if need > room:
        return refused(code, template, limit=room, value=need, unit="base")
    return passed(code, room, need, "base")


ASKED_BEFORE = gettext_noop("Margin was judged when the order was accepted.")
NEEDS = gettext_noop("Initial margin would be %(value)s, above %(limit)s of equity.")
COSTS = gettext_noop("The order may cost %(value)s; %(limit)s of available funds may be used.")
EXCESS_HALT = gettext_noop("Excess liquidity is %(value)s, below %(limit)s: halted.")
EXCESS_REDUCE = gettext_noop("Excess liquidity is %(value)s, below %(limit)s: reduce only.")
DEFICIT = gettext_noop("Maintenance margin would be %(value)s, above equity of %(limit)s.")

"""Which way an order may go."""

from decimal import Decimal

from apps.risk.case import Case, side_total
from apps.risk.checks.base import (
    INSTRUMENT,
    POSITION,
    YES_NO,
    check,
    gettext_noop,
    missing,
    passed,
    refused,
    word,
)
from apps.risk.levels import Guard, Kill
from apps.risk.snapshot import Instrument, Line
from apps.risk.types import Verdict

NEVER_SHORT = frozenset({"STK", "ETF"})


@check(
    "short_ban",
    scope="account, strategy, instrument, type",
    meaning=gettext_noop(
        "Would open or raise a short, or sell an uncovered option, where not allowed."
    ),
    parameters=(
        word(
            "short", "whether stocks and funds may be sold short: yes or no", "no", choices=YES_NO
        ),
        word("uncovered", "whether uncovered options may be sold: yes or no", "no", choices=YES_NO),
        word("futures", "whether futures may be sold short: yes or no", "yes", choices=YES_NO),
    ),
)
def short_ban(case: Case) -> Verdict:
    code, instrument = "short_ban", case.instrument
    if case.buys or case.lowers:
        return passed(code)
    if instrument is None:
        return missing(case, code, INSTRUMENT)
    if case.worst is None:
        return missing(case, code, POSITION)
    if case.worst >= 0 or _may(case, instrument):
        return passed(code, Decimal(0), case.worst, "units")
    if instrument.is_option and _covered(case, instrument):
        return passed(code, Decimal(0), case.worst, "units")
    template = UNCOVERED if instrument.is_option else SHORT
    return refused(code, template, limit=Decimal(0), value=case.worst, unit="units")


def _may(case: Case, instrument: Instrument) -> bool:
    if instrument.kind == "CASH":
        return True
    name = "uncovered" if instrument.is_option else "short"
    name = "futures" if instrument.kind == "FUT" else name
    return case.limits.word("short_ban", name) == "yes"


def _covered(case: Case, instrument: Instrument) -> bool:
    """Calls by the shares they are written on, after every other short call and working sale."""
    under = instrument.under_con_id
    if instrument.right != "C" or under is None or case.worst is None:
        return False
    lines = case.snapshot.lines or ()
    shares = next((line.quantity for line in lines if line.con_id == under), Decimal(0))
    orders = [order for order in case.own_working or () if order.con_id == under]
    shares += side_total(orders, buys=False)
    promised = sum((_promised(case, line) for line in lines if _is_call(line, under)), Decimal(0))
    own = -case.worst * (instrument.multiplier or Decimal(100))
    return shares >= promised + own


def _promised(case: Case, line: Line) -> Decimal:
    """Shares a line of calls could have to deliver; the order's own line is counted by itself."""
    if line.con_id == case.intent.con_id:
        return Decimal(0)
    orders = [order for order in case.own_working or () if order.con_id == line.con_id]
    short = min(line.quantity + side_total(orders, buys=False), Decimal(0))
    return -short * line.multiplier


def _is_call(line: Line, under: int) -> bool:
    return line.under_con_id == under and line.right == "C"


@check(
    "reduce_only",
    scope="global, account, instrument",
    meaning=gettext_noop(
        "In reduce-only, |position| after all working fills would grow or flip its sign."
    ),
)
def reduce_only(case: Case) -> Verdict:
    """Reduce-only by kill level 2 and up, the guard's state, or a person's lock."""
    code, standing = "reduce_only", case.snapshot.standing
    why = _reason(case)
    if not why or case.lowers:
        return passed(code)
    value = case.worst
    if value is None:
        return missing(case, code, POSITION)
    limit = None if case.position is None else abs(case.position)
    return refused(
        code,
        gettext_noop("Reduce only (%(why)s): the position could become %(value)s."),
        limit=limit,
        value=value,
        unit="units",
        why=why,
        level=str(standing.kill_level),
    )


def _reason(case: Case) -> str:
    standing = case.snapshot.standing
    if standing.kill_level >= Kill.REDUCE_ONLY:
        return gettext_noop("kill level")
    if standing.guard in {Guard.REDUCE_ONLY, Guard.HALTED}:
        return gettext_noop("guard")
    return gettext_noop("lock") if "manual" in standing.locks else ""


SHORT = gettext_noop("The position could become %(value)s, and short sales are not allowed.")
UNCOVERED = gettext_noop("The position could become %(value)s uncovered options.")

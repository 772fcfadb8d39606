"""Whether the market takes the order now."""

from datetime import datetime, timedelta
from decimal import Decimal

from apps.marketdata.hours import is_open, joined, next_close
from apps.risk.case import Case
from apps.risk.checks.base import (
    PRICE,
    check,
    gettext_noop,
    missing,
    number,
    passed,
    refused,
    warned,
    word,
)
from apps.risk.policy import Looser
from apps.risk.snapshot import Instrument
from apps.risk.types import Verdict

AT_CLOSE = frozenset({"MOC", "LOC"})
AT_OPEN = frozenset({"MOO", "LOO"})
NASDAQ = frozenset({"NASDAQ", "ISLAND"})
HOURS = gettext_noop("the market's hours")


@check(
    "session",
    scope="instrument, type",
    meaning=gettext_noop(
        "Outside the session for the order type; MOC and LOC after their cut-off."
    ),
    parameters=(
        number(
            "nyse_minutes",
            "minutes",
            "MOC and LOC at the latest so long before the close (NYSE: 15:50)",
            "10",
            looser=Looser.LOWER,
        ),
        number(
            "nasdaq_minutes",
            "minutes",
            "the same on Nasdaq (15:55 to enter)",
            "5",
            looser=Looser.LOWER,
        ),
        word("resting", "times in force the broker keeps for a later session", "GTC,GTD,OPG"),
    ),
)
def session(case: Case) -> Verdict:
    code = "session"
    instrument, at, intent = case.instrument, case.snapshot.at, case.intent
    if instrument is None:
        return missing(case, code, HOURS)
    spans = instrument.trading if intent.outside_rth else instrument.liquid
    opened = is_open(spans, at)
    if opened is None:
        return missing(case, code, HOURS)
    if intent.order_type in AT_OPEN or intent.tif == "OPG":
        return _before_open(opened=opened)
    if intent.order_type in AT_CLOSE:
        return _before_close(case, instrument, opened=opened)
    if opened or intent.tif in case.limits.words(code, "resting"):
        return passed(code)
    return refused(code, gettext_noop("The market is closed for this order."))


def _before_open(*, opened: bool) -> Verdict:
    if opened:
        return refused("session", gettext_noop("The session is open: it is too late for its open."))
    return passed("session")


def _before_close(case: Case, instrument: Instrument, *, opened: bool) -> Verdict:
    close_at = next_close(joined(instrument.liquid), case.snapshot.at)
    if not opened or close_at is None:
        return refused("session", gettext_noop("The market is closed for this order."))
    name = "nasdaq_minutes" if instrument.primary_exchange in NASDAQ else "nyse_minutes"
    minutes = case.limits.number("session", name) or Decimal(0)
    left = _minutes(close_at - case.snapshot.at)
    if left >= minutes:
        return passed("session", minutes, left, "minutes")
    return refused(
        "session",
        gettext_noop(
            "The cut-off has passed: %(value)s min to the close, at least %(limit)s are needed."
        ),
        limit=minutes,
        value=left,
        unit="minutes",
    )


@check(
    "halted",
    scope="instrument",
    meaning=gettext_noop("Trading halt or limit state on the instrument."),
)
def halted(case: Case) -> Verdict:
    """IB tells of halts with its quotes; a quote without a word of it is not halted."""
    code = "halted"
    if case.quote is None:
        return missing(case, code, PRICE)
    if not case.quote.halted:
        return passed(code)
    template = gettext_noop("Trading in the instrument is halted.")
    return warned(code, template) if case.lowers else refused(code, template)


def _minutes(span: timedelta) -> Decimal:
    return Decimal(str(round(span.total_seconds() / 60, 4)))


def close_within(case: Case, minutes: Decimal) -> bool:
    """Whether the instrument's session ends so soon."""
    close_at: datetime | None = None
    if case.instrument is not None and is_open(case.instrument.liquid, case.snapshot.at):
        close_at = next_close(case.instrument.liquid, case.snapshot.at)
    return close_at is not None and _minutes(close_at - case.snapshot.at) <= minutes

"""What losses and rejects have stopped; the guard decides, the gate obeys."""

from datetime import timedelta
from decimal import Decimal

from apps.risk.case import Case
from apps.risk.checks.base import (
    GUARD,
    HISTORY,
    check,
    gettext_noop,
    missing,
    number,
    passed,
    refused,
)
from apps.risk.policy import Looser
from apps.risk.types import Verdict


@check(
    "daily_loss",
    scope="account",
    meaning=gettext_noop(
        "Flow-adjusted P&L since session start below −L1: level 2; below −L2: level 3."
    ),
    parameters=(
        number("reduce", "share", "L1: loss since the session's start, over equity", "0.02"),
        number("halt", "share", "L2: from here on also cancel", "0.03"),
    ),
)
def daily_loss(case: Case) -> Verdict:
    return _latched(case, "daily_loss", case.limits.number("daily_loss", "reduce"))


@check(
    "drawdown",
    scope="account",
    meaning=gettext_noop(
        "Equity against its flow-adjusted high-water mark below −D: latched; "
        "neither time nor restart re-arms it."
    ),
    parameters=(number("halt", "share", "D: deepest fall from the highest equity", "0.15"),),
)
def drawdown(case: Case) -> Verdict:
    return _latched(case, "drawdown", case.limits.number("drawdown", "halt"))


@check(
    "loss_streak",
    scope="strategy, instrument",
    meaning=gettext_noop("So many losing exits in a window: that instrument or strategy pauses."),
    parameters=(
        number("exits", "count", "losing exits in a row", "5"),
        number("minutes", "minutes", "the window, and how long the pause lasts", "1440",
               looser=Looser.LOWER),
    ),
)  # fmt: skip
def loss_streak(case: Case) -> Verdict:
    code, activity, at = "loss_streak", case.snapshot.activity, case.snapshot.at
    if activity is None:
        return missing(case, code, HISTORY)
    limit = case.limits.number(code, "exits")
    minutes = case.limits.number(code, "minutes") or Decimal(0)
    since_at = at - timedelta(minutes=float(minutes))
    streaks = (activity.losses_instrument, activity.losses_strategy)
    count = max(sum(1 for lost_at in streak if lost_at >= since_at) for streak in streaks)
    value = Decimal(count)
    if limit is None or value < limit or case.lowers:
        return passed(code, limit, value, "count")
    return refused(
        code,
        gettext_noop("%(value)s losing exits in a row; it pauses at %(limit)s."),
        limit=limit,
        value=value,
        unit="count",
    )


@check(
    "reject_breaker",
    scope="strategy",
    meaning=gettext_noop("So many rejects in a row: that strategy is halted, over restarts too."),
    parameters=(number("rejects", "count", "rejects in a row", "5"),),
)
def reject_breaker(case: Case) -> Verdict:
    """A lift by a person forgives as many rejects as there were."""
    code, activity, standing = "reject_breaker", case.snapshot.activity, case.snapshot.standing
    if activity is None:
        return missing(case, code, HISTORY)
    names = (f"{code}:{case.intent.strategy}", code)
    forgiven = max((standing.released.get(name, Decimal(0)) for name in names), default=Decimal(0))
    limit, value = case.limits.number(code, "rejects"), Decimal(activity.rejects)
    open_again = value <= forgiven
    latched = any(name in standing.latches for name in names)
    tripped = latched or (limit is not None and value >= limit and not open_again)
    if not tripped or case.lowers:
        return passed(code, limit, value, "count")
    return refused(
        code,
        gettext_noop("%(value)s rejects in a row; it halts at %(limit)s."),
        limit=limit,
        value=value,
        unit="count",
    )


def _latched(case: Case, code: str, limit: Decimal | None) -> Verdict:
    """Refuses what raises risk while the guard holds the code latched, or would by its numbers."""
    standing = case.snapshot.standing
    if standing.guard is None:
        return missing(case, code, GUARD)
    value, _ = standing.figures.get(code, (None, None))
    names = (code, f"{code}_halt")
    latched = any(name in standing.latches for name in names)
    forgiven = any(name in standing.released for name in names)
    over = value is not None and limit is not None and value > limit and not forgiven
    if not (latched or over) or case.lowers:
        return passed(code, limit, value, "share")
    return refused(
        code,
        gettext_noop("The guard has stopped trading: %(value)s, the limit is %(limit)s."),
        limit=limit,
        value=value,
        unit="share",
    )

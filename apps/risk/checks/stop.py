"""What people have stopped, and a guard that sleeps."""

from decimal import Decimal

from apps.risk.case import Case
from apps.risk.checks.base import check, gettext_noop, number, passed, refused, warned
from apps.risk.levels import Kill
from apps.risk.types import Verdict

FLATTEN = "flatten"


@check(
    "kill",
    scope="global, account",
    meaning=gettext_noop("The kill level forbids it."),
)
def kill(case: Case) -> Verdict:
    """1 to 3 let through what lowers risk, 4 only the portal's own closing orders, 5 nothing."""
    code, level = "kill", case.snapshot.standing.kill_level
    if level >= Kill.DROP:
        allowed = False
    elif level >= Kill.FLATTEN:
        allowed = case.intent.source == FLATTEN and case.lowers
    else:
        allowed = level == Kill.OFF or case.lowers
    if allowed:
        return passed(code, Decimal(0), Decimal(level), "level")
    return refused(
        code,
        gettext_noop("Kill level %(value)s is set."),
        limit=Decimal(0),
        value=Decimal(level),
        unit="level",
    )


@check(
    "guard_silent",
    scope="account",
    meaning=gettext_noop(
        "The guard has not completed an evaluation within three of its periods: refuses what "
        "raises risk."
    ),
    parameters=(number("periods", "count", "periods the guard may miss", "3"),),
)
def guard_silent(case: Case) -> Verdict:
    code, looked_at = "guard_silent", case.snapshot.standing.evaluated_at
    periods = case.limits.number(code, "periods")
    limit = None if periods is None else periods * case.snapshot.standing.period
    if looked_at is None:
        return (warned if case.lowers else refused)(
            code, gettext_noop("The guard has never looked at this account.")
        )
    age = Decimal(str(round(max((case.snapshot.at - looked_at).total_seconds(), 0.0), 3)))
    if limit is None or age <= limit:
        return passed(code, limit, age, "seconds")
    template = gettext_noop("The guard has been silent for %(value)s s, %(limit)s are allowed.")
    if case.lowers:
        return warned(code, template, value=f"{age}", limit=f"{limit}")
    return refused(code, template, limit=limit, value=age, unit="seconds")

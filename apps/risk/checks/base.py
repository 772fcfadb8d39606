"""How a check is declared and how it answers; pure."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from apps.risk.case import Case
from apps.risk.policy import Looser, Parameter, Policy, declare
from apps.risk.types import Verdict

Check = Callable[[Case], Verdict]
CHECKS: dict[str, Check] = {}
YES_NO = ("yes", "no")


def gettext_noop(text: str) -> str:
    """Marks a text for translators; the framework's own marker has no place in a pure module."""
    return text


def check(
    code: str, *, scope: str, meaning: str, parameters: tuple[Parameter, ...] = ()
) -> Callable[[Check], Check]:
    """Registers a check, its parameters and their defaults."""

    def register(function: Check) -> Check:
        declare(Policy(code, scope, meaning, parameters))
        CHECKS[code] = function
        return function

    return register


def number(
    name: str,
    unit: str,
    meaning: str,
    default: str | None,
    *,
    by_kind: Mapping[str, Decimal] | None = None,
    looser: Looser = Looser.HIGHER,
) -> Parameter:
    """A parameter whose higher value lets more through, unless told otherwise."""
    value = None if default is None else Decimal(default)
    return Parameter(name, unit, meaning, value, by_kind=by_kind or {}, looser=looser)


def share_of_nlv(name: str, meaning: str, share: str, **by_kind: str) -> Parameter:
    """An amount in base currency whose default grows with the account."""
    kinds = {kind: Decimal(text) for kind, text in by_kind.items()}
    return Parameter(name, "base", meaning, None, of_nlv=Decimal(share), by_kind=kinds)


def word(name: str, meaning: str, default: str, *, choices: tuple[str, ...] = ()) -> Parameter:
    return Parameter(name, "words", meaning, default, looser=Looser.ANY, choices=choices)


def passed(
    code: str, limit: Decimal | None = None, value: Decimal | None = None, unit: str = ""
) -> Verdict:
    return Verdict(code, passed=True, message="", limit=limit, value=value, unit=unit)


def refused(
    code: str,
    template: str,
    *,
    limit: Decimal | None = None,
    value: Decimal | None = None,
    unit: str = "",
    **facts: str,
) -> Verdict:
    """`template` may name value, limit and the given facts."""
    return _said(
        code, template, facts, limit=limit, value=value, unit=unit, passed=False, warning=False
    )


def warned(code: str, template: str, **facts: str) -> Verdict:
    """Passed, and a person should see it."""
    return _said(code, template, facts, limit=None, value=None, unit="", passed=True, warning=True)


def missing(case: Case, code: str, what: str) -> Verdict:
    """Refuses what raises risk, lets through with a warning what lowers it."""
    answer = warned if case.lowers else refused
    return answer(code, MISSING, what=what)


def above(
    case: Case,
    code: str,
    template: str,
    *,
    value: Decimal | None,
    limit: Decimal | None,
    unit: str,
    what: str,
    **facts: str,
) -> Verdict:
    """Refuses a value above the limit; no limit lets everything through."""
    if value is None:
        return missing(case, code, what)
    if limit is not None and value > limit:
        return refused(code, template, limit=limit, value=value, unit=unit, **facts)
    return passed(code, limit, value, unit)


def shown(value: Decimal | None, unit: str) -> str:
    """A number as the sentence has it: shares of one as percent, no trailing zeros."""
    if value is None:
        return "–"
    if unit == "share":
        return f"{plain((value * 100).quantize(Decimal('0.01')))} %"
    return f"{plain(value.quantize(Decimal('0.01'))) if unit == 'base' else plain(value)}"


def plain(value: Decimal) -> str:
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _said(
    code: str,
    template: str,
    facts: dict[str, str],
    *,
    limit: Decimal | None,
    value: Decimal | None,
    unit: str,
    passed: bool,
    warning: bool,
) -> Verdict:
    told = {**facts, "value": shown(value, unit), "limit": shown(limit, unit)}
    return Verdict(
        code,
        passed=passed,
        message=template % told,
        limit=limit,
        value=value,
        unit=unit,
        warning=warning,
        template=template,
        facts=tuple(told.items()),
    )


MISSING = gettext_noop("Not known: %(what)s.")
NLV = gettext_noop("the account's net liquidation value")
POSITION = gettext_noop("the position")
ORDERS = gettext_noop("the working orders")
HISTORY = gettext_noop("the recent orders")
PRICE = gettext_noop("a price")
VALUE = gettext_noop("the order's value in base currency (price, multiplier or exchange rate)")
INSTRUMENT = gettext_noop("the instrument's details")
HOLDINGS = gettext_noop("the value of what is held")
GUARD = gettext_noop("the guard's judgement")

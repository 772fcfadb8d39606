"""How much of one thing, of one group, and of everything an account may hold."""

from decimal import Decimal

from apps.risk.case import Case
from apps.risk.checks.base import (
    HOLDINGS,
    NLV,
    POSITION,
    above,
    check,
    gettext_noop,
    missing,
    number,
    passed,
    share_of_nlv,
)
from apps.risk.types import Verdict
from apps.risk.worth import Among, Book, book_of, issuer_of, working_value

SPREAD_OUT = {"ETF": Decimal("0.8"), "FUT": Decimal(2), "CASH": Decimal(1)}


@check(
    "position_cap",
    scope="account, instrument, type",
    meaning=gettext_noop("The worst-case position is above the cap."),
    parameters=(
        number("quantity", "units", "most units held of one instrument", None),
        share_of_nlv("amount", "most value held of one", "0.4", ETF="0.8", FUT="2", CASH="1"),
    ),
)
def position_cap(case: Case) -> Verdict:
    code = "position_cap"
    if case.lowers:
        return passed(code)
    if case.worst is None:
        return missing(case, code, POSITION)
    worst, quantity = abs(case.worst), case.limits.number(code, "quantity")
    if quantity is not None:
        return above(
            case, code, CAP_UNITS, value=worst, limit=quantity, unit="units", what=POSITION
        )
    limit = case.limits.number(code, "amount")
    if limit is None:
        return missing(case, code, NLV)
    value = None if case.unit is None else worst * case.unit
    return above(case, code, CAP, value=value, limit=limit, unit="base", what=HOLDINGS)


@check(
    "exposure",
    scope="account",
    meaning=gettext_noop(
        "Gross or net exposure after, over net liquidation, above the limit, unless it reduces."
    ),
    parameters=(
        number("gross", "share", "sum of all |values|, worst case", "2"),
        number("net", "share", "|long − short|, worst case", "1.5"),
    ),
)
def exposure(case: Case) -> Verdict:
    code, book = "exposure", book_of(case)
    if case.lowers:
        return passed(code)
    gross = _of_net(case, book, code, GROSS, book.gross_or_told, "gross")
    if not gross.passed:
        return gross
    net = book.net()
    return _of_net(case, book, code, NET, book.gross_or_told if net is None else net, "net")


@check(
    "concentration",
    scope="account, type",
    meaning=gettext_noop("The single-issuer weight after is above the limit."),
    parameters=(number("share", "share", "most of one issuer", "0.35", by_kind=SPREAD_OUT),),
)
def concentration(case: Case) -> Verdict:
    code, instrument, book = "concentration", case.instrument, book_of(case)
    if case.lowers:
        return passed(code)
    if instrument is not None and instrument.kind == "CASH":
        return passed(code)  # a currency has no issuer; the group check weighs it
    issuer = "" if instrument is None else issuer_of(instrument)
    own = None if not issuer else book.gross(Among.ISSUER, issuer)
    return _of_net(case, book, code, ISSUER, own, "share")


@check(
    "group",
    scope="account",
    meaning=gettext_noop("The sector or currency weight after is above the limit."),
    parameters=(
        number("sector", "share", "most of one sector", "0.6"),
        number("currency", "share", "most in one currency other than the base", "1"),
    ),
)
def group(case: Case) -> Verdict:
    """An instrument without a sector (most ETFs) is weighed by its currency alone."""
    code, book, instrument = "group", book_of(case), case.instrument
    if case.lowers:
        return passed(code)
    if instrument is None or book.own is None:
        return missing(case, code, HOLDINGS)
    sector, currency = book.own.line.sector, instrument.currency
    asked = [(SECTOR, Among.SECTOR, sector)] if sector else []
    if currency != case.snapshot.account.base_currency:
        asked.append((CURRENCY, Among.CURRENCY, currency))
    verdicts = [
        _of_net(case, book, code, template, book.gross(among, name), among.value, group=name)
        for template, among, name in asked
    ] or [_of_net(case, book, code, SECTOR, Decimal(0), "sector")]
    return next((verdict for verdict in verdicts if not verdict.passed), verdicts[0])


@check(
    "leverage",
    scope="account",
    meaning=gettext_noop("Gross position value after, over net liquidation, above the limit."),
    parameters=(number("times", "times", "gross value over net liquidation", "2"),),
)
def leverage(case: Case) -> Verdict:
    """Futures count with IB's own measure for stocks and options: not at all."""
    code, book = "leverage", book_of(case)
    if case.lowers:
        return passed(code)
    amount = book.gross(Among.BORROWING)
    if amount is None:
        amount = book.gross_or_told
    return _of_net(case, book, code, LEVERAGE, amount, "times", unit="times")


@check(
    "turnover",
    scope="account, strategy",
    meaning=gettext_noop("Sum of |trade value| over net liquidation, per run and per week."),
    parameters=(
        number("run", "share", "most traded in one run", "2"),
        number("week", "share", "most traded in one week", "4"),
    ),
)
def turnover(case: Case) -> Verdict:
    code, activity, book = "turnover", case.snapshot.activity, book_of(case)
    if case.lowers and case.intent.plan_line_id is None:
        return passed(code)
    if activity is None or case.own_working is None:
        return missing(case, code, gettext_noop("what was traded this week"))
    working = working_value(case)
    if case.intent.plan_line_id is not None:
        done = _in_base(case, activity.traded_run)
        run = _of_net(case, book, code, RUN, _sum(done, case.notional), "run")
        if not run.passed or not activity.traded_week:
            return run
    week = _sum(_in_base(case, activity.traded_week), working, case.notional)
    return _of_net(case, book, code, WEEK, week, "week")


def _of_net(
    case: Case,
    book: Book,
    code: str,
    template: str,
    amount: Decimal | None,
    name: str,
    *,
    unit: str = "share",
    **facts: str,
) -> Verdict:
    """An amount over net liquidation against a parameter."""
    net = case.snapshot.account.net_liquidation
    if net is None or net <= 0:
        return missing(case, code, NLV)
    limit = case.limits.number(code, name)
    return above(
        case,
        code,
        template,
        value=book.share(amount),
        limit=limit,
        unit=unit,
        what=HOLDINGS,
        **({"group": ""} | facts),
    )


def _in_base(case: Case, amounts: tuple[tuple[str, Decimal], ...]) -> Decimal | None:
    rates = case.snapshot.account.rates
    if any(currency not in rates for currency, _ in amounts):
        return None
    return sum((amount * rates[currency] for currency, amount in amounts), Decimal(0))


def _sum(*amounts: Decimal | None) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None


CAP = gettext_noop("The position could be worth %(value)s, above its cap of %(limit)s.")
CAP_UNITS = gettext_noop("The position could reach %(value)s units, above its cap of %(limit)s.")
GROSS = gettext_noop("Gross exposure could reach %(value)s of net liquidation, above %(limit)s.")
NET = gettext_noop("Net exposure could reach %(value)s of net liquidation, above %(limit)s.")
ISSUER = gettext_noop("One issuer could reach %(value)s of net liquidation, above %(limit)s.")
SECTOR = gettext_noop("The sector %(group)s could reach %(value)s, above %(limit)s.")
CURRENCY = gettext_noop("Holdings in %(group)s could reach %(value)s, above %(limit)s.")
LEVERAGE = gettext_noop("Leverage could reach %(value)s, above %(limit)s.")
RUN = gettext_noop("The run would trade %(value)s of net liquidation, above %(limit)s.")
WEEK = gettext_noop("This week would trade %(value)s of net liquidation, above %(limit)s.")

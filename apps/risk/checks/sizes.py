"""How large one order may be."""

from decimal import Decimal

from apps.risk.case import Case
from apps.risk.checks.base import (
    INSTRUMENT,
    NLV,
    VALUE,
    above,
    check,
    gettext_noop,
    missing,
    number,
    passed,
    share_of_nlv,
    word,
)
from apps.risk.types import Verdict

UNITS = {
    "OPT": Decimal(200),
    "FOP": Decimal(200),
    "FUT": Decimal(50),
    "CASH": Decimal(5_000_000),
}


@check(
    "order_quantity",
    scope="instrument, type",
    meaning=gettext_noop("The quantity is above the limit for the instrument or type."),
    parameters=(number("quantity", "units", "most units in one order", "100000", by_kind=UNITS),),
)
def order_quantity(case: Case) -> Verdict:
    code = "order_quantity"
    if case.instrument is None:
        return missing(case, code, INSTRUMENT)
    return above(
        case,
        code,
        gettext_noop("The quantity %(value)s is above %(limit)s for one order."),
        value=case.intent.quantity,
        limit=case.limits.number(code, "quantity"),
        unit="units",
        what=INSTRUMENT,
    )


@check(
    "order_notional",
    scope="account, type",
    meaning=gettext_noop("Quantity × price × multiplier × exchange rate is above the limit."),
    parameters=(
        share_of_nlv("amount", "most value of one order", "0.25", ETF="0.5", FUT="1", CASH="1"),
    ),
)
def order_notional(case: Case) -> Verdict:
    code = "order_notional"
    limit = case.limits.number(code, "amount")
    if limit is None:
        return missing(case, code, NLV)
    return above(
        case,
        code,
        gettext_noop("The order is worth %(value)s %(currency)s, above %(limit)s for one order."),
        value=case.notional,
        limit=limit,
        unit="base",
        what=VALUE,
        currency=case.snapshot.account.base_currency,
    )


@check(
    "order_nlv_share",
    scope="account, type",
    meaning=gettext_noop("The order's value is above a share of net liquidation."),
    parameters=(
        number(
            "share",
            "share",
            "most value of one order over net liquidation",
            "0.25",
            by_kind={"ETF": Decimal("0.5"), "FUT": Decimal(1), "CASH": Decimal(1)},
        ),
    ),
)
def order_nlv_share(case: Case) -> Verdict:
    code = "order_nlv_share"
    net = case.snapshot.account.net_liquidation
    if net is None or net <= 0:
        return missing(case, code, NLV)
    return above(
        case,
        code,
        gettext_noop("The order is %(value)s of net liquidation, above %(limit)s."),
        value=None if case.notional is None else case.notional / net,
        limit=case.limits.number(code, "share"),
        unit="share",
        what=VALUE,
    )


@check(
    "volume_share",
    scope="instrument, type",
    meaning=gettext_noop("The quantity is above a share of the 20-day average volume."),
    parameters=(
        number("share", "share", "largest part of an average day's volume", "0.05"),
        word("kinds", "the kinds of instruments it is asked of", "STK,ETF,FUT"),
    ),
)
def volume_share(case: Case) -> Verdict:
    code = "volume_share"
    instrument = case.instrument
    if instrument is None:
        return missing(case, code, INSTRUMENT)
    if instrument.kind not in case.limits.words(code, "kinds"):
        return passed(code)
    volume = instrument.average_volume
    return above(
        case,
        code,
        gettext_noop("The quantity is %(value)s of an average day's volume, above %(limit)s."),
        value=case.intent.quantity / volume if volume else None,
        limit=case.limits.number(code, "share"),
        unit="share",
        what=gettext_noop("the average volume"),
    )

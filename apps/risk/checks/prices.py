"""Whether the price makes sense and what it rests on can be believed."""

from decimal import Decimal

from apps.marketdata.hours import is_open
from apps.marketdata.ticks import increment_at
from apps.risk.case import LIMITED, Case
from apps.risk.checks.base import (
    PRICE,
    above,
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
from apps.risk.types import Verdict
from ibkr.types import PriceKind

CUT = gettext_noop("the price since TWS lost its connection to Interactive Brokers")
WIDE = {"OPT": Decimal("0.30"), "FOP": Decimal("0.30"), "CASH": Decimal("0.02")}


@check(
    "price_collar",
    scope="instrument, type",
    meaning=gettext_noop(
        "The limit price is worse than the reference by more than a share of it and so many ticks."
    ),
    parameters=(
        number("share", "share", "furthest a limit may be worse", "0.05", by_kind=WIDE),
        number("ticks", "ticks", "always allowed: this many ticks", "10"),
        number("spread", "share", "widest spread whose middle is believed", "0.05", by_kind=WIDE),
    ),
)
def price_collar(case: Case) -> Verdict:
    code = "price_collar"
    price = case.intent.limit_price
    if case.intent.order_type not in LIMITED or price is None:
        return passed(code)
    triggered = case.intent.order_type == "STP LMT"
    reference = case.intent.stop_price if triggered else case.reference
    if reference is None:
        return missing(case, code, PRICE)
    share, ticks = case.limits.number(code, "share"), case.limits.number(code, "ticks")
    if share is None:
        return passed(code)
    room = max(share * abs(reference), (ticks or Decimal(0)) * (_step(case, reference) or 0))
    worse = price - reference if case.buys else reference - price
    if worse <= room:
        return passed(code, room, worse, "price")
    return refused(
        code,
        gettext_noop(
            "The limit %(price)s is %(value)s worse than the reference %(reference)s; "
            "%(limit)s is allowed."
        ),
        limit=room,
        value=worse,
        unit="price",
        price=f"{price.normalize():f}",
        reference=f"{reference.normalize():f}",
    )


@check(
    "tick_lot",
    scope="instrument",
    meaning=gettext_noop("A price is off its market-rule band, or the quantity no whole lot."),
    parameters=(number("lot", "units", "smallest step of the quantity", "1", looser=Looser.LOWER),),
)
def tick_lot(case: Case) -> Verdict:
    code = "tick_lot"
    odd = _odd_quantity(case, code)
    if odd is not None:
        return odd
    prices = [p for p in (case.intent.limit_price, case.intent.stop_price) if p is not None]
    for price in prices:
        step = _step(case, price)
        if step is None or step <= 0:
            return missing(case, code, gettext_noop("the price steps"))
        if price % step and not (price == case.intent.stop_price and _is_trail(case)):
            return refused(
                code,
                gettext_noop("The price %(value)s is not a multiple of the step %(limit)s."),
                limit=step,
                value=price,
                unit="price",
            )
    return passed(code, _lots(case, code)[-1], case.intent.quantity, "units")


def _lots(case: Case, code: str) -> list[Decimal]:
    """The limit's, where there is one, and the instrument's."""
    limit = case.limits.number(code, "lot")
    told = Decimal(1) if case.instrument is None else case.instrument.lot
    return [lot for lot in (limit, told) if lot]


def _odd_quantity(case: Case, code: str) -> Verdict | None:
    quantity = case.intent.quantity
    for lot in _lots(case, code):
        if quantity % lot:
            template = gettext_noop(
                "The quantity %(value)s is not a multiple of the lot %(limit)s."
            )
            return refused(code, template, limit=lot, value=quantity, unit="units")
    least = None if case.instrument is None else case.instrument.least
    if least is None or quantity >= least:
        return None
    template = gettext_noop("The quantity %(value)s is below the smallest order, %(limit)s.")
    return refused(code, template, limit=least, value=quantity, unit="units")


@check(
    "stale_price",
    scope="instrument, type",
    meaning=gettext_noop("The reference is older than so many seconds in market hours."),
    parameters=(
        number(
            "seconds",
            "seconds",
            "oldest believable price",
            "120",
            by_kind={"OPT": Decimal(900), "FOP": Decimal(900)},
        ),
    ),
)
def stale_price(case: Case) -> Verdict:
    code = "stale_price"
    quote, instrument, at = case.quote, case.instrument, case.snapshot.at
    if quote is None or quote.at is None or case.reference is None:
        return missing(case, code, PRICE)
    age = Decimal(str(round(max((at - quote.at).total_seconds(), 0.0), 3)))
    limit = case.limits.number(code, "seconds")
    if instrument is not None and is_open(instrument.liquid, at) is False:
        return passed(code, limit, age, "seconds")
    if quote.cut:
        return missing(case, code, CUT)
    if quote.stale:
        return missing(case, code, gettext_noop("the price since the stream fell silent"))
    template = gettext_noop("The price is %(value)s s old; it may be %(limit)s s.")
    if limit is not None and age > limit and case.lowers:
        return warned(code, template, value=f"{age}", limit=f"{limit}")
    return above(case, code, template, value=age, limit=limit, unit="seconds", what=PRICE)


@check(
    "data_kind",
    scope="connection, type",
    meaning=gettext_noop("Live mode, and the price is delayed, frozen, a close or missing."),
    parameters=(word("modes", "the modes it is asked in", "live"),),
)
def data_kind(case: Case) -> Verdict:
    code = "data_kind"
    if case.snapshot.account.mode not in case.limits.words(code, "modes"):
        return passed(code)
    kind = PriceKind.MISSING if case.quote is None else case.quote.kind
    if kind is PriceKind.LIVE:
        return passed(code)
    template = gettext_noop("The price is %(kind)s; real money trades on live prices only.")
    answer = warned if case.lowers else refused
    return answer(code, template, kind=kind.value)


def _step(case: Case, price: Decimal) -> Decimal | None:
    return None if case.instrument is None else increment_at(case.instrument.bands, price)


def _is_trail(case: Case) -> bool:
    """What a trailing order keeps in its stop price is an amount."""
    return case.intent.order_type.startswith("TRAIL")

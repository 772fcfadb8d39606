"""Runs of fields that openOrder and completedOrder share, in TWS's order."""

from collections.abc import Mapping

from twsim import versions
from twsim.codec_text.contracts import contract_fields
from twsim.codec_text.fields import UNSET_INTEGER, blank_or_double, double, flag, plain
from twsim.codec_text.place_order import LIST, PEG_TO_BENCHMARK
from twsim.domain.contracts import Contract
from twsim.domain.orders import Order, WorkingOrder

MISSING = frozenset({"", "0", "0.0", "2147483647", "1.7976931348623157e+308"})
DERIVATIVES = ("OPT", "FOP", "WAR")


class Echo:
    """Fields of an order that the simulator stores only to give them back."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self._raw: Mapping[str, str] = order.raw

    def text(self, name: str, absent: str = "") -> str:
        value = self._raw.get(name, "")
        return absent if value.replace("E", "e") in MISSING else value

    def number(self, name: str, absent: str = "") -> str:
        value = self.text(name, absent)
        return value if value in (absent, "Infinity") else double(float(value))

    def counted(self, name: str) -> list[str]:
        """A counted list as it was read: the count, then its fields."""
        return self._raw.get(name, "0").split(LIST)


def contract(of: Contract) -> list[str]:
    """Anything but an option carries ? for its right."""
    right = of.right if of.sec_type in DERIVATIVES else "?"
    return contract_fields(of, strike=plain(of.strike), right=right, exchange=of.exchange)


def terms(order: Order) -> list[str]:
    """action to order reference."""
    return [
        order.action,
        plain(order.quantity),
        order.order_type,
        double(order.limit_price or 0.0),
        double(order.aux_price or 0.0),
        order.tif,
        order.oca_group,
        order.account,
        order.open_close,
        str(order.origin),
        order.order_ref,
    ]


def groups(echo: Echo, server_version: int) -> list[str]:
    """Advisor group to settling firm."""
    values = [echo.text("faGroup"), echo.text("faMethod"), echo.text("faPercentage")]
    if server_version < versions.FA_PROFILE_GONE:
        values.append("")
    values += [echo.text("modelCode"), echo.order.good_till, echo.text("rule80A")]
    return [*values, echo.number("percentOffset"), echo.text("settlingFirm")]


def institution(echo: Echo, *, auction: bool) -> list[str]:
    values = [echo.text("shortSaleSlot", "0"), echo.text("designatedLocation")]
    values.append(echo.text("exemptCode", "-1"))
    if auction:
        values.append(echo.text("auctionStrategy", "0"))
    names = ("startingPrice", "stockRefPrice", "delta", "stockRangeLower", "stockRangeUpper")
    return [*values, *(echo.number(name) for name in names)]


def volatility(echo: Echo, *, full: bool) -> list[str]:
    """Delta-neutral fields are always there: TWS writes the order type None, not nothing."""
    values = [echo.number("volatility"), echo.text("volatilityType", "0")]
    values += [echo.text("deltaNeutralOrderType", "None"), echo.number("deltaNeutralAuxPrice")]
    values.append(echo.text("deltaNeutralConId", "0"))
    if full:
        values += [echo.text("deltaNeutralSettlingFirm"), echo.text("deltaNeutralClearingAccount")]
        values += [echo.text("deltaNeutralClearingIntent"), echo.text("deltaNeutralOpenClose", "?")]
    values += [echo.text("deltaNeutralShortSale", "0"), echo.text("deltaNeutralShortSaleSlot", "0")]
    values.append(echo.text("deltaNeutralDesignatedLocation"))
    return [*values, echo.text("continuousUpdate", "0"), echo.text("referencePriceType", "0")]


def trail_stop(working: WorkingOrder) -> float | None:
    stop = working.trail_stop
    return working.order.trail_stop_price if stop is None else stop


def trail(working: WorkingOrder) -> list[str]:
    stop, percent = trail_stop(working), working.order.trailing_percent
    return [blank_or_double(stop), blank_or_double(percent)]


def combo(echo: Echo) -> list[str]:
    legs, prices = echo.counted("comboLegs"), echo.counted("orderComboLegs")
    return ["", *legs, *prices, *echo.counted("smartComboRoutingParams")]


def scale(echo: Echo) -> list[str]:
    values = [echo.text("scaleInitLevelSize", UNSET_INTEGER)]
    values.append(echo.text("scaleSubsLevelSize", UNSET_INTEGER))
    increment = echo.number("scalePriceIncrement")
    values.append(increment)
    if increment and float(increment) > 0:
        values += [echo.number("scalePriceAdjustValue"), echo.text("scalePriceAdjustInterval")]
        values += [echo.number("scaleProfitOffset"), echo.text("scaleAutoReset", "0")]
        values += [echo.text("scaleInitPosition"), echo.text("scaleInitFillQty")]
        values.append(echo.text("scaleRandomPercent", "0"))
    return values


def hedge(echo: Echo) -> list[str]:
    kind = echo.text("hedgeType")
    return [kind, echo.text("hedgeParam")] if kind else [kind]


def clearing(echo: Echo) -> list[str]:
    """Clearing account to the delta-neutral contract, which is never there."""
    intent = echo.text("clearingIntent", "IB")
    return [echo.text("clearingAccount"), intent, flag(value=echo.order.not_held), "0"]


def algo(echo: Echo) -> list[str]:
    order = echo.order
    if not order.algo_strategy:
        return [""]
    pairs = [text for pair in order.algo_params for text in pair]
    return [order.algo_strategy, str(len(order.algo_params)), *pairs]


def randomize(echo: Echo) -> list[str]:
    return [echo.text("randomizeSize", "0"), echo.text("randomizePrice", "0")]


def benchmark(echo: Echo) -> list[str]:
    if echo.order.order_type not in PEG_TO_BENCHMARK:
        return []
    values = [echo.text("referenceContractId", "0"), echo.text("isPeggedChangeAmountDecrease", "0")]
    values += [echo.number("peggedChangeAmount", "0"), echo.number("referenceChangeAmount", "0")]
    return [*values, echo.text("referenceExchangeId")]


def conditions(echo: Echo) -> list[str]:
    values = echo.counted("conditions")
    if values[0] == "0":
        return values
    ignore, cancel = echo.text("conditionsIgnoreRth", "0"), echo.text("conditionsCancelOrder", "0")
    return [*values, ignore, cancel]


def offsets(echo: Echo, server_version: int) -> list[str]:
    if server_version < versions.PEG_OFFSETS:
        return []
    values = [echo.text("minTradeQty"), echo.text("minCompeteSize")]
    names = ("competeAgainstBestOffset", "midOffsetAtWhole", "midOffsetAtHalf")
    return [*values, *(echo.number(name) for name in names)]


def customer(echo: Echo, server_version: int) -> list[str]:
    values: list[str] = []
    if server_version >= versions.CUSTOMER_ACCOUNT:
        values.append(echo.text("customerAccount"))
    if server_version >= versions.PROFESSIONAL_CUSTOMER:
        values.append(echo.text("professionalCustomer", "0"))
    return values

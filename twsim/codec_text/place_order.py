"""The placeOrder message: every field a client of server versions 165 to 200 writes."""

from dataclasses import dataclass, replace

from twsim import versions
from twsim.codec_text.contracts import read_contract
from twsim.codec_text.fields import Fields, whole
from twsim.domain.contracts import Contract
from twsim.domain.orders import Order
from twsim.messages import Malformed
from twsim.messages import requests as ask
from twsim.messages.requests import Request

LIST = "\x1f"
"""Between the fields of a counted list that is kept as one text."""
CONDITION_FIELDS = {1: 6, 3: 3, 4: 3, 5: 4, 6: 5, 7: 5}
"""Fields of each kind of condition, connector included."""
DOUBLES = frozenset(
    {
        "percentOffset",
        "startingPrice",
        "stockRefPrice",
        "delta",
        "stockRangeLower",
        "stockRangeUpper",
        "volatility",
        "deltaNeutralAuxPrice",
        "scalePriceAdjustValue",
        "scaleProfitOffset",
        "peggedChangeAmount",
        "referenceChangeAmount",
        "triggerPrice",
        "adjustedStopPrice",
        "adjustedStopLimitPrice",
        "adjustedTrailingAmount",
        "competeAgainstBestOffset",
        "midOffsetAtWhole",
        "midOffsetAtHalf",
        "discretionaryAmt",
    }
)
TEXTS = frozenset(
    {
        "faGroup",
        "faMethod",
        "faPercentage",
        "modelCode",
        "designatedLocation",
        "rule80A",
        "settlingFirm",
        "deltaNeutralOrderType",
        "deltaNeutralSettlingFirm",
        "deltaNeutralClearingAccount",
        "deltaNeutralClearingIntent",
        "deltaNeutralOpenClose",
        "deltaNeutralDesignatedLocation",
        "scaleTable",
        "activeStartTime",
        "activeStopTime",
        "hedgeType",
        "hedgeParam",
        "clearingAccount",
        "clearingIntent",
        "algoId",
        "orderMiscOptions",
        "referenceExchangeId",
        "adjustedOrderType",
        "extOperator",
        "softDollarTierName",
        "softDollarTierVal",
        "mifid2DecisionMaker",
        "mifid2DecisionAlgo",
        "mifid2ExecutionTrader",
        "mifid2ExecutionAlgo",
        "advancedErrorOverride",
        "manualOrderTime",
        "customerAccount",
        "underDelta",
        "underPrice",
    }
)
"""What is neither of the two is a whole number: a text there would break whoever reads it back."""
PEG_TO_BENCHMARK = ("PEG BENCH", "PEGBENCH")
PEG_TO_BEST = ("PEG BEST", "PEGBEST")
PEG_TO_MID = ("PEG MID", "PEGMID")


@dataclass(slots=True)
class _Reading:
    """The message as it is read: the named parts, and the rest by ibapi's attribute names."""

    fields: Fields
    contract: Contract
    order: Order

    def keep(self, *names: str) -> None:
        for name in names:
            self.order.raw[name] = _checked(self.fields, name)

    def keep_list(self, name: str, width: int) -> None:
        """A counted list kept as one text."""
        count = self.fields.integer()
        values = [self.fields.text().replace(LIST, "") for _ in range(count * width)]
        self.order.raw[name] = LIST.join([str(len(values) // width), *values])


def _checked(fields: Fields, name: str) -> str:
    value = fields.text()
    if value in ("", "Infinity") or name in TEXTS:
        return value
    try:
        _ = float(value) if name in DOUBLES else whole(value)
    except ValueError:
        raise Malformed(f"{name} is {value[:40]!r}", fields.req_id) from None
    return value


def read(fields: Fields) -> Request:
    order_id = fields.number_id()
    contract = read_contract(fields)
    contract = replace(contract, sec_id_type=fields.text(), sec_id=fields.text())
    reading = _Reading(fields, contract, _basics(fields))
    if contract.sec_type == "BAG":
        _combo(reading)
    for part in (_allocation, _institution, _auction, _volatility, _scale, _algo, _options):
        part(reading)
    for part in (_conditions, _adjusted, _regulation, _offsets, _newest):
        part(reading)
    return ask.OrderPlaced(order_id, contract, reading.order)


def _basics(fields: Fields) -> Order:
    action, quantity, order_type = fields.text(), fields.number(), fields.text()
    limit, aux = fields.optional(), fields.optional()
    order = Order(
        action=action, quantity=quantity, order_type=order_type, limit_price=limit, aux_price=aux
    )
    order.tif, order.oca_group, order.account = fields.text(), fields.text(), fields.text()
    order.open_close, order.origin = fields.text(), fields.integer()
    order.order_ref, order.transmit = fields.text(), fields.flag()
    order.parent_id = fields.integer()
    for name in ("blockOrder", "sweepToFill", "displaySize"):
        order.raw[name] = _checked(fields, name)
    order.trigger_method = fields.integer()
    order.outside_rth, order.hidden = fields.flag(), fields.flag()
    return order


def _combo(reading: _Reading) -> None:
    reading.keep_list("comboLegs", 8)
    reading.keep_list("orderComboLegs", 1)
    reading.keep_list("smartComboRoutingParams", 2)


def _allocation(reading: _Reading) -> None:
    fields, order = reading.fields, reading.order
    fields.skip()  # shares allocation, no longer used
    reading.keep("discretionaryAmt")
    order.good_after, order.good_till = fields.text(), fields.text()
    reading.keep("faGroup", "faMethod", "faPercentage")
    if not fields.since(versions.FA_PROFILE_GONE):
        fields.skip()
    reading.keep("modelCode")


def _institution(reading: _Reading) -> None:
    fields, order = reading.fields, reading.order
    reading.keep("shortSaleSlot", "designatedLocation", "exemptCode")
    order.oca_type = fields.integer()
    reading.keep("rule80A", "settlingFirm")
    order.all_or_none = fields.flag()
    reading.keep("minQty", "percentOffset")
    fields.skip(3)  # eTradeOnly, firmQuoteOnly, nbboPriceCap: gone, still sent


def _auction(reading: _Reading) -> None:
    reading.keep("auctionStrategy", "startingPrice", "stockRefPrice", "delta")
    reading.keep("stockRangeLower", "stockRangeUpper", "overridePercentageConstraints")


def _volatility(reading: _Reading) -> None:
    fields, order = reading.fields, reading.order
    reading.keep("volatility", "volatilityType", "deltaNeutralOrderType", "deltaNeutralAuxPrice")
    if order.raw["deltaNeutralOrderType"]:
        reading.keep("deltaNeutralConId", "deltaNeutralSettlingFirm")
        reading.keep("deltaNeutralClearingAccount", "deltaNeutralClearingIntent")
        reading.keep("deltaNeutralOpenClose", "deltaNeutralShortSale")
        reading.keep("deltaNeutralShortSaleSlot", "deltaNeutralDesignatedLocation")
    reading.keep("continuousUpdate", "referencePriceType")
    order.trail_stop_price, order.trailing_percent = fields.optional(), fields.optional()


def _scale(reading: _Reading) -> None:
    order = reading.order
    reading.keep("scaleInitLevelSize", "scaleSubsLevelSize")
    increment = reading.fields.optional()
    order.raw["scalePriceIncrement"] = "" if increment is None else repr(increment)
    if increment is not None and increment > 0:
        reading.keep("scalePriceAdjustValue", "scalePriceAdjustInterval", "scaleProfitOffset")
        reading.keep("scaleAutoReset", "scaleInitPosition", "scaleInitFillQty")
        reading.keep("scaleRandomPercent")
    reading.keep("scaleTable", "activeStartTime", "activeStopTime", "hedgeType")
    if order.raw["hedgeType"]:
        reading.keep("hedgeParam")
    reading.keep("optOutSmartRouting", "clearingAccount", "clearingIntent")
    order.not_held = reading.fields.flag()


def _algo(reading: _Reading) -> None:
    fields, order = reading.fields, reading.order
    if fields.flag():
        reading.keep("underConId", "underDelta", "underPrice")
    order.algo_strategy = fields.text()
    if order.algo_strategy:
        count = fields.integer()
        order.algo_params = tuple((fields.text(), fields.text()) for _ in range(count))
    reading.keep("algoId")


def _options(reading: _Reading) -> None:
    fields, order = reading.fields, reading.order
    order.what_if = fields.flag()
    reading.keep("orderMiscOptions")
    order.solicited = fields.flag()
    reading.keep("randomizeSize", "randomizePrice")
    if order.order_type in PEG_TO_BENCHMARK:
        reading.keep("referenceContractId", "isPeggedChangeAmountDecrease")
        reading.keep("peggedChangeAmount", "referenceChangeAmount", "referenceExchangeId")


def _conditions(reading: _Reading) -> None:
    fields = reading.fields
    count = fields.integer()
    values: list[str] = []
    for _ in range(count):
        kind = fields.integer()
        if kind not in CONDITION_FIELDS:
            raise Malformed(f"an order condition of unknown kind {kind}", fields.req_id)
        width = CONDITION_FIELDS[kind]
        values += [str(kind), *(fields.text().replace(LIST, "") for _ in range(width))]
    reading.order.raw["conditions"] = LIST.join([str(max(count, 0)), *values])
    if count:
        reading.keep("conditionsIgnoreRth", "conditionsCancelOrder")


def _adjusted(reading: _Reading) -> None:
    reading.keep("adjustedOrderType", "triggerPrice")
    reading.order.limit_price_offset = reading.fields.optional()
    reading.keep("adjustedStopPrice", "adjustedStopLimitPrice", "adjustedTrailingAmount")
    reading.keep("adjustableTrailingUnit")


def _regulation(reading: _Reading) -> None:
    fields = reading.fields
    reading.keep("extOperator", "softDollarTierName", "softDollarTierVal")
    reading.order.cash_qty = fields.optional()
    reading.keep("mifid2DecisionMaker", "mifid2DecisionAlgo")
    reading.keep("mifid2ExecutionTrader", "mifid2ExecutionAlgo")
    reading.keep("dontUseAutoPriceForHedge", "isOmsContainer", "discretionaryUpToLimitPrice")
    reading.keep("usePriceMgmtAlgo", "duration", "postToAts", "autoCancelParent")
    if fields.since(versions.ADVANCED_ORDER_REJECT):
        reading.keep("advancedErrorOverride")
    if fields.since(versions.MANUAL_ORDER_TIME):
        reading.keep("manualOrderTime")


def _offsets(reading: _Reading) -> None:
    if not reading.fields.since(versions.PEG_OFFSETS):
        return
    order_type = reading.order.order_type
    to_mid = order_type in PEG_TO_MID
    if reading.contract.exchange == "IBKRATS":
        reading.keep("minTradeQty")
    if order_type in PEG_TO_BEST:
        reading.keep("minCompeteSize", "competeAgainstBestOffset")
        to_mid = reading.order.raw["competeAgainstBestOffset"] == "Infinity"
    if to_mid:
        reading.keep("midOffsetAtWhole", "midOffsetAtHalf")


def _newest(reading: _Reading) -> None:
    fields = reading.fields
    if fields.since(versions.CUSTOMER_ACCOUNT):
        reading.keep("customerAccount")
    if fields.since(versions.PROFESSIONAL_CUSTOMER):
        reading.keep("professionalCustomer")
    if fields.since(versions.RFQ_FIELDS) and not fields.since(versions.RFQ_FIELDS_GONE):
        fields.skip(2)
    if fields.since(versions.INCLUDE_OVERNIGHT):
        reading.keep("includeOvernight")
    if fields.since(versions.CME_TAGGING):
        reading.keep("manualOrderIndicator")
    if fields.since(versions.IMBALANCE_ONLY):
        reading.keep("imbalanceOnly")

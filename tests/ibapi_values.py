"""Hypothesis strategies: what a program hands to the real ibapi client."""

import string
from typing import Any

from hypothesis import strategies as st
from ibapi import order_condition as conditions
from ibapi.contract import ComboLeg, Contract
from ibapi.order import Order, OrderComboLeg
from ibapi.softdollartier import SoftDollarTier
from ibapi.tag_value import TagValue

Values = st.SearchStrategy[dict[str, Any]]

words = st.text(string.ascii_letters + string.digits + " .:-_", max_size=12)
names = st.text(string.ascii_letters, min_size=1, max_size=8)
ids = st.integers(0, 2**31 - 2)
amounts = st.integers(-(10**9), 10**9).map(lambda n: n / 10_000)
prices = st.integers(1, 10**9).map(lambda n: n / 10_000)
flags = st.booleans()


def filled(kind: type, values: Values) -> st.SearchStrategy[Any]:
    """Objects of an ibapi class with some attributes set and the rest at its defaults."""

    def build(given: dict[str, Any]) -> Any:
        made = kind()
        for name, value in given.items():
            setattr(made, name, value)
        return made

    return values.map(build)


def some(**fields: st.SearchStrategy[Any]) -> Values:
    return st.fixed_dictionaries({}, optional=fields)


def every(**fields: st.SearchStrategy[Any]) -> Values:
    return st.fixed_dictionaries(fields)


def together(*parts: Values) -> Values:
    return st.tuples(*parts).map(
        lambda given: {name: value for part in given for name, value in part.items()}
    )


contract_fields = some(
    conId=ids,
    symbol=words,
    secType=st.sampled_from(["STK", "OPT", "FUT", "CASH"]),
    lastTradeDateOrContractMonth=st.sampled_from(["", "202606", "20260618"]),
    strike=prices,
    right=st.sampled_from(["", "C", "P", "?"]),
    multiplier=st.sampled_from(["", "1", "100", "0.5"]),
    exchange=words,
    primaryExchange=words,
    currency=words,
    localSymbol=words,
    tradingClass=words,
)
contracts = filled(Contract, contract_fields)
detail_queries = filled(
    Contract,
    together(
        contract_fields, some(includeExpired=flags, secIdType=words, secId=words, issuerId=words)
    ),
)
history_contracts = filled(Contract, together(contract_fields, some(includeExpired=flags)))

tags = st.lists(names, max_size=3, unique=True).flatmap(
    lambda keys: st.tuples(*(words for _ in keys)).map(
        lambda values: [TagValue(*pair) for pair in zip(sorted(keys), values, strict=True)]
    )
)
"""Sorted by tag: a protobuf map keeps no order."""

whole = some(
    displaySize=ids,
    triggerMethod=st.integers(0, 8),
    parentId=ids,
    ocaType=st.integers(0, 3),
    origin=st.integers(0, 1),
    minQty=ids,
    shortSaleSlot=st.integers(0, 2),
    exemptCode=st.integers(-1, 3),
    duration=ids,
    postToAts=ids,
    adjustableTrailingUnit=st.integers(0, 1),
    manualOrderIndicator=st.integers(0, 1),
    scaleInitLevelSize=ids,
    scaleSubsLevelSize=ids,
)
doubles = some(
    lmtPrice=amounts,
    auxPrice=amounts,
    trailStopPrice=prices,
    trailingPercent=prices,
    lmtPriceOffset=prices,
    percentOffset=prices,
    startingPrice=prices,
    stockRefPrice=prices,
    delta=prices,
    stockRangeLower=prices,
    stockRangeUpper=prices,
    triggerPrice=prices,
    adjustedStopPrice=prices,
    adjustedStopLimitPrice=prices,
    adjustedTrailingAmount=prices,
    cashQty=prices,
    discretionaryAmt=prices,
)
texts = some(
    tif=st.sampled_from(["DAY", "GTC", "IOC", "GTD"]),
    account=words,
    orderRef=words,
    ocaGroup=words,
    openClose=st.sampled_from(["", "O", "C"]),
    goodAfterTime=words,
    goodTillDate=words,
    faGroup=words,
    faMethod=words,
    faPercentage=words,
    modelCode=words,
    designatedLocation=words,
    rule80A=words,
    settlingFirm=words,
    clearingAccount=words,
    clearingIntent=words,
    adjustedOrderType=words,
    extOperator=words,
    customerAccount=words,
)
switches = some(
    transmit=flags,
    outsideRth=flags,
    hidden=flags,
    allOrNone=flags,
    blockOrder=flags,
    sweepToFill=flags,
    whatIf=flags,
    notHeld=flags,
    solicited=flags,
    optOutSmartRouting=flags,
    randomizeSize=flags,
    randomizePrice=flags,
    isOmsContainer=flags,
    discretionaryUpToLimitPrice=flags,
    usePriceMgmtAlgo=flags,
    autoCancelParent=flags,
    professionalCustomer=flags,
    includeOvernight=flags,
    imbalanceOnly=flags,
    overridePercentageConstraints=flags,
)
nothing: Values = st.just({})
scale = nothing | every(
    scalePriceIncrement=prices,
    scalePriceAdjustValue=prices,
    scalePriceAdjustInterval=ids,
    scaleProfitOffset=prices,
    scaleAutoReset=flags,
    scaleInitPosition=ids,
    scaleInitFillQty=ids,
    scaleRandomPercent=flags,
)
volatility = nothing | every(
    volatility=prices,
    volatilityType=st.integers(1, 2),
    continuousUpdate=flags,
    referencePriceType=st.integers(1, 2),
    deltaNeutralOrderType=names,
    deltaNeutralAuxPrice=prices,
    deltaNeutralConId=ids,
    deltaNeutralSettlingFirm=words,
    deltaNeutralClearingAccount=words,
    deltaNeutralClearingIntent=words,
    deltaNeutralOpenClose=words,
    deltaNeutralShortSale=flags,
    deltaNeutralShortSaleSlot=ids,
    deltaNeutralDesignatedLocation=words,
)
hedge = nothing | every(hedgeType=st.sampled_from(["D", "B", "F", "P"]), hedgeParam=words)
algo = nothing | every(algoStrategy=names, algoParams=tags)
tier = nothing | every(softDollarTier=st.builds(SoftDollarTier, names, words, st.just("")))
kinds = st.one_of(
    every(orderType=st.sampled_from(["MKT", "LMT", "STP", "STP LMT", "TRAIL", "MOC"])),
    every(
        orderType=st.sampled_from(["PEG BENCH", "PEGBENCH"]),
        referenceContractId=ids,
        isPeggedChangeAmountDecrease=flags,
        peggedChangeAmount=prices,
        referenceChangeAmount=prices,
        referenceExchangeId=words,
    ),
    every(
        orderType=st.just("PEG BEST"),
        minCompeteSize=ids,
        competeAgainstBestOffset=prices | st.just(float("inf")),
    ),
    every(orderType=st.just("PEG MID"), midOffsetAtWhole=prices, midOffsetAtHalf=prices),
)


def condition(kind: type, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return filled(kind, every(isConjunctionConnection=flags, **fields))


order_conditions = st.one_of(
    condition(
        conditions.PriceCondition,
        isMore=flags,
        price=prices,
        conId=ids,
        exchange=names,
        triggerMethod=st.integers(0, 8),
    ),
    condition(conditions.TimeCondition, isMore=flags, time=names),
    condition(conditions.MarginCondition, isMore=flags, percent=st.integers(0, 100)),
    condition(conditions.ExecutionCondition, secType=names, exchange=names, symbol=names),
    condition(conditions.VolumeCondition, isMore=flags, volume=ids, conId=ids, exchange=names),
    condition(
        conditions.PercentChangeCondition,
        isMore=flags,
        changePercent=prices,
        conId=ids,
        exchange=names,
    ),
)
conditional = nothing | every(
    conditions=st.lists(order_conditions, min_size=1, max_size=3),
    conditionsIgnoreRth=flags,
    conditionsCancelOrder=flags,
)
orders = filled(
    Order,
    together(
        every(
            action=st.sampled_from(["BUY", "SELL"]),
            totalQuantity=st.integers(1, 10**6) | prices,
            orderMiscOptions=tags,
        ),
        *(whole, doubles, texts, switches, scale, volatility),
        *(hedge, algo, tier, kinds, conditional),
    ),
)

legs = filled(
    ComboLeg,
    every(
        conId=ids,
        ratio=st.integers(1, 10),
        action=st.sampled_from(["BUY", "SELL"]),
        exchange=names,
        openClose=st.integers(0, 3),
        shortSaleSlot=st.integers(0, 2),
        designatedLocation=words,
        exemptCode=st.integers(-1, 3),
    ),
)
leg_prices = filled(OrderComboLeg, every(price=prices))


@st.composite
def combinations(draw: st.DrawFn) -> tuple[Contract, Order]:
    """A BAG and its order, with a price for every leg or for none."""
    contract, order = draw(contracts), draw(orders)
    contract.secType = "BAG"
    contract.comboLegs = draw(st.lists(legs, min_size=1, max_size=4))
    if draw(flags):
        order.orderComboLegs = [draw(leg_prices) for _ in contract.comboLegs]
    order.smartComboRoutingParams = draw(tags)
    return contract, order


pairs = st.tuples(contracts, orders) | combinations()
"""Contract and order of a placeOrder."""

"""Which fields of an order TWS says back as protobuf, and when; names are the schema's."""

from twsim import versions

ALWAYS = {
    "discretionaryAmt": "0",
    "shortSaleSlot": "0",
    "exemptCode": "-1",
    "volatilityType": "0",
    "deltaNeutralOrderType": "None",
    "deltaNeutralConId": "0",
    "deltaNeutralShortSaleSlot": "0",
    "referencePriceType": "0",
    "clearingIntent": "IB",
}
"""Said of every order, with these values where the client set none."""
WHEN_SET = (
    "faGroup",
    "faMethod",
    "faPercentage",
    "modelCode",
    "rule80A",
    "percentOffset",
    "settlingFirm",
    "designatedLocation",
    "startingPrice",
    "stockRefPrice",
    "delta",
    "stockRangeLower",
    "stockRangeUpper",
    "displaySize",
    "sweepToFill",
    "minQty",
    "volatility",
    "deltaNeutralAuxPrice",
    "deltaNeutralShortSale",
    "deltaNeutralDesignatedLocation",
    "continuousUpdate",
    "scaleInitLevelSize",
    "scaleSubsLevelSize",
    "scalePriceIncrement",
    "hedgeType",
    "hedgeParam",
    "clearingAccount",
    "randomizeSize",
    "randomizePrice",
    "isOmsContainer",
    "autoCancelParent",
    "imbalanceOnly",
    "minTradeQty",
    "minCompeteSize",
    "competeAgainstBestOffset",
    "midOffsetAtWhole",
    "midOffsetAtHalf",
    "customerAccount",
    "professionalCustomer",
    "submitter",
    "activeStartTime",
    "activeStopTime",
)
SCALE = (
    "scalePriceAdjustValue",
    "scalePriceAdjustInterval",
    "scaleProfitOffset",
    "scaleAutoReset",
    "scaleInitPosition",
    "scaleInitFillQty",
    "scaleRandomPercent",
)
BENCHMARK = {
    "referenceContractId": "0",
    "isPeggedChangeAmountDecrease": "0",
    "peggedChangeAmount": "0",
    "referenceChangeAmount": "0",
    "referenceExchangeId": "",
}
OPEN_ALWAYS = {
    "deltaNeutralOpenClose": "?",
    "adjustedOrderType": "None",
    "adjustableTrailingUnit": "0",
    "usePriceMgmtAlgo": "0",
}
OPEN_WHEN_SET = (
    "blockOrder",
    "deltaNeutralSettlingFirm",
    "deltaNeutralClearingAccount",
    "deltaNeutralClearingIntent",
    "optOutSmartRouting",
    "triggerPrice",
    "adjustedStopPrice",
    "adjustedStopLimitPrice",
    "adjustedTrailingAmount",
    "discretionaryUpToLimitPrice",
    "duration",
    "postToAts",
    "includeOvernight",
    "extOperator",
    "manualOrderIndicator",
)
SINCE = {
    versions.ORDER_PARAMETERS_1: ("deactivate", "postOnly", "allowPreOpen", "ignoreOpenAuction"),
    versions.ORDER_PARAMETERS_2: ("routeMarketableToBbo", "seekPriceImprovement", "whatIfType"),
    versions.HEDGE_MAX_SIZE: ("hedgeMaxSize",),
    versions.CONDITIONS_OVERNIGHT: ("conditionsIncludeOvernight",),
}
"""Fields that came after protobuf itself."""
SHAREHOLDER = "Not an insider or substantial shareholder"

"""Decoders of the protobuf requests, by message id; orders have a module of their own."""

from collections.abc import Callable
from typing import Any

from twsim.codec_proto import place_order
from twsim.codec_proto.contracts import read_contract
from twsim.codec_proto.schema import Message, integer, number, optional_integer
from twsim.messages import requests as ask
from twsim.messages.requests import Request

Decoder = Callable[[Message], Request]


def req_id(message: Message) -> int:
    return integer(message, "reqId", -1)


def _bare(name: str, request: Callable[[], Request]) -> tuple[str, Decoder]:
    return name, lambda _: request()


def _numbered(name: str, request: Callable[[int], Request]) -> tuple[str, Decoder]:
    return name, lambda message: request(req_id(message))


def _model(name: str, request: Callable[[int, str, str], Request]) -> tuple[str, Decoder]:
    """An account and one of its models."""
    return name, lambda given: request(req_id(given), given.account, given.modelCode)


def _start(message: Message) -> Request:
    return ask.StartApi(integer(message, "clientId"), message.optionalCapabilities)


def _log_level(message: Message) -> Request:
    return ask.LogLevel(integer(message, "logLevel"))


def _summary(message: Message) -> Request:
    tags = tuple(tag.strip() for tag in message.tags.split(",") if tag.strip())
    return ask.SummaryAsked(req_id(message), message.group, tags)


def _updates(message: Message) -> Request:
    return ask.UpdatesAsked(message.subscribe, message.acctCode)


def _updates_multi(message: Message) -> Request:
    return ask.UpdatesMultiAsked(
        req_id(message), message.account, message.modelCode, message.ledgerAndNLV
    )


def _pnl_single(message: Message) -> Request:
    con_id = integer(message, "conId")
    return ask.PnLSingleAsked(req_id(message), message.account, message.modelCode, con_id)


def _details(message: Message) -> Request:
    return ask.DetailsAsked(req_id(message), read_contract(message.contract))


def _symbols(message: Message) -> Request:
    return ask.SymbolsAsked(req_id(message), message.pattern)


def _rule(message: Message) -> Request:
    return ask.MarketRuleAsked(integer(message, "marketRuleId"))


def _chains(message: Message) -> Request:
    return ask.ChainsAsked(
        req_id(message),
        message.underlyingSymbol,
        message.futFopExchange,
        message.underlyingSecType,
        integer(message, "underlyingConId"),
    )


def _data_kind(message: Message) -> Request:
    return ask.DataKindAsked(integer(message, "marketDataType"))


def _data(message: Message) -> Request:
    return ask.DataAsked(
        req_id(message),
        read_contract(message.contract),
        message.genericTickList,
        message.snapshot,
        message.regulatorySnapshot,
    )


def _volatility(message: Message) -> Request:
    price, underlying = number(message, "optionPrice"), number(message, "underPrice")
    contract = read_contract(message.contract)
    return ask.VolatilityAsked(req_id(message), contract, price, underlying)


def _option_price(message: Message) -> Request:
    volatility, underlying = number(message, "volatility"), number(message, "underPrice")
    contract = read_contract(message.contract)
    return ask.OptionPriceAsked(req_id(message), contract, volatility, underlying)


def _history(message: Message) -> Request:
    return ask.HistoryAsked(
        req_id(message),
        read_contract(message.contract),
        message.endDateTime,
        message.barSizeSetting,
        message.duration,
        message.useRTH,
        message.whatToShow,
        integer(message, "formatDate", 1),
        message.keepUpToDate,
    )


def _head(message: Message) -> Request:
    return ask.HeadAsked(
        req_id(message),
        read_contract(message.contract),
        message.useRTH,
        message.whatToShow,
        integer(message, "formatDate", 1),
    )


def _real_time_bars(message: Message) -> Request:
    return ask.RealTimeBarsAsked(
        req_id(message),
        read_contract(message.contract),
        integer(message, "barSize"),
        message.whatToShow,
        message.useRTH,
    )


def _cancel_order(message: Message) -> Request:
    return ask.OrderCancelled(integer(message, "orderId", -1))


def _auto_open(message: Message) -> Request:
    return ask.AutoOpenOrdersAsked(message.autoBind)


def _completed(message: Message) -> Request:
    return ask.CompletedOrdersAsked(message.apiOnly)


def _executions(message: Message) -> Request:
    given = message.executionFilter
    wanted = ask.ExecutionFilter(
        client_id=integer(given, "clientId"),
        account=given.acctCode,
        since=given.time,
        symbol=given.symbol,
        sec_type=given.secType,
        exchange=given.exchange,
        side=given.side,
        days=optional_integer(given, "lastNDays"),
        dates=tuple(given.specificDates),
    )
    return ask.ExecutionsAsked(req_id(message), wanted)


DECODERS: dict[int, tuple[str, Decoder]] = {
    1: ("MarketDataRequest", _data),
    2: _numbered("CancelMarketData", ask.DataCancelled),
    3: ("PlaceOrderRequest", place_order.read),
    4: ("CancelOrderRequest", _cancel_order),
    5: _bare("OpenOrdersRequest", ask.OpenOrdersAsked),
    6: ("AccountDataRequest", _updates),
    7: ("ExecutionRequest", _executions),
    8: _bare("IdsRequest", ask.Ids),
    9: ("ContractDataRequest", _details),
    14: ("SetServerLogLevelRequest", _log_level),
    15: ("AutoOpenOrdersRequest", _auto_open),
    16: _bare("AllOpenOrdersRequest", ask.AllOpenOrdersAsked),
    17: _bare("ManagedAccountsRequest", ask.ManagedAccountsAsked),
    20: ("HistoricalDataRequest", _history),
    25: _numbered("CancelHistoricalData", ask.HistoryCancelled),
    49: _bare("CurrentTimeRequest", ask.Time),
    50: ("RealTimeBarsRequest", _real_time_bars),
    51: _numbered("CancelRealTimeBars", ask.RealTimeBarsCancelled),
    54: ("CalculateImpliedVolatilityRequest", _volatility),
    55: ("CalculateOptionPriceRequest", _option_price),
    56: _numbered("CancelCalculateImpliedVolatility", ask.VolatilityCancelled),
    57: _numbered("CancelCalculateOptionPrice", ask.OptionPriceCancelled),
    58: _bare("GlobalCancelRequest", ask.AllCancelled),
    59: ("MarketDataTypeRequest", _data_kind),
    61: _bare("PositionsRequest", ask.PositionsAsked),
    62: ("AccountSummaryRequest", _summary),
    63: _numbered("CancelAccountSummary", ask.SummaryCancelled),
    64: _bare("CancelPositions", ask.PositionsCancelled),
    71: ("StartApiRequest", _start),
    74: _model("PositionsMultiRequest", ask.PositionsMultiAsked),
    75: _numbered("CancelPositionsMulti", ask.PositionsMultiCancelled),
    76: ("AccountUpdatesMultiRequest", _updates_multi),
    77: _numbered("CancelAccountUpdatesMulti", ask.UpdatesMultiCancelled),
    78: ("SecDefOptParamsRequest", _chains),
    81: ("MatchingSymbolsRequest", _symbols),
    87: ("HeadTimestampRequest", _head),
    90: _numbered("CancelHeadTimestamp", ask.HeadCancelled),
    91: ("MarketRuleRequest", _rule),
    92: _model("PnLRequest", ask.PnLAsked),
    93: _numbered("CancelPnL", ask.PnLCancelled),
    94: ("PnLSingleRequest", _pnl_single),
    95: _numbered("CancelPnLSingle", ask.PnLSingleCancelled),
    99: ("CompletedOrdersRequest", _completed),
    105: _bare("CurrentTimeInMillisRequest", ask.TimeMillis),
    106: _numbered("CancelContractData", ask.DetailsCancelled),
}

UNSUPPORTED: dict[int, str] = {
    10: "MarketDepthRequest",
    11: "CancelMarketDepth",
    12: "NewsBulletinsRequest",
    13: "CancelNewsBulletins",
    18: "FARequest",
    19: "FAReplace",
    21: "ExerciseOptionsRequest",
    22: "ScannerSubscriptionRequest",
    23: "CancelScannerSubscription",
    24: "ScannerParametersRequest",
    65: "VerifyRequest",
    66: "VerifyMessageRequest",
    67: "QueryDisplayGroupsRequest",
    68: "SubscribeToGroupEventsRequest",
    69: "UpdateDisplayGroupRequest",
    70: "UnsubscribeFromGroupEventsRequest",
    79: "SoftDollarTiersRequest",
    80: "FamilyCodesRequest",
    82: "MarketDepthExchangesRequest",
    83: "SmartComponentsRequest",
    84: "NewsArticleRequest",
    85: "NewsProvidersRequest",
    86: "HistoricalNewsRequest",
    88: "HistogramDataRequest",
    89: "CancelHistogramData",
    96: "HistoricalTicksRequest",
    97: "TickByTickRequest",
    98: "CancelTickByTick",
    100: "WshMetaDataRequest",
    101: "CancelWshMetaData",
    102: "WshEventDataRequest",
    103: "CancelWshEventData",
    104: "UserInfoRequest",
    107: "CancelHistoricalTicks",
    108: "ConfigRequest",
    109: "UpdateConfigRequest",
}
"""Messages TWS knows and this simulator does not play."""


def read_unsupported(message_id: int, message: Message) -> Request:
    fields: Any = message.DESCRIPTOR.fields_by_name
    name = next((name for name in ("reqId", "orderId") if name in fields), None)
    return ask.Unsupported(message_id, integer(message, name, -1) if name else -1)

"""Decoders of what clients send, by message id; orders have a module of their own."""

from collections.abc import Callable

from twsim import versions
from twsim.codec_text import place_order
from twsim.codec_text.contracts import read_contract, skip_combo_legs
from twsim.codec_text.fields import Fields
from twsim.messages import requests as ask
from twsim.messages.requests import Request

Decoder = Callable[[Fields], Request]


def _start(fields: Fields) -> Request:
    fields.skip()
    return ask.StartApi(fields.integer(), fields.text() if fields.left else "")


def _bare(request: type[Request]) -> Decoder:
    return lambda _: request()


def _numbered(request: Callable[[int], Request], *, version: bool) -> Decoder:
    def decode(fields: Fields) -> Request:
        if version:
            fields.skip()
        return request(fields.number_id())

    return decode


def _summary(fields: Fields) -> Request:
    fields.skip()
    req_id = fields.number_id()
    group = fields.text()
    tags = tuple(tag.strip() for tag in fields.text().split(",") if tag.strip())
    return ask.SummaryAsked(req_id, group, tags)


def _updates(fields: Fields) -> Request:
    fields.skip()
    return ask.UpdatesAsked(fields.flag(), fields.text())


def _updates_multi(fields: Fields) -> Request:
    fields.skip()
    return ask.UpdatesMultiAsked(fields.number_id(), fields.text(), fields.text(), fields.flag())


def _positions_multi(fields: Fields) -> Request:
    fields.skip()
    return ask.PositionsMultiAsked(fields.number_id(), fields.text(), fields.text())


def _pnl(fields: Fields) -> Request:
    return ask.PnLAsked(fields.number_id(), fields.text(), fields.text())


def _pnl_single(fields: Fields) -> Request:
    return ask.PnLSingleAsked(fields.number_id(), fields.text(), fields.text(), fields.integer())


def _details(fields: Fields) -> Request:
    fields.skip()
    return ask.DetailsAsked(fields.number_id(), read_contract(fields, expired=True, ids=True))


def _symbols(fields: Fields) -> Request:
    return ask.SymbolsAsked(fields.number_id(), fields.text())


def _rule(fields: Fields) -> Request:
    return ask.MarketRuleAsked(fields.integer())


def _chains(fields: Fields) -> Request:
    return ask.ChainsAsked(
        fields.number_id(), fields.text(), fields.text(), fields.text(), fields.integer()
    )


def _data_kind(fields: Fields) -> Request:
    fields.skip()
    return ask.DataKindAsked(fields.integer())


def _data(fields: Fields) -> Request:
    fields.skip()
    req_id = fields.number_id()
    contract = read_contract(fields)
    if contract.sec_type == "BAG":
        skip_combo_legs(fields)
    if fields.flag():  # a delta-neutral underlying: conId, delta, price
        fields.skip(3)
    return ask.DataAsked(req_id, contract, fields.text(), fields.flag(), fields.flag())


def _volatility(fields: Fields) -> Request:
    fields.skip()
    req_id = fields.number_id()
    return ask.VolatilityAsked(req_id, read_contract(fields), fields.number(), fields.number())


def _option_price(fields: Fields) -> Request:
    fields.skip()
    req_id = fields.number_id()
    return ask.OptionPriceAsked(req_id, read_contract(fields), fields.number(), fields.number())


def _history(fields: Fields) -> Request:
    req_id = fields.number_id()
    contract = read_contract(fields, expired=True)
    end, bar_size, duration = fields.text(), fields.text(), fields.text()
    rth, what, format_date = fields.flag(), fields.text(), fields.integer(1)
    if contract.sec_type == "BAG":
        skip_combo_legs(fields)
    return ask.HistoryAsked(
        req_id, contract, end, bar_size, duration, rth, what, format_date, fields.flag()
    )


def _head(fields: Fields) -> Request:
    req_id = fields.number_id()
    contract = read_contract(fields, expired=True)
    return ask.HeadAsked(req_id, contract, fields.flag(), fields.text(), fields.integer(1))


def _real_time_bars(fields: Fields) -> Request:
    fields.skip()
    req_id = fields.number_id()
    contract = read_contract(fields)
    return ask.RealTimeBarsAsked(req_id, contract, fields.integer(), fields.text(), fields.flag())


def _cancel_order(fields: Fields) -> Request:
    if not fields.since(versions.CME_TAGGING):
        fields.skip()
    return ask.OrderCancelled(fields.number_id())


def _auto_open(fields: Fields) -> Request:
    fields.skip()
    return ask.AutoOpenOrdersAsked(fields.flag())


def _completed(fields: Fields) -> Request:
    return ask.CompletedOrdersAsked(fields.flag())


def _executions(fields: Fields) -> Request:
    fields.skip()
    req_id = fields.number_id()
    client_id, account, since = fields.integer(), fields.text(), fields.text()
    symbol, sec_type = fields.text(), fields.text()
    exchange, side = fields.text(), fields.text()
    days: int | None = None
    dates: tuple[int, ...] = ()
    if fields.since(versions.EXECUTION_DAYS):
        days = fields.optional_integer()
        dates = tuple(fields.integer() for _ in range(fields.integer()))
    wanted = ask.ExecutionFilter(
        client_id, account, since, symbol, sec_type, exchange, side, days, dates
    )
    return ask.ExecutionsAsked(req_id, wanted)


def _log_level(fields: Fields) -> Request:
    fields.skip()
    return ask.LogLevel(fields.integer())


DECODERS: dict[int, Decoder] = {
    1: _data,
    2: _numbered(ask.DataCancelled, version=True),
    3: place_order.read,
    4: _cancel_order,
    5: _bare(ask.OpenOrdersAsked),
    6: _updates,
    7: _executions,
    8: _bare(ask.Ids),
    9: _details,
    14: _log_level,
    15: _auto_open,
    16: _bare(ask.AllOpenOrdersAsked),
    17: _bare(ask.ManagedAccountsAsked),
    20: _history,
    25: _numbered(ask.HistoryCancelled, version=True),
    49: _bare(ask.Time),
    50: _real_time_bars,
    51: _numbered(ask.RealTimeBarsCancelled, version=True),
    54: _volatility,
    55: _option_price,
    56: _numbered(ask.VolatilityCancelled, version=True),
    57: _numbered(ask.OptionPriceCancelled, version=True),
    58: _bare(ask.AllCancelled),
    59: _data_kind,
    61: _bare(ask.PositionsAsked),
    62: _summary,
    63: _numbered(ask.SummaryCancelled, version=True),
    64: _bare(ask.PositionsCancelled),
    71: _start,
    74: _positions_multi,
    75: _numbered(ask.PositionsMultiCancelled, version=True),
    76: _updates_multi,
    77: _numbered(ask.UpdatesMultiCancelled, version=True),
    78: _chains,
    81: _symbols,
    87: _head,
    90: _numbered(ask.HeadCancelled, version=False),
    91: _rule,
    92: _pnl,
    93: _numbered(ask.PnLCancelled, version=False),
    94: _pnl_single,
    95: _numbered(ask.PnLSingleCancelled, version=False),
    99: _completed,
    105: _bare(ask.TimeMillis),
}

UNSUPPORTED: dict[int, int | None] = {
    10: 1, 11: 1, 12: None, 13: None, 18: None, 19: 2, 21: 1, 22: 0, 23: 1, 24: None,
    65: None, 66: None, 67: 1, 68: 1, 69: 1, 70: 1, 72: None, 73: None, 79: 0, 80: None,
    82: None, 83: 0, 84: 0, 85: None, 86: 0, 88: 0, 89: 0, 96: 0, 97: 0, 98: 0,
    100: 0, 101: 0, 102: 0, 103: 0, 104: 0,
}  # fmt: skip
"""Messages TWS knows and this simulator does not play: how many fields stand before the id."""


def read_unsupported(message_id: int, before: int | None, fields: Fields) -> Request:
    if before is None:
        return ask.Unsupported(message_id)
    fields.skip(before)
    return ask.Unsupported(message_id, fields.number_id())

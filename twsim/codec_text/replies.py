"""Encoders of what TWS says, by kind of reply; orders and contracts have modules of their own."""

from collections.abc import Callable
from typing import Any

from twsim import versions
from twsim.codec_text import completed_order, contracts, open_order
from twsim.codec_text.contracts import contract_fields
from twsim.codec_text.fields import ascii7, double, flag, plain, price
from twsim.domain.accounts import Holding
from twsim.messages import replies as say
from twsim.messages.replies import Reply

Encoder = Callable[[Any, int], list[str]]
DERIVATIVES = ("OPT", "FUT", "FOP")


def _error(reply: say.Error, version: int) -> list[str]:
    head = ["4"] if version >= versions.ERROR_TIME else ["4", "2"]
    values = [*head, str(reply.req_id), str(reply.code), ascii7(reply.text)]
    if version >= versions.ADVANCED_ORDER_REJECT:
        values.append(ascii7(reply.advanced_reject))
    if version >= versions.ERROR_TIME:
        values.append(str(reply.at_ms))
    return values


def _portfolio(reply: say.PortfolioValue, _: int) -> list[str]:
    held = reply.holding
    contract = held.contract
    values = ["7", "8", str(contract.con_id), contract.symbol, contract.sec_type, contract.expiry]
    values += [plain(contract.strike), contract.right or "0", contract.multiplier]
    values += [listing(held), contract.currency, contract.local_symbol, contract.trading_class]
    values += [plain(held.quantity), plain(round(held.market_price, 7))]
    values += [plain(round(held.market_value, 2)), plain(round(held.average_cost, 7))]
    values += [plain(round(held.unrealized, 2)), plain(round(held.realized, 2))]
    return [*values, held.account]


def listing(held: Holding) -> str:
    """Positions name the listing exchange of a stock and none for a derivative."""
    contract = held.contract
    return "" if contract.sec_type in DERIVATIVES else contract.exchange


def _position(held: Holding) -> list[str]:
    contract = held.contract
    head = contract_fields(
        contract, strike=double(contract.strike), right=contract.right, exchange=listing(held)
    )
    return [held.account, *head, plain(held.quantity), double(held.average_cost)]


def _summary(reply: say.SummaryRow, _: int) -> list[str]:
    row = reply.row
    return ["63", "1", str(reply.req_id), row.account, row.tag, row.value, row.currency]


def _value(reply: say.AccountValue, _: int) -> list[str]:
    row = reply.row
    return ["6", "2", row.tag, row.value, row.currency, row.account]


def _multi(reply: say.MultiValue, _: int) -> list[str]:
    row = reply.row
    head = ["73", "1", str(reply.req_id), row.account, reply.model]
    return [*head, row.tag, row.value, row.currency]


def _position_multi(reply: say.PositionMulti, _: int) -> list[str]:
    return ["71", "1", str(reply.req_id), *_position(reply.holding), reply.model]


def _pnl(reply: say.PnL, _: int) -> list[str]:
    pnl = reply.pnl
    values = (pnl.daily, pnl.unrealized, pnl.realized)
    return ["94", str(reply.req_id), *(double(value) for value in values)]


def _pnl_single(reply: say.PnLSingle, _: int) -> list[str]:
    pnl = reply.pnl
    if pnl is None:
        return ["95", str(reply.req_id), "0", *[double(None)] * 4]
    values = (pnl.daily, pnl.unrealized, pnl.realized, pnl.value)
    return ["95", str(reply.req_id), plain(pnl.quantity), *(double(value) for value in values)]


def _tick_parameters(reply: say.TickParameters, _: int) -> list[str]:
    permissions = str(reply.snapshot_permissions)
    return ["81", str(reply.req_id), plain(reply.min_tick), reply.bbo_exchange, permissions]


def _tick_price(reply: say.TickPrice, _: int) -> list[str]:
    head = ["1", "6", str(reply.req_id), str(reply.tick)]
    return [*head, plain(reply.price), plain(reply.size), str(reply.attributes)]


def _computation(reply: say.TickComputation, _: int) -> list[str]:
    """IB's marks for a value not computed: -1 for prices and volatility, -2 for greeks."""
    from_model = reply.computation
    pairs = (
        (from_model.implied_volatility, "-1"),
        (from_model.delta, "-2"),
        (from_model.option_price, "-1"),
        (from_model.dividends_pv, "-1"),
        (from_model.gamma, "-2"),
        (from_model.vega, "-2"),
        (from_model.theta, "-2"),
        (from_model.underlying_price, "-1"),
    )
    values = [missing if value is None else _short(value) for value, missing in pairs]
    return ["21", str(reply.req_id), str(reply.tick), str(reply.attribute), *values]


def _short(value: float) -> str:
    text = double(value)
    return text.removesuffix(".0")


def _bar(row: say.DatedBar) -> list[str]:
    bar = row.bar
    values = [row.when, *(price(value) for value in (bar.open, bar.high, bar.low, bar.close))]
    return [*values, plain(bar.volume), price(bar.average, 3), str(bar.count)]


def _history(reply: say.HistoricalBars, version: int) -> list[str]:
    packed = [text for row in reply.bars for text in _bar(row)]
    if version >= versions.HISTORICAL_DATA_END:
        return ["17", str(reply.req_id), str(len(reply.bars)), *packed]
    return ["17", str(reply.req_id), reply.start, reply.end, str(len(reply.bars)), *packed]


def _update(reply: say.HistoricalUpdate, _: int) -> list[str]:
    bar = reply.bar.bar
    prices = [price(value) for value in (bar.open, bar.close, bar.high, bar.low)]
    head = ["90", str(reply.req_id), str(bar.count), reply.bar.when]
    return [*head, *prices, price(bar.average, 3), plain(bar.volume)]


def _schedule(reply: say.HistoricalSchedule, _: int) -> list[str]:
    rows = reply.sessions
    span = [rows[0].start, rows[-1].end] if rows else ["", ""]
    packed = [text for row in rows for text in (row.start, row.end, row.date)]
    return ["106", str(reply.req_id), *span, reply.zone, str(len(rows)), *packed]


def _real_time(reply: say.RealTimeBar, _: int) -> list[str]:
    bar = reply.bar
    prices = [price(value) for value in (bar.open, bar.high, bar.low, bar.close)]
    head = ["50", "3", str(reply.req_id), str(bar.start_at)]
    return [*head, *prices, plain(bar.volume), price(bar.average, 3), str(bar.count)]


def _status(reply: say.OrderStatus, _: int) -> list[str]:
    order = reply.order
    named = order.client_id if order.status_client_id is None else order.status_client_id
    return [
        "3",
        str(order.order_id),
        reply.status or order.status,
        plain(order.filled),
        plain(order.remaining),
        plain(order.average_price),
        str(order.perm_id),
        str(order.order.parent_id),
        plain(order.last_fill_price),
        str(named),
        order.why_held,
        "0",
    ]


def _execution(reply: say.ExecutionReport, version: int) -> list[str]:
    done = reply.execution
    contract = done.contract
    values = ["11", str(reply.req_id), str(done.order_id)]
    values += contract_fields(
        contract, strike=double(contract.strike), right=contract.right, exchange=done.exchange
    )
    values += [done.exec_id, reply.when, done.account, done.exchange, done.side]
    values += [plain(done.quantity), plain(done.price), str(done.perm_id), str(done.client_id)]
    values += [str(done.liquidation), plain(done.cumulative), plain(done.average_price)]
    values += [done.order_ref, "", "", "", str(done.last_liquidity)]
    if version >= versions.PENDING_PRICE_REVISION:
        values.append(flag(value=False))
    if version >= versions.SUBMITTER:
        values.append("")
    return values


def _commission(reply: say.CommissionReport, _: int) -> list[str]:
    paid = reply.commission
    values = ["59", "1", paid.exec_id, double(paid.amount), paid.currency]
    return [*values, double(paid.realized_pnl), double(None), ""]


def _tick(message: str, version: str) -> Encoder:
    """Generic and string ticks differ in their number alone."""

    def encode(reply: say.TickGeneric | say.TickString, _: int) -> list[str]:
        value = reply.value if isinstance(reply.value, str) else double(reply.value)
        return [message, version, str(reply.req_id), str(reply.tick), value]

    return encode


def _end(message: str) -> Encoder:
    return lambda reply, _: [message, "1", str(reply.req_id)]


def _bare(*values: str) -> Encoder:
    return lambda _, __: list(values)


ENCODERS: dict[type[Reply], Encoder] = {
    say.Error: _error,
    say.ManagedAccounts: lambda reply, _: ["15", "1", ",".join(reply.accounts)],
    say.NextOrderId: lambda reply, _: ["9", "1", str(reply.order_id)],
    say.CurrentTime: lambda reply, _: ["49", "1", str(reply.at)],
    say.CurrentTimeMillis: lambda reply, _: ["109", str(reply.at_ms)],
    say.AccountValue: _value,
    say.PortfolioValue: _portfolio,
    say.AccountTime: lambda reply, _: ["8", "1", reply.text],
    say.AccountDownloadEnd: lambda reply, _: ["54", "1", reply.account],
    say.SummaryRow: _summary,
    say.SummaryEnd: _end("64"),
    say.MultiValue: _multi,
    say.MultiValueEnd: _end("74"),
    say.Position: lambda reply, _: ["61", "3", *_position(reply.holding)],
    say.PositionEnd: _bare("62", "1"),
    say.PositionMulti: _position_multi,
    say.PositionMultiEnd: _end("72"),
    say.PnL: _pnl,
    say.PnLSingle: _pnl_single,
    say.ContractDetails: contracts.details_fields,
    say.ContractDetailsEnd: _end("52"),
    say.SymbolSamples: contracts.symbols_fields,
    say.MarketRule: contracts.rule_fields,
    say.Chain: contracts.chain_fields,
    say.ChainEnd: lambda reply, _: ["76", str(reply.req_id)],
    say.TickParameters: _tick_parameters,
    say.DataKind: lambda reply, _: ["58", "1", str(reply.req_id), str(reply.kind)],
    say.TickPrice: _tick_price,
    say.TickSize: lambda reply, _: [
        "2",
        "6",
        str(reply.req_id),
        str(reply.tick),
        plain(reply.size),
    ],
    say.TickGeneric: _tick("45", "6"),
    say.TickString: _tick("46", "6"),
    say.TickComputation: _computation,
    say.SnapshotEnd: _end("57"),
    say.HistoricalBars: _history,
    say.HistoricalUpdate: _update,
    say.HeadTimestamp: lambda reply, _: ["88", str(reply.req_id), reply.when],
    say.HistoricalSchedule: _schedule,
    say.RealTimeBar: _real_time,
    say.OpenOrder: open_order.open_order_fields,
    say.OrderStatus: _status,
    say.OpenOrderEnd: _bare("53", "1"),
    say.ExecutionReport: _execution,
    say.ExecutionsEnd: _end("55"),
    say.CommissionReport: _commission,
    say.CompletedOrder: completed_order.completed_order_fields,
    say.CompletedOrdersEnd: _bare("102"),
}

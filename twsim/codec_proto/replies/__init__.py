"""Encoders of what TWS says as protobuf, by kind of reply, each with its message id."""

from collections.abc import Callable
from typing import Any

from twsim.codec_proto import contracts, open_order
from twsim.codec_proto.replies import accounts, history, market, orders
from twsim.codec_proto.schema import Message, new
from twsim.messages import replies as say
from twsim.messages.replies import Reply

Encoder = Callable[[Any, int], Message]
HISTORY_END = 108


def _error(reply: say.Error, _: int) -> Message:
    return new(
        "ErrorMessage",
        id=reply.req_id,
        errorTime=reply.at_ms,
        errorCode=reply.code,
        errorMsg=reply.text,
        advancedOrderRejectJson=reply.advanced_reject or None,
    )


def _end(name: str) -> Encoder:
    return lambda reply, _: new(name, reqId=reply.req_id)


def _bare(name: str) -> Encoder:
    return lambda _, __: new(name)


ENCODERS: dict[type[Reply], tuple[int, Encoder]] = {
    say.Error: (4, _error),
    say.ManagedAccounts: (
        15,
        lambda reply, _: new("ManagedAccounts", accountsList=",".join(reply.accounts)),
    ),
    say.NextOrderId: (9, lambda reply, _: new("NextValidId", orderId=reply.order_id)),
    say.CurrentTime: (49, lambda reply, _: new("CurrentTime", currentTime=reply.at)),
    say.CurrentTimeMillis: (
        109,
        lambda reply, _: new("CurrentTimeInMillis", currentTimeInMillis=reply.at_ms),
    ),
    say.AccountValue: (6, accounts.value),
    say.PortfolioValue: (7, accounts.portfolio),
    say.AccountTime: (8, lambda reply, _: new("AccountUpdateTime", timeStamp=reply.text)),
    say.AccountDownloadEnd: (
        54,
        lambda reply, _: new("AccountDataEnd", accountName=reply.account),
    ),
    say.SummaryRow: (63, accounts.summary),
    say.SummaryEnd: (64, _end("AccountSummaryEnd")),
    say.MultiValue: (73, accounts.multi),
    say.MultiValueEnd: (74, _end("AccountUpdateMultiEnd")),
    say.Position: (61, accounts.position),
    say.PositionEnd: (62, _bare("PositionEnd")),
    say.PositionMulti: (71, accounts.position_multi),
    say.PositionMultiEnd: (72, _end("PositionMultiEnd")),
    say.PnL: (94, accounts.pnl),
    say.PnLSingle: (95, accounts.pnl_single),
    say.ContractDetails: (10, contracts.details_message),
    say.ContractDetailsEnd: (52, _end("ContractDataEnd")),
    say.SymbolSamples: (79, contracts.symbols_message),
    say.MarketRule: (93, contracts.rule_message),
    say.Chain: (75, contracts.chain_message),
    say.ChainEnd: (76, _end("SecDefOptParameterEnd")),
    say.TickParameters: (81, market.tick_parameters),
    say.DataKind: (
        58,
        lambda reply, _: new("MarketDataType", reqId=reply.req_id, marketDataType=reply.kind),
    ),
    say.TickPrice: (1, market.tick_price),
    say.TickSize: (2, market.tick_size),
    say.TickGeneric: (45, market.tick("TickGeneric")),
    say.TickString: (46, market.tick("TickString")),
    say.TickComputation: (21, market.computation),
    say.SnapshotEnd: (57, _end("TickSnapshotEnd")),
    say.HistoricalBars: (17, history.history),
    say.HistoricalUpdate: (90, history.update),
    say.HeadTimestamp: (88, history.head),
    say.HistoricalSchedule: (106, history.schedule),
    say.RealTimeBar: (50, history.real_time),
    say.OpenOrder: (5, open_order.open_order_message),
    say.OrderStatus: (3, orders.status),
    say.OpenOrderEnd: (53, _bare("OpenOrdersEnd")),
    say.ExecutionReport: (11, orders.execution),
    say.ExecutionsEnd: (55, _end("ExecutionDetailsEnd")),
    say.CommissionReport: (59, orders.commission),
    say.CompletedOrder: (101, open_order.completed_order_message),
    say.CompletedOrdersEnd: (102, _bare("CompletedOrdersEnd")),
}

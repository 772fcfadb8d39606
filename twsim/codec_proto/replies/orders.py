"""Order states, executions and commissions as protobuf."""

from twsim.codec_proto.contracts import contract_message
from twsim.codec_proto.schema import Message, new
from twsim.codec_proto.times import suffixed
from twsim.codec_text.fields import plain
from twsim.messages import replies as say


def status(reply: say.OrderStatus, _: int) -> Message:
    order = reply.order
    named = order.client_id if order.status_client_id is None else order.status_client_id
    return new(
        "OrderStatus",
        orderId=order.order_id,
        status=reply.status or order.status,
        filled=plain(order.filled),
        remaining=plain(order.remaining),
        avgFillPrice=order.average_price,
        permId=order.perm_id,
        parentId=order.order.parent_id,
        lastFillPrice=order.last_fill_price,
        clientId=named,
        whyHeld=order.why_held or None,
        mktCapPrice=0.0,
    )


def execution(reply: say.ExecutionReport, server_version: int) -> Message:
    done = reply.execution
    execution = new(
        "Execution",
        orderId=done.order_id,
        execId=done.exec_id,
        time=suffixed(reply.when, server_version),
        acctNumber=done.account,
        exchange=done.exchange,
        side=done.side,
        shares=plain(done.quantity),
        price=done.price,
        permId=done.perm_id,
        clientId=done.client_id,
        isLiquidation=done.liquidation != 0,
        cumQty=plain(done.cumulative),
        avgPrice=done.average_price,
        orderRef=done.order_ref or None,
        lastLiquidity=done.last_liquidity,
        isPriceRevisionPending=False,
    )
    contract = contract_message(done.contract, exchange=done.exchange)
    return new("ExecutionDetails", reqId=reply.req_id, contract=contract, execution=execution)


def commission(reply: say.CommissionReport, _: int) -> Message:
    paid = reply.commission
    return new(
        "CommissionAndFeesReport",
        execId=paid.exec_id,
        commissionAndFees=paid.amount,
        currency=paid.currency,
        realizedPNL=paid.realized_pnl,
    )

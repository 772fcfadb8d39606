"""Accounts as protobuf: values, positions and P&L."""

from twsim.codec_proto.contracts import contract_message
from twsim.codec_proto.schema import Message, new
from twsim.codec_text.fields import plain
from twsim.codec_text.replies import listing
from twsim.messages import replies as say


def portfolio(reply: say.PortfolioValue, _: int) -> Message:
    held = reply.holding
    contract = contract_message(held.contract, exchange="")
    if listing(held):
        contract.primaryExch = listing(held)
    return new(
        "PortfolioValue",
        contract=contract,
        position=plain(held.quantity),
        marketPrice=round(held.market_price, 7),
        marketValue=round(held.market_value, 2),
        averageCost=round(held.average_cost, 7),
        unrealizedPNL=round(held.unrealized, 2),
        realizedPNL=round(held.realized, 2),
        accountName=held.account,
    )


def position(reply: say.Position, _: int) -> Message:
    held = reply.holding
    return new(
        "Position",
        account=held.account,
        contract=contract_message(held.contract, exchange=listing(held)),
        position=plain(held.quantity),
        avgCost=held.average_cost,
    )


def position_multi(reply: say.PositionMulti, _: int) -> Message:
    held = reply.holding
    return new(
        "PositionMulti",
        reqId=reply.req_id,
        account=held.account,
        contract=contract_message(held.contract, exchange=listing(held)),
        position=plain(held.quantity),
        avgCost=held.average_cost,
        modelCode=reply.model or None,
    )


def value(reply: say.AccountValue, _: int) -> Message:
    row = reply.row
    return new(
        "AccountValue",
        key=row.tag,
        value=row.value,
        currency=row.currency or None,
        accountName=row.account,
    )


def summary(reply: say.SummaryRow, _: int) -> Message:
    row = reply.row
    return new(
        "AccountSummary",
        reqId=reply.req_id,
        account=row.account,
        tag=row.tag,
        value=row.value,
        currency=row.currency or None,
    )


def multi(reply: say.MultiValue, _: int) -> Message:
    row = reply.row
    return new(
        "AccountUpdateMulti",
        reqId=reply.req_id,
        account=row.account,
        modelCode=reply.model or None,
        key=row.tag,
        value=row.value,
        currency=row.currency or None,
    )


def pnl(reply: say.PnL, _: int) -> Message:
    pnl = reply.pnl
    return new(
        "PnL",
        reqId=reply.req_id,
        dailyPnL=pnl.daily,
        unrealizedPnL=pnl.unrealized,
        realizedPnL=pnl.realized,
    )


def pnl_single(reply: say.PnLSingle, _: int) -> Message:
    pnl = reply.pnl
    if pnl is None:
        return new("PnLSingle", reqId=reply.req_id, position="0")
    return new(
        "PnLSingle",
        reqId=reply.req_id,
        position=plain(pnl.quantity),
        dailyPnL=pnl.daily,
        unrealizedPnL=pnl.unrealized,
        realizedPnL=pnl.realized,
        value=pnl.value,
    )

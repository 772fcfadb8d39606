"""Ticks as protobuf; what was not computed or is not there stays absent."""

from collections.abc import Callable
from typing import Any

from twsim.codec_proto.schema import Message, new
from twsim.codec_text.fields import plain
from twsim.messages import replies as say

Encoder = Callable[[Any, int], Message]


def tick_parameters(reply: say.TickParameters, _: int) -> Message:
    return new(
        "TickReqParams",
        reqId=reply.req_id,
        minTick=plain(reply.min_tick),
        bboExchange=reply.bbo_exchange,
        snapshotPermissions=reply.snapshot_permissions,
    )


def tick_price(reply: say.TickPrice, _: int) -> Message:
    return new(
        "TickPrice",
        reqId=reply.req_id,
        tickType=reply.tick,
        price=reply.price,
        size=plain(reply.size),
        attrMask=reply.attributes,
    )


def tick_size(reply: say.TickSize, _: int) -> Message:
    return new("TickSize", reqId=reply.req_id, tickType=reply.tick, size=plain(reply.size))


def tick(name: str) -> Encoder:
    return lambda reply, _: new(name, reqId=reply.req_id, tickType=reply.tick, value=reply.value)


def computation(reply: say.TickComputation, _: int) -> Message:
    """What was not computed is absent."""
    from_model = reply.computation
    return new(
        "TickOptionComputation",
        reqId=reply.req_id,
        tickType=reply.tick,
        tickAttrib=reply.attribute,
        impliedVol=from_model.implied_volatility,
        delta=from_model.delta,
        optPrice=from_model.option_price,
        pvDividend=from_model.dividends_pv,
        gamma=from_model.gamma,
        vega=from_model.vega,
        theta=from_model.theta,
        undPrice=from_model.underlying_price,
    )

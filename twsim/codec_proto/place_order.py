"""The placeOrder request as protobuf: an Order with every field a client sets."""

from twsim.codec_proto import lists
from twsim.codec_proto.contracts import read_contract
from twsim.codec_proto.schema import Message, has, integer, number, optional, scalar
from twsim.domain.orders import Order
from twsim.messages import Malformed
from twsim.messages import requests as ask
from twsim.messages.requests import Request

NAMED = frozenset(
    {
        "action",
        "totalQuantity",
        "orderType",
        "tif",
        "account",
        "lmtPrice",
        "auxPrice",
        "trailStopPrice",
        "trailingPercent",
        "lmtPriceOffset",
        "orderRef",
        "ocaGroup",
        "ocaType",
        "parentId",
        "transmit",
        "outsideRth",
        "hidden",
        "allOrNone",
        "goodAfterTime",
        "goodTillDate",
        "openClose",
        "origin",
        "triggerMethod",
        "algoStrategy",
        "whatIf",
        "notHeld",
        "solicited",
        "cashQty",
    }
)
"""Fields that the simulated order has by name; the rest is kept to be given back."""
NOT_ASKED = frozenset({"clientId", "orderId", "permId"})
"""What the server gives, whatever a client writes."""


def read(message: Message) -> Request:
    if message.attachedOrders.ListFields():
        raise Malformed("attached orders are not simulated")
    given = message.order
    order = _order(given)
    order.raw.update(_scalars(given))
    order.raw.update(_texts(given))
    order.raw.update(lists.keep_legs(message.contract.comboLegs))
    order.raw.update(_delta_neutral(message.contract))
    return ask.OrderPlaced(integer(message, "orderId", -1), read_contract(message.contract), order)


def _order(given: Message) -> Order:
    algo = given.algoStrategy
    return Order(
        action=given.action,
        quantity=number(given, "totalQuantity"),
        order_type=given.orderType,
        tif=given.tif,
        account=given.account,
        limit_price=optional(given, "lmtPrice"),
        aux_price=optional(given, "auxPrice"),
        trail_stop_price=optional(given, "trailStopPrice"),
        trailing_percent=optional(given, "trailingPercent"),
        limit_price_offset=optional(given, "lmtPriceOffset"),
        order_ref=given.orderRef,
        oca_group=given.ocaGroup,
        oca_type=integer(given, "ocaType"),
        parent_id=integer(given, "parentId"),
        transmit=given.transmit,
        outside_rth=given.outsideRth,
        hidden=given.hidden,
        all_or_none=given.allOrNone,
        good_after=given.goodAfterTime,
        good_till=given.goodTillDate,
        open_close=given.openClose,
        origin=integer(given, "origin"),
        trigger_method=integer(given, "triggerMethod"),
        algo_strategy=algo,
        algo_params=tuple(sorted(given.algoParams.items())) if algo else (),
        what_if=given.whatIf,
        not_held=given.notHeld,
        solicited=given.solicited,
        cash_qty=optional(given, "cashQty"),
    )


def _scalars(given: Message) -> dict[str, str]:
    """Every other field that is there and has one value."""
    return {
        field.name: scalar(value, field.name)
        for field, value in given.ListFields()
        if not field.is_repeated
        and field.message_type is None
        and field.name not in NAMED | NOT_ASKED
    }


def _texts(given: Message) -> dict[str, str]:
    """What has a structure of its own, in the text protocol's form."""
    kept = {}
    if given.conditions:
        kept["conditions"] = lists.keep_conditions(given.conditions)
    if given.smartComboRoutingParams:
        kept["smartComboRoutingParams"] = lists.keep_pairs(given.smartComboRoutingParams.items())
    if given.orderMiscOptions:
        pairs = sorted(given.orderMiscOptions.items())
        kept["orderMiscOptions"] = "".join(f"{tag}={value};" for tag, value in pairs)
    tier = given.softDollarTier
    if tier.name or tier.value:
        kept |= {"softDollarTierName": tier.name, "softDollarTierVal": tier.value}
    return kept


def _delta_neutral(contract: Message) -> dict[str, str]:
    if not has(contract, "deltaNeutralContract"):
        return {}
    given = contract.deltaNeutralContract
    return {
        "underConId": scalar(given.conId, "conId"),
        "underDelta": scalar(given.delta, "delta"),
        "underPrice": scalar(given.price, "price"),
    }

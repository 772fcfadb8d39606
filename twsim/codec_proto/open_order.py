"""openOrder (5) and completedOrder (101) as protobuf: what they say as text, they say here."""

from collections.abc import Iterable

from twsim.codec_proto import lists, order_fields
from twsim.codec_proto.contracts import contract_message
from twsim.codec_proto.schema import Message, has, new, put
from twsim.codec_proto.times import suffixed
from twsim.codec_text.fields import plain
from twsim.codec_text.order_parts import DERIVATIVES, Echo
from twsim.codec_text.place_order import PEG_TO_BENCHMARK
from twsim.domain.orders import Margin, WorkingOrder
from twsim.messages import replies as say


def open_order_message(reply: say.OpenOrder, server_version: int) -> Message:
    working = reply.order
    order = _order(working, server_version)
    _open_only(order, working)
    return new(
        "OpenOrder",
        orderId=working.order_id,
        contract=_contract(working),
        order=order,
        orderState=_state(working, reply.margin),
    )


def completed_order_message(reply: say.CompletedOrder, server_version: int) -> Message:
    working = reply.order
    order = _order(working, server_version)
    order.filledQuantity = plain(working.filled)
    order.shareholder = order_fields.SHAREHOLDER
    if not has(order, "routeMarketableToBbo"):
        order.routeMarketableToBbo = 0
    state = new(
        "OrderState",
        status=working.status,
        completedTime=suffixed(reply.when, server_version),
        completedStatus=working.completed_status,
    )
    return new("CompletedOrder", contract=_contract(working), order=order, orderState=state)


def _contract(working: WorkingOrder) -> Message:
    echo = Echo(working.order)
    message = contract_message(working.contract)
    if working.contract.sec_type not in DERIVATIVES:
        message.ClearField("right")
    legs, prices = echo.counted("comboLegs"), echo.counted("orderComboLegs")
    message.comboLegs.extend(lists.leg_messages(legs, prices))
    return message


def _order(working: WorkingOrder, server_version: int) -> Message:
    """What both messages say."""
    message, echo = _terms(working), Echo(working.order)
    _echo(message, echo, order_fields.ALWAYS)
    _echo(message, echo, order_fields.WHEN_SET)
    if message.scalePriceIncrement > 0:
        _echo(message, echo, order_fields.SCALE)
    if working.order.order_type in PEG_TO_BENCHMARK:
        _echo(message, echo, order_fields.BENCHMARK)
    for version, names in order_fields.SINCE.items():
        if server_version >= version:
            _echo(message, echo, names)
    message.smartComboRoutingParams.update(lists.pairs_of(echo.counted("smartComboRoutingParams")))
    message.conditions.extend(lists.condition_messages(echo.counted("conditions")))
    if message.conditions:
        _echo(message, echo, ("conditionsIgnoreRth", "conditionsCancelOrder"))
    return message


def _echo(message: Message, echo: Echo, names: dict[str, str] | Iterable[str]) -> None:
    """Fields the simulator stores only to give them back; a dict names what is said instead."""
    absent = names if isinstance(names, dict) else {}
    for name in names:
        put(message, name, echo.text(name, absent.get(name, "")))


def _terms(working: WorkingOrder) -> Message:
    order = working.order
    return new(
        "Order",
        permId=working.perm_id,
        action=order.action,
        totalQuantity=plain(order.quantity),
        orderType=order.order_type,
        lmtPrice=order.limit_price or 0.0,
        auxPrice=order.aux_price or 0.0,
        trailStopPrice=_trail_stop(working),
        trailingPercent=order.trailing_percent,
        lmtPriceOffset=order.limit_price_offset,
        cashQty=order.cash_qty or 0.0,
        tif=order.tif,
        account=order.account,
        orderRef=order.order_ref or None,
        ocaGroup=order.oca_group or None,
        ocaType=order.oca_type or 3,
        openClose=order.open_close or None,
        origin=order.origin,
        triggerMethod=order.trigger_method,
        outsideRth=order.outside_rth,
        hidden=order.hidden,
        allOrNone=order.all_or_none,
        notHeld=order.not_held,
        solicited=order.solicited,
        goodAfterTime=order.good_after or None,
        goodTillDate=order.good_till or None,
        algoStrategy=order.algo_strategy or None,
        algoParams=dict(order.algo_params) if order.algo_strategy else None,
        dontUseAutoPriceForHedge=True,  # whatever was asked
    )


def _trail_stop(working: WorkingOrder) -> float | None:
    stop = working.trail_stop
    return working.order.trail_stop_price if stop is None else stop


def _open_only(message: Message, working: WorkingOrder) -> None:
    echo = Echo(working.order)
    message.clientId = working.client_id
    message.parentId = working.order.parent_id
    message.whatIf = working.order.what_if
    _echo(message, echo, order_fields.OPEN_ALWAYS)
    _echo(message, echo, order_fields.OPEN_WHEN_SET)
    tier, value = echo.text("softDollarTierName"), echo.text("softDollarTierVal")
    if tier or value:
        kept = new("SoftDollarTier", name=tier, value=value, displayName=tier)
        message.softDollarTier.CopyFrom(kept)


def _state(working: WorkingOrder, margin: Margin | None) -> Message:
    state = new("OrderState", status=working.status)
    if margin is None:
        if working.commission is not None:
            state.commissionAndFees = working.commission
            state.commissionAndFeesCurrency = working.commission_currency
        return state
    rows = (
        ("initMargin", margin.initial_before, margin.initial_after),
        ("maintMargin", margin.maintenance_before, margin.maintenance_after),
        ("equityWithLoan", margin.equity_before, margin.equity_after),
    )
    for name, before, after in rows:
        for hours in ("", "OutsideRTH"):
            setattr(state, f"{name}Before{hours}", round(before, 2))
            setattr(state, f"{name}Change{hours}", round(after - before, 2))
            setattr(state, f"{name}After{hours}", round(after, 2))
    state.commissionAndFees = margin.commission
    state.commissionAndFeesCurrency = margin.commission_currency
    state.marginCurrency = margin.commission_currency
    put(state, "warningText", margin.warning)
    return state

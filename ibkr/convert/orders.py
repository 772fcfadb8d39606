"""Orders, their margin, fills and commissions, from ibapi and back."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ibapi.order import Order as IbOrder
from ibapi.tag_value import TagValue

from ibkr.convert.contracts import contract
from ibkr.convert.numbers import amount, non_zero, number, plain, positive, quantity
from ibkr.convert.times import moment, request_time
from ibkr.types import (
    Commission,
    CompletedOrder,
    Execution,
    MarginImpact,
    OpenOrder,
    OrderRequest,
    OrderStatus,
)

LIMIT_TYPES = ("LMT", "LIMIT", "LOC", "LOO", "REL", "LIT")
"""Types, by a part of their name, whose limit price means something even when it is zero."""


def ib_order(request: OrderRequest, *, what_if: bool = False) -> Any:
    """Account, time in force and reference are always set; an order without them is refused."""
    if not (request.account and request.tif and request.order_ref):
        raise ValueError("an order needs an account, a time in force and a reference")
    order = IbOrder()
    order.account = request.account
    order.action = request.action
    order.totalQuantity = plain(request.quantity)
    order.orderType = request.order_type
    order.tif = request.tif
    order.orderRef = request.order_ref
    order.outsideRth = request.outside_rth
    order.parentId = request.parent_id
    order.ocaGroup = request.oca_group
    order.ocaType = request.oca_type
    order.transmit = request.transmit
    order.whatIf = what_if
    _set_prices(order, request)
    if request.good_till_at is not None:
        order.goodTillDate = request_time(request.good_till_at)
    if request.algo_strategy:
        order.algoStrategy = request.algo_strategy
        order.algoParams = [TagValue(tag, value) for tag, value in request.algo_params]
    return order


def _set_prices(order: Any, request: OrderRequest) -> None:
    """What is None stays at ibapi's unset value, which is an empty field on the wire."""
    if request.limit_price is not None:
        order.lmtPrice = float(request.limit_price)
    if request.stop_price is not None:
        order.auxPrice = float(request.stop_price)
    if request.trailing_percent is not None:
        order.trailingPercent = float(request.trailing_percent)
    if request.trail_stop_price is not None:
        order.trailStopPrice = float(request.trail_stop_price)


def order_request(order: Any) -> OrderRequest:
    """What TWS holds, read back as the request it would have been."""
    return OrderRequest(
        account=order.account,
        action=order.action,
        quantity=quantity(order.totalQuantity) or Decimal(0),
        order_type=order.orderType,
        tif=order.tif,
        order_ref=order.orderRef,
        limit_price=_limit_price(order),
        stop_price=non_zero(order.auxPrice),
        trailing_percent=positive(order.trailingPercent),
        trail_stop_price=non_zero(order.trailStopPrice),
        outside_rth=bool(order.outsideRth),
        good_till_at=moment(order.goodTillDate or ""),
        parent_id=_known(order.parentId),
        oca_group=order.ocaGroup,
        oca_type=_known(order.ocaType),
        transmit=bool(order.transmit),
        algo_strategy=order.algoStrategy or "",
        algo_params=tuple((row.tag, row.value) for row in order.algoParams or ()),
    )


def _limit_price(order: Any) -> Decimal | None:
    if any(part in order.orderType for part in LIMIT_TYPES):
        return number(order.lmtPrice)
    return non_zero(order.lmtPrice)


def open_order(order_id: int, instrument: Any, order: Any, state: Any) -> OpenOrder:
    return OpenOrder(
        order_id=order_id,
        client_id=_known(order.clientId),
        perm_id=_known(order.permId),
        contract=contract(instrument),
        request=order_request(order),
        status=state.status,
        margin=margin(state),
    )


def margin(state: Any) -> MarginImpact | None:
    """None unless TWS computed margins, which it does for what-if orders only."""
    if number(state.initMarginAfter) is None:
        return None
    return MarginImpact(
        initial_before=number(state.initMarginBefore),
        initial_change=number(state.initMarginChange),
        initial_after=number(state.initMarginAfter),
        maintenance_before=number(state.maintMarginBefore),
        maintenance_change=number(state.maintMarginChange),
        maintenance_after=number(state.maintMarginAfter),
        equity_before=number(state.equityWithLoanBefore),
        equity_change=number(state.equityWithLoanChange),
        equity_after=number(state.equityWithLoanAfter),
        commission=number(state.commissionAndFees),
        commission_min=number(state.minCommissionAndFees),
        commission_max=number(state.maxCommissionAndFees),
        commission_currency=state.commissionAndFeesCurrency,
        warning=state.warningText,
    )


def order_status(fields: Sequence[Any]) -> OrderStatus:
    """From the arguments of ibapi's callback, in its order; prices are None until a fill."""
    order_id, status, filled, remaining, average, perm_id, parent_id, last = fields[:8]
    client_id, why_held = fields[8:10]
    done = quantity(filled) or Decimal(0)
    return OrderStatus(
        order_id=_known(order_id),
        client_id=_known(client_id),
        perm_id=_known(perm_id),
        parent_id=_known(parent_id),
        status=status,
        filled=done,
        remaining=quantity(remaining) or Decimal(0),
        average_fill_price=number(average) if done else None,
        last_fill_price=number(last) if done else None,
        why_held=why_held,
    )


def completed_order(instrument: Any, order: Any, state: Any) -> CompletedOrder:
    return CompletedOrder(
        perm_id=_known(order.permId),
        contract=contract(instrument),
        request=order_request(order),
        status=state.status,
        filled=quantity(order.filledQuantity) or Decimal(0),
        completed_at=moment(state.completedTime or ""),
        completed_status=state.completedStatus,
    )


def execution(instrument: Any, source: Any, now: datetime) -> Execution:
    """`now` stands in for a time that cannot be read: a fill is never dropped for its time."""
    return Execution(
        exec_id=source.execId,
        order_id=_known(source.orderId),
        client_id=_known(source.clientId),
        perm_id=_known(source.permId),
        account=source.acctNumber,
        contract=contract(instrument),
        side=source.side,
        quantity=amount(source.shares),
        price=amount(source.price),
        cumulative_quantity=amount(source.cumQty),
        average_price=amount(source.avgPrice),
        exchange=source.exchange,
        order_ref=source.orderRef,
        at=moment(source.time) or now.astimezone(UTC),
        liquidation=bool(source.liquidation),
    )


def commission(source: Any) -> Commission:
    return Commission(
        source.execId,
        amount(source.commissionAndFees),
        source.currency,
        number(source.realizedPNL),
    )


def _known(value: int | None) -> int:
    """Ids that protobuf leaves unset arrive as the largest int or long."""
    return 0 if value is None or value in (2**31 - 1, 2**63 - 1) else int(value)

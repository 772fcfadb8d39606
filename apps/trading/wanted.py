"""The keyword arguments that describe an order, as every door passes them on."""

from datetime import datetime
from decimal import Decimal
from typing import Required, TypedDict

from apps.trading.models import Order, PlanLine


class Terms(TypedDict, total=False):
    """What the broker is told; None and absent are the same."""

    side: Required[str]
    quantity: Required[Decimal]
    order_type: Required[str]
    tif: Required[str]
    limit_price: Decimal | None
    stop_price: Decimal | None
    trailing_percent: Decimal | None
    trail_stop_price: Decimal | None
    outside_rth: bool
    good_till_at: datetime | None
    algo_strategy: str
    algo_params: tuple[tuple[str, str], ...]
    oca_group: str
    oca_type: int


class Placing(Terms, total=False):
    """And what only the portal knows."""

    parent: Order | None
    transmit: bool
    strategy: str
    plan_line: PlanLine | None
    idempotency_key: str

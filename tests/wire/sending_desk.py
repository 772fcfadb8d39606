"""A desk of orders whose gate always agrees, and who holds its connection, for tests of sending."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from unittest.mock import patch

from apps.lib import clock
from apps.risk.models import GateDecision
from apps.trading import services
from apps.trading.holders import Holder, holder_of, register
from apps.trading.models import Order
from apps.trading.services import gating
from apps.trading.states import OrderState as S
from ibkr.port import register as register_port
from tests.order_desk import OrderDesk, order_desk
from tests.wire.live_session import ACCOUNT
from tests.wire.simulator import Simulator

FAR = {"order_type": "LMT", "limit_price": Decimal("50.25"), "tif": "GTC"}


class Lease:
    """What the gateway's leases answer; a test takes it away."""

    def __init__(self) -> None:
        self.token = "17-18"

        self.account = ACCOUNT

    def __call__(self) -> dict[str, str]:
        return {self.account: self.token} if self.token else {}


@contextmanager
def sending_desk(sim: Simulator) -> Iterator[OrderDesk]:
    with order_desk(sim) as made, patch.object(gating, "gate_judge", judged):
        yield made
        made.port.cancel_all()
        made.port.current_time()


@contextmanager
def held(desk: OrderDesk, lease: Lease) -> Iterator[Holder]:
    slug = desk.row.slug
    register_port(slug, desk.port)
    register(
        slug,
        Holder(
            slug=slug,
            connection_id=desk.row.pk,
            client_id=lambda: desk.row.client_id,
            leases=lease,
        ),
    )
    yield holder_of(slug)
    register(slug, None)
    register_port(slug, None)


def judged(**asked: Any) -> GateDecision:
    """The gate has tests of its own; its limits would only hide what is looked at here."""
    intent = asked["intent"]
    return GateDecision(
        account_id=intent.account_id, con_id=intent.con_id, source=intent.source, passed=True,
        intent={}, verdicts=[], policy_version="", before_wire=asked.get("before_wire", False),
        at=asked["at"],
    )  # fmt: skip


def accepted(desk: OrderDesk, **fields: Any) -> Order:
    unclaimed = {"state": S.ACCEPTED, "ib_order_id": None, "client_id": None, "claimed_at": None}
    return desk.row_of(**(unclaimed | FAR | fields))


def submit(order: Order, holder: Holder) -> Order:
    services.order_submit(order_id=order.pk, holder=holder, now=clock.now)
    order.refresh_from_db()
    return order


def second_looks(order: Order) -> list[bool]:
    """Whether each passed, as stored."""
    rows = GateDecision.objects.filter(account=order.account, con_id=order.instrument_id)
    return list(rows.filter(before_wire=True).order_by("pk").values_list("passed", flat=True))


def on_the_wire(desk: OrderDesk, order: Order) -> int:
    """How often the simulator has received it as a new order."""
    return sum(
        row["kind"] == "order" and row["order_ref"] == order.ref and not row["changes"]
        for row in desk.sim.ledger()
    )

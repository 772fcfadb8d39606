"""From an accepted row to the simulator's socket, once: claims, leases, the gate's second look."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings
from django.db import OperationalError, connections

from apps.accounts.models import AuditEvent
from apps.lib import clock
from apps.lib import redis as store
from apps.risk.models import GateDecision
from apps.trading import services
from apps.trading.holders import Holder, holder_of, register
from apps.trading.models import Order, OrderChange
from apps.trading.services import gating
from apps.trading.states import OrderState as S
from ibkr.errors import NotConnected, NotReady
from ibkr.port import register as register_port
from ibkr.types import LinkChanged, LinkState
from ibportal.gateway.commands import Commands
from tests.order_desk import WITHIN, OrderDesk, order_desk
from tests.portal import eventually
from tests.wire.live_session import ACCOUNT
from tests.wire.simulator import Simulator

pytestmark = pytest.mark.django_db(transaction=True)

FAR = {"order_type": "LMT", "limit_price": Decimal("50.25"), "tif": "GTC"}


class Lease:
    """What the gateway's leases answer; a test takes it away."""

    def __init__(self) -> None:
        self.token = "17-18"

        self.account = ACCOUNT

    def __call__(self) -> dict[str, str]:
        return {self.account: self.token} if self.token else {}


@pytest.fixture
def desk(standing_twsim: Simulator) -> Iterator[OrderDesk]:
    with (
        order_desk(standing_twsim) as made,
        patch.object(gating, "gate_judge", _judged),
    ):
        yield made
        made.port.cancel_all()
        made.port.current_time()


def _judged(**asked: Any) -> GateDecision:
    """The gate has tests of its own; its limits would only hide what is looked at here."""
    intent = asked["intent"]
    return GateDecision(
        account_id=intent.account_id, con_id=intent.con_id, source=intent.source, passed=True,
        intent={}, verdicts=[], policy_version="", before_wire=asked.get("before_wire", False),
        at=asked["at"],
    )  # fmt: skip


@pytest.fixture
def lease() -> Lease:
    return Lease()


@pytest.fixture
def holder(desk: OrderDesk, lease: Lease) -> Iterator[Holder]:
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


def test_an_order_is_claimed_committed_and_sent(desk: OrderDesk, holder: Holder) -> None:
    order = desk.until(submit(accepted(desk), holder), S.SUBMITTED)
    assert order.lease_token == "17-18"
    assert order.claimed_at is not None
    claimed, sent = order.events.order_by("number")[:2]
    assert (claimed.kind, claimed.before, claimed.after) == ("claimed", S.ACCEPTED, S.CLAIMED)
    assert claimed.data == {"ib_order_id": order.ib_order_id, "lease": "17-18"}
    assert sent.kind == "sent"
    assert on_the_wire(desk, order) == 1
    assert second_looks(order) == [True]


def test_a_message_delivered_again_sends_nothing(desk: OrderDesk, holder: Holder) -> None:
    order = submit(accepted(desk), holder)
    number = order.ib_order_id
    for _ in range(3):
        submit(order, holder)
    desk.until(order, S.SUBMITTED)
    assert order.ib_order_id == number
    assert on_the_wire(desk, order) == 1


def test_many_threads_with_the_same_messages_send_each_order_once_and_in_order(
    desk: OrderDesk, holder: Holder
) -> None:
    orders = [accepted(desk) for _ in range(12)]

    def work() -> None:
        for order in orders:
            services.order_submit(order_id=order.pk, holder=holder, now=clock.now)
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for order in orders:
        desk.until(order, S.SUBMITTED)
    assert [on_the_wire(desk, order) for order in orders] == [1] * 12


def test_without_the_lease_nothing_is_claimed(
    desk: OrderDesk, holder: Holder, lease: Lease
) -> None:
    order = accepted(desk)
    lease.token = ""
    with pytest.raises(NotConnected):
        submit(order, holder)
    order.refresh_from_db()
    assert order.state == S.ACCEPTED
    assert on_the_wire(desk, order) == 0
    lease.token, lease.account = "17-18", "DU0000001"
    with pytest.raises(NotConnected):
        submit(order, holder)
    order.refresh_from_db()
    assert (order.state, order.ib_order_id) == (S.ACCEPTED, None)


def test_an_order_that_waited_too_long_is_not_claimed(desk: OrderDesk, holder: Holder) -> None:
    order = accepted(desk)
    late = clock.now() - timedelta(seconds=settings.ORDER_SEND_WITHIN_SECONDS + 1)
    Order.objects.filter(pk=order.pk).update(accepted_at=late)
    assert submit(order, holder).state == S.ACCEPTED
    assert on_the_wire(desk, order) == 0


def test_a_lease_lost_after_the_claim_gives_the_order_back(
    desk: OrderDesk, holder: Holder, lease: Lease
) -> None:
    order = accepted(desk)
    passing = _judged

    def loses(**asked: Any) -> GateDecision:
        lease.token = "19-18"
        return passing(**asked)

    with patch.object(gating, "gate_judge", loses):
        submit(order, holder)
    assert order.state == S.ACCEPTED
    assert (order.ib_order_id, order.lease_token) == (None, "")
    assert [e.kind for e in order.events.all()] == ["claimed", "given_back"]
    assert on_the_wire(desk, order) == 0
    desk.until(submit(order, holder), S.SUBMITTED)


def test_the_gates_second_no_ends_the_order_unsent(desk: OrderDesk, holder: Holder) -> None:
    order = accepted(desk)
    passing = _judged

    def refuses(**asked: Any) -> GateDecision:
        decision = passing(**asked)
        decision.passed = False
        decision.verdicts = [{"code": "kill", "passed": False, "message": "Stopped."}]
        return decision

    with patch.object(gating, "gate_judge", refuses):
        submit(order, holder)
    assert (order.state, order.reason_code, order.reason) == (S.REFUSED, "kill", "Stopped.")
    assert on_the_wire(desk, order) == 0
    assert second_looks(order) == [False]


def test_an_order_withdrawn_between_claim_and_wire_is_not_sent(
    desk: OrderDesk, holder: Holder
) -> None:
    order = accepted(desk)
    passing = _judged

    def withdraws(**asked: Any) -> GateDecision:
        Order.objects.filter(pk=order.pk).update(cancel_asked_at=clock.now())
        return passing(**asked)

    with patch.object(gating, "gate_judge", withdraws):
        submit(order, holder)
    assert (order.state, order.reason_code) == (S.NOT_SENT, "withdrawn")
    assert on_the_wire(desk, order) == 0


def test_a_dropped_link_leaves_the_order_accepted(desk: OrderDesk, holder: Holder) -> None:
    order = accepted(desk)
    desk.sim.fault("refuse", seconds=3)
    desk.session.drop("test", "A test drops the link.")
    eventually(lambda: not desk.ready, within=WITHIN, what="the link to be down")
    with pytest.raises((NotConnected, NotReady)):
        submit(order, holder)
    order.refresh_from_db()
    assert order.state == S.ACCEPTED
    eventually(lambda: desk.ready, within=WITHIN, what="the link to be back")
    desk.until(submit(order, holder), S.SUBMITTED)


def test_an_old_order_is_left_to_the_sweep(desk: OrderDesk, holder: Holder) -> None:
    order = accepted(desk, accepted_at=clock.now().replace(year=2025))
    submit(order, holder)
    assert order.state == S.ACCEPTED
    assert on_the_wire(desk, order) == 0


def test_a_bracket_goes_out_whole_and_one_exit_ends_the_other(
    desk: OrderDesk, holder: Holder
) -> None:
    entry = accepted(desk, order_type="MKT", limit_price=None, tif="DAY", transmit=False)
    exits: dict[str, Any] = {"parent": entry, "side": "SELL"}
    profit = accepted(desk, **exits, limit_price=Decimal("10.25"), transmit=False)
    loss = accepted(desk, **exits, order_type="STP", limit_price=None, stop_price=Decimal("5.25"))
    submit(entry, holder)
    desk.until(entry, S.FILLED)
    desk.until(profit, S.FILLED)
    desk.until(loss, S.CANCELLED)
    assert [on_the_wire(desk, order) for order in (entry, profit, loss)] == [1, 1, 1]


def test_a_cancel_reaches_the_broker_and_may_be_sent_twice(desk: OrderDesk, holder: Holder) -> None:
    order = desk.until(submit(accepted(desk), holder), S.SUBMITTED)
    services.cancel_send(order_id=order.pk, holder=holder)
    services.cancel_send(order_id=order.pk, holder=holder)
    desk.until(order, S.CANCELLED)
    services.cancel_send(order_id=order.pk, holder=holder)
    assert order.state == S.CANCELLED


def test_a_change_is_confirmed_by_the_broker(desk: OrderDesk, holder: Holder) -> None:
    order = desk.until(submit(accepted(desk), holder), S.SUBMITTED)
    change = services.order_change(
        user=None, order=order, limit_price=Decimal("51.25"), at=clock.now()
    )
    services.change_send(change_id=change.pk, holder=holder, now=clock.now)
    services.change_send(change_id=change.pk, holder=holder, now=clock.now)

    def confirmed() -> bool:
        change.refresh_from_db()
        return change.state == OrderChange.State.CONFIRMED

    eventually(confirmed, within=WITHIN, what="the change to be confirmed")
    order.refresh_from_db()
    assert order.limit_price == Decimal("51.25")
    assert on_the_wire(desk, order) == 1


def test_what_if_places_nothing_and_lets_the_next_order_through(
    desk: OrderDesk, holder: Holder
) -> None:
    order = accepted(desk)
    terms = {"side": "BUY", "quantity": "10", "order_type": "MKT", "tif": "DAY"}
    told = services.what_if_here(
        desk.port, account_id=order.account_id, con_id=order.instrument_id, terms=terms
    )
    assert Decimal(told["initial_after"]) > 0
    desk.until(submit(order, holder), S.SUBMITTED)


@pytest.fixture
def commands(desk: OrderDesk, holder: Holder) -> Iterator[Commands]:
    made = Commands(desk.row.slug, desk.row.pk, desk.session.drop, desk.working)
    made.start()
    yield made
    made.stop()


def tell(desk: OrderDesk, command: str, **more: Any) -> dict[str, Any]:
    """Over the real list, and what the reader answers."""
    number = services.commands.command_send(
        slug=desk.row.slug, command=command, by="a test", at=more.pop("at", clock.now()), **more
    )
    return services.commands.command_answer(number, timeout=WITHIN)


@pytest.mark.usefixtures("commands")
def test_cancel_all_goes_past_the_tasks_and_spares_later_orders(
    desk: OrderDesk, holder: Holder
) -> None:
    before = [desk.until(submit(accepted(desk), holder), S.SUBMITTED) for _ in range(3)]
    asked_at = clock.now()
    after = desk.until(submit(accepted(desk), holder), S.SUBMITTED)
    assert tell(desk, "cancel_all", at=asked_at) == {"done": 3}
    for order in before:
        desk.until(order, S.CANCELLED)
    after.refresh_from_db()
    assert after.state == S.SUBMITTED


@pytest.mark.usefixtures("commands")
def test_cancel_all_reaches_the_broker_before_the_database_and_is_audited_when_that_is_back(
    desk: OrderDesk, holder: Holder
) -> None:
    orders = [desk.until(submit(accepted(desk), holder), S.SUBMITTED) for _ in range(2)]
    away = OperationalError("the database is away")
    with (
        patch.object(services, "orders_cancellable", side_effect=away),
        patch("ibportal.gateway.commands.audit_append", side_effect=away) as audit,
    ):
        assert tell(desk, "cancel_all") == {"done": 2}
        for order in orders:
            desk.until(order, S.CANCELLED)
        eventually(lambda: audit.call_count > 1, within=WITHIN, what="a second try")
        assert not AuditEvent.objects.filter(action="gateway.cancel_all").exists()
    written = AuditEvent.objects.filter(action="gateway.cancel_all", actor="a test")
    eventually(written.exists, within=WITHIN, what="the audit")
    assert written.get().data["done"] == 2


@pytest.mark.usefixtures("commands")
def test_cancel_all_finds_in_the_rows_what_the_broker_has_not_answered(
    desk: OrderDesk, holder: Holder
) -> None:
    order = desk.until(submit(accepted(desk), holder), S.SUBMITTED)
    other = desk.until(submit(accepted(desk), holder), S.SUBMITTED)
    until_at = clock.now()
    (first, second) = desk.working.numbers(account=None, own_only=True, until_at=until_at)
    assert {first, second} == {order.ib_order_id, other.ib_order_id}
    desk.working.hear(LinkChanged(LinkState.CONNECTING, until_at, "", ""))
    assert desk.working.numbers(account=None, own_only=True, until_at=until_at) == []

    assert tell(desk, "cancel_all") == {"done": 2}

    desk.until(order, S.CANCELLED)
    desk.until(other, S.CANCELLED)
    no_more = desk.working.numbers(account=None, own_only=True, until_at=clock.now())
    assert no_more == []


@pytest.mark.usefixtures("commands")
def test_cancel_all_of_one_account_leaves_other_accounts_and_programs_alone(
    desk: OrderDesk, holder: Holder
) -> None:
    order = desk.until(submit(accepted(desk), holder), S.SUBMITTED)

    assert tell(desk, "cancel_all", account="DU7654321") == {"done": 0}
    assert not AuditEvent.objects.filter(action="gateway.cancel_all").exists()
    order.refresh_from_db()
    assert order.state == S.SUBMITTED

    assert tell(desk, "cancel_all", account=order.account.code) == {"done": 1}
    desk.until(order, S.CANCELLED)


@pytest.mark.usefixtures("commands")
def test_a_command_nobody_knows_and_one_that_cannot_be_read_are_answered_or_passed(
    desk: OrderDesk,
) -> None:
    store.client().lpush(store.COMMANDS.format(slug=desk.row.slug), b"no json")
    assert "error" in tell(desk, "dance")


@pytest.mark.usefixtures("commands")
def test_an_old_global_cancel_is_not_carried_out(desk: OrderDesk, holder: Holder) -> None:
    order = desk.until(submit(accepted(desk), holder), S.SUBMITTED)
    assert "error" in tell(desk, "global_cancel", at=clock.now().replace(year=2025))
    assert tell(desk, "global_cancel") == {"done": None}
    desk.until(order, S.CANCELLED)


@pytest.mark.usefixtures("commands")
def test_drop_cuts_the_link_and_it_comes_back(desk: OrderDesk) -> None:
    since_at = desk.session.link.since_at
    assert tell(desk, "drop") == {"done": None}
    eventually(
        lambda: desk.ready and desk.session.link.since_at > since_at,
        within=WITHIN,
        what="the link to be back",
    )

"""Orders and cancels go to the gateway worker over lists of their own, in the order they came."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.lib import clock
from apps.lib import redis as store
from apps.risk.models import GateDecision
from apps.trading import services
from apps.trading.holders import Holder
from apps.trading.services import practice
from apps.trading.services.practice import PRACTICE
from apps.trading.services.wake import Errand, wake
from apps.trading.states import OrderState as S
from apps.trading.tasks import orders as tasks
from ibportal.gateway.errands import Errands, carry_out
from tests.order_desk import WITHIN, OrderDesk
from tests.portal import eventually
from tests.wire.sending_desk import accepted, on_the_wire, submit
from tests.wire.test_sending import desk, holder, lease  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def errands(desk: OrderDesk) -> Iterator[list[Errands]]:  # noqa: F811  # a fixture
    found = [Errands(desk.row.slug, kind) for kind in Errand]
    for one in found:
        one.start()
    yield found
    for one in found:
        one.stop()


@pytest.mark.usefixtures("holder", "errands")
def test_an_order_goes_out_and_is_cancelled_without_a_task(desk: OrderDesk) -> None:  # noqa: F811
    order = accepted(desk)
    wake(tasks.submit.name, slug=desk.row.slug, order_id=order.pk)
    desk.until(order, S.SUBMITTED)
    wake(tasks.cancel.name, slug=desk.row.slug, errand=Errand.CANCEL, order_id=order.pk)
    desk.until(order, S.CANCELLED)
    assert on_the_wire(desk, order) == 1


@pytest.mark.usefixtures("holder", "errands")
def test_orders_go_out_in_the_order_in_which_they_were_asked_for(desk: OrderDesk) -> None:  # noqa: F811
    orders = [accepted(desk) for _ in range(6)]
    for order in orders:
        wake(tasks.submit.name, slug=desk.row.slug, order_id=order.pk)
    for order in orders:
        desk.until(order, S.SUBMITTED)
    numbers = [order.ib_order_id or 0 for order in orders]
    assert numbers == sorted(numbers)


@pytest.mark.usefixtures("holder")
def test_what_cannot_be_read_does_not_end_the_thread(
    desk: OrderDesk,  # noqa: F811
    errands: list[Errands],  # they run
) -> None:
    key = store.ERRANDS.format(slug=desk.row.slug, kind=Errand.SEND)
    for raw in (b"{", b"[]", orjson.dumps({"task": "no.such", "kwargs": {}})):
        store.client().lpush(key, raw)
    order = accepted(desk)
    wake(tasks.submit.name, slug=desk.row.slug, order_id=order.pk)
    desk.until(order, S.SUBMITTED)


def test_what_was_sent_last_is_looked_at_again_for_a_minute_and_nothing_is_stored(
    desk: OrderDesk,  # noqa: F811
    holder: Holder,  # noqa: F811
) -> None:
    looks: list[tuple[int, bool]] = []

    def looked(**asked: Any) -> None:
        looks.append((asked["intent"].order_id, asked["before_wire"]))

    order = submit(accepted(desk), holder)
    stored = GateDecision.objects.count()
    sender = Errands(desk.row.slug, Errand.SEND, PRACTICE.look)
    with patch.object(practice, "gate_judge", looked):
        sender.start()
        try:
            eventually(lambda: len(looks) >= 3, within=WITHIN, what="the look to be practised")
        finally:
            sender.stop()
        assert PRACTICE.look(clock.now() + timedelta(minutes=2)) is False
        assert PRACTICE.look(clock.now()) is False, "it is forgotten for good"
    assert set(looks) == {(order.pk, True)}
    assert GateDecision.objects.count() == stored
    assert on_the_wire(desk, order) == 1


def test_an_errand_that_comes_twice_sends_once(desk: OrderDesk, holder: Holder) -> None:  # noqa: F811
    order = submit(accepted(desk), holder)
    for _ in range(2):
        carry_out(orjson.dumps({"task": tasks.submit.name, "kwargs": {"order_id": order.pk}}))
    desk.until(order, S.SUBMITTED)
    assert on_the_wire(desk, order) == 1


def test_sending_an_order_takes_few_statements(
    desk: OrderDesk,  # noqa: F811
    holder: Holder,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Beside the gate's: the order, the claim, what it stands at, sent, and children."""
    until_wire: list[int] = []
    order = accepted(desk)
    with CaptureQueriesContext(connection) as queries:
        place = holder.port.place_order

        def placed(*told: Any) -> None:
            until_wire.append(len(queries))
            place(*told)

        monkeypatch.setattr(holder.port, "place_order", placed)
        services.order_submit(order_id=order.pk, holder=holder, now=clock.now)
    one = 1 if connection.vendor == "postgresql" else 5
    eventually(lambda: on_the_wire(desk, order) == 1, within=30, what="the order")
    # One of them is the stand-in for the gate keeping its decision.
    assert until_wire[0] <= 3 + one, [q["sql"] for q in queries]
    assert len(queries) <= 5 + 2 * one, [q["sql"] for q in queries]

"""The broker's words about orders become rows: idempotent, and whatever order they come in."""

from decimal import Decimal

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.lib import clock
from apps.risk.models import Alert
from apps.trading import ingest
from apps.trading.models import CommissionReport, Execution, Order, OrderChange, OrderEvent
from apps.trading.states import OrderState as S
from tests.factories import make_account, make_connection, publications, stock
from tests.order_data import (
    CLIENT,
    ORDER_ID,
    PERM,
    Message,
    ask_change,
    error,
    filled,
    make_order,
    opened,
    paid,
    status,
    tell,
)

pytestmark = pytest.mark.django_db


def kinds(order: Order) -> list[str]:
    return [event.kind for event in order.events.all()]


def test_a_market_fill_as_recorded_ends_filled_with_its_average_and_commission() -> None:
    order = make_order(order_type="MKT", limit_price=None, quantity=Decimal(2))
    life: list[Message] = [
        opened("PreSubmitted", order_type="MKT", limit_price=None, quantity=Decimal(2)),
        status("PreSubmitted"),
        filled("a.01.01", 1, 100),
        filled("a.02.01", 1, 110),
        opened("Filled", order_type="MKT", limit_price=None, quantity=Decimal(2)),
        status("Filled", 2),
        status("Filled", 2),
        paid("a.01.01"),
        paid("a.02.01"),
    ]
    tell(order.connection_id, *life)
    order.refresh_from_db()
    assert (order.filled, order.average_price) == (Decimal(2), Decimal("105.00"))
    assert order.state == S.FILLED
    assert (order.commission, order.commission_currency) == (Decimal("2.10"), "USD")
    assert (order.perm_id, order.broker_status, order.reason) == (PERM, "Filled", "")
    assert order.acknowledged_at is not None
    assert order.ended_at is not None
    before = OrderEvent.objects.count()
    tell(order.connection_id, *life, *life[::-1])
    assert OrderEvent.objects.count() == before
    assert Execution.objects.count() == 2


def test_events_are_numbered_and_say_before_and_after() -> None:
    order = make_order()
    tell(order.connection_id, opened("PreSubmitted"), opened("Submitted"), filled("a.01.01", 10))
    rows = [(e.number, e.kind, e.before, e.after, e.origin) for e in order.events.all()]
    assert rows == [
        (1, "status", "sent", "pre_submitted", "broker"),
        (2, "status", "pre_submitted", "submitted", "broker"),
        (3, "fill", "submitted", "filled", "broker"),
    ]


def test_a_correction_replaces_and_a_bust_removes() -> None:
    order = make_order(quantity=Decimal(2))
    tell(order.connection_id, filled("a.01.01", 1, 100), filled("a.02.01", 1, 110), paid("a.02.01"))
    tell(order.connection_id, filled("a.01.02", 1, 102))
    order.refresh_from_db()
    assert (order.filled, order.average_price) == (Decimal(2), Decimal(106))
    tell(order.connection_id, filled("a.02.02", 0, 110))
    order.refresh_from_db()
    assert (order.filled, order.average_price) == (Decimal(1), Decimal(102))
    assert order.commission is None
    assert kinds(order) == ["fill", "fill", "commission", "correction", "bust", "alarm"]


def test_a_commission_before_its_execution_joins_it_later() -> None:
    order = make_order()
    tell(order.connection_id, paid("a.01.01", "0.35"), paid("a.01.01", "0.35"))
    assert CommissionReport.objects.count() == 1
    tell(order.connection_id, filled("a.01.01", 4))
    order.refresh_from_db()
    assert order.state == S.SUBMITTED
    assert (order.filled, order.commission) == (Decimal(4), Decimal("0.35"))


def test_a_change_is_confirmed_by_the_open_order_that_shows_it() -> None:
    order = make_order()
    tell(order.connection_id, opened("Submitted"))
    change = ask_change(order, quantity=Decimal(7), limit_price=Decimal(101))
    new = opened("Submitted", quantity=Decimal(7), limit_price=Decimal(101))
    tell(order.connection_id, opened("Submitted"), new, opened("Submitted"), new)
    order.refresh_from_db()
    change.refresh_from_db()
    assert change.state == OrderChange.State.CONFIRMED
    assert (order.quantity, order.limit_price) == (Decimal(7), Decimal(101))
    assert kinds(order) == ["status", "change_confirmed"]


@pytest.mark.parametrize("code", [103, 104, 105, 201])
def test_a_refused_change_leaves_the_order_as_it_was(code: int) -> None:
    order = make_order()
    tell(order.connection_id, opened("Submitted"))
    change = ask_change(order, quantity=Decimal(7))
    tell(order.connection_id, error(code), error(code))
    order.refresh_from_db()
    change.refresh_from_db()
    assert (change.state, change.reason) == (OrderChange.State.REFUSED, f"{code}: text of {code}")
    assert (order.state, order.quantity, order.reason) == (S.SUBMITTED, Decimal(10), "")
    assert kinds(order) == ["status", "change_refused"]


def test_two_changes_on_the_wire_end_with_the_newer_whatever_comes_first() -> None:
    order = make_order()
    first = ask_change(order, limit_price=Decimal(101))
    second = ask_change(order, number=2, limit_price=Decimal(102))
    for price in (102, 100, 101, 102, 101):
        tell(order.connection_id, opened("Submitted", limit_price=Decimal(price)))
    order.refresh_from_db()
    assert order.limit_price == 102
    for change in (first, second):
        change.refresh_from_db()
        assert change.state == OrderChange.State.CONFIRMED


def test_what_somebody_changed_in_tws_is_shown() -> None:
    order = make_order()
    tell(order.connection_id, opened("Submitted"), opened("Submitted", limit_price=Decimal(99)))
    order.refresh_from_db()
    assert order.limit_price == 99
    assert kinds(order) == ["status", "amended"]


def test_a_reject_has_the_brokers_reason() -> None:
    order = make_order()
    tell(order.connection_id, error(201, "No such luck"), opened("Inactive"), status("Inactive"))
    order.refresh_from_db()
    assert (order.state, order.reason_code, order.reason) == (S.REJECTED, "201", "No such luck")


def test_10349_leaves_the_order_alive() -> None:
    order = make_order()
    tell(order.connection_id, opened("Submitted"), status("Cancelled"), error(10349))
    order.refresh_from_db()
    assert (order.state, order.ended_at) == (S.SUBMITTED, None)


def test_an_order_id_alone_is_no_identity() -> None:
    """After a restart the id came again, for an order of another program with our client id."""
    order = make_order(perm_id=PERM)
    tell(order.connection_id, status("Cancelled", perm_id=PERM + 1))
    tell(order.connection_id, opened("Cancelled", perm_id=PERM + 1, order_ref="other"))
    order.refresh_from_db()
    assert order.state == S.SENT
    other = Order.objects.get(perm_id=PERM + 1)
    assert (other.external, other.ib_order_id, other.state) == (True, ORDER_ID, S.CANCELLED)


def test_the_reference_finds_an_order_whose_ids_are_lost() -> None:
    order = make_order(client_id=None, ib_order_id=None, state=S.UNKNOWN)
    tell(order.connection_id, opened("Submitted"))
    order.refresh_from_db()
    ids = (order.perm_id, order.client_id, order.ib_order_id)
    assert (order.state, ids) == (S.SUBMITTED, (PERM, CLIENT, ORDER_ID))


def test_an_order_of_another_program_becomes_an_external_row() -> None:
    account = make_account(make_connection())
    contract = stock(4815747, "NVDA")
    told = opened("Submitted", client_id=3, order_ref="", contract=contract)
    done = filled("z.01.01", 10, order_ref="", client_id=3, contract=contract)
    tell(account.connection_id, done, told, told)
    order = Order.objects.get()
    assert (order.external, order.instrument.symbol, order.ref) == (True, "NVDA", "")
    assert (order.state, order.filled) == (S.FILLED, Decimal(10))
    assert kinds(order) == ["external", "fill"]


def test_an_order_with_our_reference_and_no_row_raises_the_alarm() -> None:
    account = make_account(make_connection())
    tell(account.connection_id, opened("Submitted"))
    order = Order.objects.get()
    assert (order.external, order.reason_code) == (True, "foreign_ref")
    assert kinds(order) == ["external", "alarm"]


def test_a_second_order_with_the_same_reference_is_not_taken_for_the_first() -> None:
    order = make_order(perm_id=PERM)
    tell(order.connection_id, opened("Submitted", perm_id=PERM + 1, order_id=ORDER_ID + 1))
    order.refresh_from_db()
    assert (order.state, Order.objects.count()) == (S.SENT, 2)
    assert Order.objects.get(perm_id=PERM + 1).reason_code == "foreign_ref"


def test_the_broker_is_believed_when_it_has_what_was_thought_unsent() -> None:
    order = make_order(state=S.NOT_SENT)
    tell(order.connection_id, opened("Submitted"))
    order.refresh_from_db()
    assert order.state == S.SUBMITTED
    assert kinds(order) == ["contradiction", "alarm"]
    assert Alert.objects.get().data["order"] == order.pk


def test_more_filled_than_ordered_raises_the_alarm_once() -> None:
    order = make_order(quantity=Decimal(2))
    tell(order.connection_id, filled("a.01.01", 3), filled("a.01.01", 3), paid("a.01.01"))
    order.refresh_from_db()
    assert (order.state, order.filled, order.remaining) == (S.FILLED, Decimal(3), Decimal(0))
    alert = Alert.objects.get()
    assert (alert.code, alert.severity, alert.count) == ("overfilled", "critical", 1)
    assert "beyond its quantity" in alert.sentence


def test_messages_about_nothing_known_change_nothing() -> None:
    account = make_account(make_connection())
    tell(account.connection_id, status("Filled", 10), error(201), paid("x.01.01"))
    assert (Order.objects.count(), OrderEvent.objects.count()) == (0, 0)


def test_pages_are_told_of_changes_and_not_of_repetitions(
    django_capture_on_commit_callbacks: object,
) -> None:
    order = make_order()
    with publications() as events:
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
            tell(order.connection_id, opened("Submitted"))
        told = len(events)
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
            tell(order.connection_id, opened("Submitted"))
    assert told == len(events) == 1
    assert events[0][0] == f"orders:{order.account_id}"


def test_an_order_and_its_fills_are_told_as_one_event(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    order = make_order()
    with publications() as events, django_capture_on_commit_callbacks(execute=True):
        at = clock.now()
        fills = [filled("a.01.01", 4, at=at), filled("a.02.01", 6, at=at)]
        told_too = [paid("a.01.01"), paid("a.02.01")]
        ingest.on_order_news(order.connection_id, [*fills, *told_too], CLIENT, at)
    ((topic, told),) = events
    assert topic == f"orders:{order.account_id}"
    assert told["orders"][str(order.pk)]["state"] == "filled"
    assert told["orders"][str(order.pk)]["commission"] == "2.1"
    shown = told["executions"]
    assert {base: row["quantity"] for base, row in shown.items()} == {"a.01": "4", "a.02": "6"}
    assert {row["commission"] for row in shown.values()} == {"1.05"}


def test_a_fill_on_another_account_is_told_to_that_accounts_page(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    order = make_order()
    other = make_account(order.account.connection, "DU7654321")
    at = clock.now()
    with publications() as events, django_capture_on_commit_callbacks(execute=True):
        told = filled("a.01.01", 10, at=at, account=other.code)
        ingest.on_order_news(order.connection_id, [told], CLIENT, at)
    pages = dict(events)
    assert set(pages) == {f"orders:{order.account_id}", f"orders:{other.pk}"}
    assert "executions" not in pages[f"orders:{order.account_id}"]
    assert pages[f"orders:{other.pk}"]["executions"]["a.01"]["quantity"] == "10"

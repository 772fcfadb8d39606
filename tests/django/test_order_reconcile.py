"""A picture of the broker's orders against our rows: what it proves, and what stays unknown."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import Permission

from apps.accounts.ingest import on_link
from apps.accounts.models import Connection
from apps.lib.errors import Invalid, NotAllowed
from apps.risk.models import LedgerBalance
from apps.trading import services
from apps.trading.ledger import ledger
from apps.trading.models import Execution, Order, OrderEvent, OutageReport
from apps.trading.reconcile import BrokerPicture
from apps.trading.services import reconciling
from apps.trading.states import OrderState as S
from ibkr.types import LinkChanged, LinkState
from tests.factories import NOON, hold, later, make_user, stock
from tests.order_data import (
    CLIENT,
    ORDER_ID,
    PERM,
    completed,
    error,
    filled,
    make_order,
    opened,
    status,
    tell,
)

pytestmark = pytest.mark.django_db


def look(order: Order, *, seconds: float = 60, **told: Any) -> services.Outage:
    """A picture asked for so many seconds after noon; the row is read anew."""
    at = later(seconds=seconds)
    fields: dict[str, Any] = {"open_orders": (), "completed": (), "executions": ()}
    picture = BrokerPicture(
        **fields | told,
        client_id=CLIENT,
        next_order_id=ORDER_ID + 1,
        asked_at=at,
        taken_at=at + timedelta(seconds=1),
    )
    outage = services.reconcile(
        connection_id=order.connection_id, picture=picture, at=picture.taken_at
    )
    order.refresh_from_db()
    return outage


def link(order: Order, state: LinkState, *, seconds: float) -> None:
    change = LinkChanged(state, later(seconds=seconds), "", state.value)
    on_link(connection_id=order.connection_id, change=change)


def adopt(order: Order, *held: tuple[int, str]) -> None:
    rows = [(0, "0"), *held]
    for con_id, quantity in rows:
        LedgerBalance.objects.create(
            account=order.account, con_id=con_id, quantity=Decimal(quantity), at=NOON
        )


@pytest.mark.parametrize("state", [S.CLAIMED, S.SENT, S.UNKNOWN])
def test_a_claimed_order_that_a_complete_picture_lacks_was_never_sent(state: S) -> None:
    order = make_order(state=state, sent_at=None)
    look(order)
    assert (order.state, order.reason_code) == (S.NOT_SENT, "absent")
    assert order.ended_at is not None
    events = OrderEvent.objects.count()
    look(order, seconds=120)
    assert OrderEvent.objects.count() == events


def test_an_order_that_is_just_on_its_way_is_left_for_the_next_picture() -> None:
    order = make_order()
    assert look(order, seconds=5).look_again
    assert order.state == S.SENT
    assert not look(order, seconds=11).look_again
    assert order.state == S.NOT_SENT


def test_a_working_order_heard_of_a_moment_ago_is_left_for_the_next_picture() -> None:
    order = make_order()
    tell(order.connection_id, opened("Submitted"), seconds=59)
    assert look(order).look_again
    assert order.state == S.SUBMITTED
    look(order, seconds=65)
    assert (order.state, order.reason_code) == (S.CANCELLED, "gone")


def test_only_a_picture_that_the_rows_hold_whole_counts_as_one() -> None:
    order = make_order()
    look(order, seconds=60)
    whole = Connection.objects.get(pk=order.connection_id).orders_at
    assert whole == later(seconds=60)

    failing = patch.object(reconciling, "_apply", side_effect=ValueError("cannot be written"))
    with failing:
        look(order, seconds=120, open_orders=(opened("Submitted"),))
    assert Connection.objects.get(pk=order.connection_id).orders_at == whole

    look(order, seconds=180, open_orders=(opened("Submitted"),))
    assert Connection.objects.get(pk=order.connection_id).orders_at == later(seconds=180)


def test_a_socket_that_is_gone_needs_no_grace() -> None:
    order = make_order()
    link(order, LinkState.READY, seconds=-600)
    link(order, LinkState.CONNECTING, seconds=1)
    look(order, seconds=5)
    assert order.state == S.NOT_SENT


def test_an_accepted_order_is_none_of_the_brokers_business() -> None:
    order = make_order(state=S.ACCEPTED, claimed_at=None, sent_at=None, ib_order_id=None)
    look(order)
    assert order.state == S.ACCEPTED


def test_an_order_of_an_earlier_day_stays_unknown_until_the_position_tells() -> None:
    yesterday = NOON - timedelta(days=1)
    order = make_order(claimed_at=yesterday, sent_at=yesterday)
    look(order)
    assert (order.state, order.reason_code) == (S.UNKNOWN, "too_old")
    assert "settle it here" in order.reason
    adopt(order)
    look(order, seconds=120)
    assert (order.state, order.reason_code) == (S.NOT_SENT, "absent")


def test_an_order_that_was_not_transmitted_cannot_be_seen_by_anybody() -> None:
    order = make_order(transmit=False)
    look(order)
    assert (order.state, order.reason_code) == (S.UNKNOWN, "not_transmitted")


def test_an_unknown_order_that_is_open_at_the_broker_works_again() -> None:
    order = make_order(state=S.UNKNOWN)
    look(order, open_orders=(opened("Submitted"),))
    assert (order.state, order.perm_id) == (S.SUBMITTED, PERM)


def test_a_crash_between_claim_and_answer_is_settled_by_the_executions() -> None:
    order = make_order(state=S.CLAIMED, sent_at=None)
    outage = look(order, executions=(filled("a.01.01", 10, 101),))
    assert order.state == S.FILLED
    assert (order.filled, order.average_price) == (Decimal(10), Decimal(101))
    assert outage.report is not None
    assert [row["exec_id"] for row in outage.data["fills"]] == ["a.01.01"]


def test_a_working_order_that_was_filled_while_away() -> None:
    order = make_order()
    tell(order.connection_id, opened("Submitted"), filled("a.01.01", 4))
    done = completed("Filled", "Filled Size: 10", filled=10)
    look(order, completed=(done,), executions=(filled("a.01.01", 4), filled("a.02.01", 6)))
    assert (order.state, order.filled) == (S.FILLED, Decimal(10))
    assert Execution.objects.count() == 2


def test_a_completed_order_has_the_last_word_on_10349() -> None:
    order = make_order()
    tell(order.connection_id, opened("Submitted"), status("Cancelled"), error(10349))
    look(order, completed=(completed("Cancelled", "Cancelled by System"),))
    assert (order.state, order.reason) == (S.CANCELLED, "Cancelled by System")


def test_a_rejected_order_is_told_by_the_completed_ones() -> None:
    order = make_order()
    look(order, completed=(completed("Inactive", "Order rejected - reason:Margin"),))
    assert (order.state, order.reason) == (S.REJECTED, "Order rejected - reason:Margin")


def test_a_word_that_was_wrong_is_taken_back_by_a_later_picture() -> None:
    order = make_order()
    tell(order.connection_id, opened("Submitted"), status("Cancelled"))
    order.refresh_from_db()
    assert order.state == S.CANCELLED
    look(order, open_orders=(opened("Submitted"),))
    assert (order.state, order.ended_at) == (S.SUBMITTED, None)
    kinds = list(order.events.values_list("kind", "origin"))
    assert kinds[-1] == ("renewed", "reconcile")


def test_a_picture_older_than_the_last_word_takes_nothing_back() -> None:
    order = make_order()
    tell(order.connection_id, opened("Submitted"), seconds=50)
    tell(order.connection_id, status("Cancelled"), seconds=61)
    look(order, open_orders=(opened("Submitted"),))
    assert order.state == S.CANCELLED


def test_a_cancel_that_the_exchange_refused_leaves_a_working_order() -> None:
    order = make_order()
    tell(order.connection_id, opened("Submitted"), status("PendingCancel"), error(161))
    look(order, open_orders=(opened("Submitted"),))
    assert order.state == S.SUBMITTED


def test_a_working_order_that_is_gone_today_was_not_filled() -> None:
    order = make_order()
    tell(order.connection_id, opened("Submitted"))
    look(order)
    assert (order.state, order.reason_code) == (S.CANCELLED, "gone")


def test_a_working_order_of_friday_is_unknown_on_monday_unless_the_position_tells() -> None:
    order = make_order()
    tell(order.connection_id, opened("Submitted"))
    monday = 5 * 86_400
    look(order, seconds=monday)
    assert (order.state, order.reason_code) == (S.UNKNOWN, "ended_unseen")
    adopt(order)
    hold(order.account, (stock(), "10", "100"))
    look(order, seconds=monday + 60)
    assert order.state == S.UNKNOWN, "somebody bought ten: it may have been this order"
    hold(order.account)
    look(order, seconds=monday + 120)
    assert (order.state, order.reason_code) == (S.CANCELLED, "gone")


def test_what_changed_in_tws_meanwhile_is_shown() -> None:
    order = make_order()
    tell(order.connection_id, opened("Submitted"), opened("Submitted", limit_price=Decimal(99)))
    look(order, open_orders=(opened("Submitted", limit_price=Decimal(100)),))
    assert order.limit_price == 100, "back to what it was: messages alone would not tell"


def test_orders_placed_elsewhere_are_shown_and_end_without_being_touched() -> None:
    order = make_order(state=S.FILLED)
    manual = opened("Submitted", perm_id=5, order_id=0, client_id=0, order_ref="")
    outage = look(order, open_orders=(manual,))
    other = Order.objects.get(perm_id=5)
    assert (other.external, other.state) == (True, S.SUBMITTED)
    assert [row["order"] for row in outage.data["external"]] == [other.pk]
    look(order, seconds=120)
    other.refresh_from_db()
    assert other.state == S.CANCELLED


def test_an_order_placed_and_filled_elsewhere_while_away_has_its_fill() -> None:
    order = make_order(state=S.FILLED)
    fill = filled("m.01.01", 3, perm_id=6, order_id=0, client_id=0, order_ref="")
    told = completed(
        "Filled", perm_id=6, filled=3, order_ref="", quantity=Decimal(3), limit_price=None
    )
    for seconds in (60, 120):
        look(order, seconds=seconds, completed=(told,), executions=(fill,))
    other = Order.objects.get(perm_id=6)
    assert (other.external, other.state, other.filled) == (True, S.FILLED, Decimal(3))
    assert other.executions.count() == 1


def test_an_outage_is_reported_once() -> None:
    order = make_order()
    adopt(order)
    tell(order.connection_id, opened("Submitted"))
    link(order, LinkState.READY, seconds=1)
    assert look(order, seconds=30, open_orders=(opened("Submitted"),)).report is None
    link(order, LinkState.DISCONNECTED, seconds=40)
    link(order, LinkState.RECONCILING, seconds=55)
    hold(order.account, (stock(), "4", "100"))
    outage = look(order, executions=(filled("a.01.01", 3),))
    assert outage.report is not None
    assert (outage.report.from_at, outage.from_at) == (later(seconds=40), later(seconds=40))
    assert set(outage.data) == {"fills", "positions"}
    assert outage.data["positions"][0] | {"account": 0} == {
        "account": 0,
        "con_id": 265598,
        "broker": "4",
        "ledger": "3",
    }
    link(order, LinkState.READY, seconds=65)
    assert look(order, seconds=62, open_orders=(opened("Submitted"),)).report is None
    assert OutageReport.objects.count() == 1


def test_a_person_settles_an_unknown_order_and_the_broker_may_still_correct_it() -> None:
    order = make_order(transmit=False)
    look(order)
    bob = make_user("bob", order.account)
    with pytest.raises(NotAllowed):
        services.order_settle(user=bob, order=order, outcome="cancelled", reason="x", at=NOON)
    bob.user_permissions.add(Permission.objects.get(codename="trade"))
    bob = type(bob).objects.get(pk=bob.pk)
    for outcome, reason in (("filled", "I think"), ("cancelled", " ")):
        with pytest.raises(Invalid):
            services.order_settle(user=bob, order=order, outcome=outcome, reason=reason, at=NOON)
    services.order_settle(
        user=bob, order=order, outcome="not_sent", reason="Removed in TWS.", at=NOON
    )
    order.refresh_from_db()
    assert (order.state, order.reason) == (S.NOT_SENT, "Removed in TWS.")
    with pytest.raises(Invalid):
        services.order_settle(user=bob, order=order, outcome="cancelled", reason="x", at=NOON)
    tell(order.connection_id, opened("Submitted"))
    order.refresh_from_db()
    assert order.state == S.SUBMITTED


def test_the_ledger_is_the_balance_and_every_fill_after_it() -> None:
    order = make_order()
    tell(order.connection_id, filled("old.01.01", 5), seconds=-60)
    assert ledger(order.account_id) == {}
    adopt(order, (265598, "5"), (700001, "-2"))
    assert ledger(order.account_id) == {265598: 5, 700001: -2}
    tell(order.connection_id, filled("a.01.01", 3), filled("b.01.01", 1, side="SLD"), seconds=60)
    assert ledger(order.account_id) == {265598: 7, 700001: -2}
    tell(order.connection_id, filled("old.01.02", 0), seconds=70)
    assert ledger(order.account_id)[265598] == 2, "a bust of a fill from before the balance"
    early = filled("late.01.01", 9, at=NOON - timedelta(hours=1))
    tell(order.connection_id, early, seconds=80)
    assert ledger(order.account_id)[265598] == 2, "it was in the balance when it was adopted"

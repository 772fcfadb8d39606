"""Links that were lost: which working orders the policy ends at reconnect, and how that is told."""

from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.ingest import on_link
from apps.accounts.models import AuditEvent, BrokerAccount
from apps.accounts.selectors import audit_verified
from apps.lib import clock
from apps.lib.errors import Invalid, Unavailable
from apps.risk.models import Alert
from apps.risk.services import limit_change
from apps.risk.services.limits import LimitScope
from apps.trading import services
from apps.trading.models import DisconnectCancel, Order, Source
from apps.trading.reconcile import BrokerPicture
from apps.trading.services import disconnects
from apps.trading.services.cancels import order_cancel
from apps.trading.services.disconnects import disconnects_follow
from apps.trading.states import OrderState as S
from ibkr.types import LinkChanged, LinkState
from tests.factories import make_account, make_connection, make_user
from tests.order_data import CLIENT, make_instrument, make_order, opened
from tests.risk_data import make_officer

pytestmark = pytest.mark.django_db
START = clock.now() - timedelta(minutes=30)


@pytest.fixture
def account() -> BrokerAccount:
    made = make_account(make_connection(client_id=CLIENT))
    link(made, LinkState.READY, 0)
    return made


def moment(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def link(account: BrokerAccount, state: LinkState, seconds: float) -> None:
    change = LinkChanged(state, moment(seconds), f"{seconds}", state.value)
    on_link(connection_id=account.connection_id, change=change)


def resting(account: BrokerAccount, number: int = 11, **fields: Any) -> Order:
    """At the broker since before the link was lost."""
    given: dict[str, Any] = {"state": S.SUBMITTED, "ref": f"ibp-test-{number}", "tif": "GTC"}
    times = dict.fromkeys(("accepted_at", "claimed_at", "sent_at"), moment(1))
    ids = {"ib_order_id": number, "perm_id": 900_000 + number}
    return make_order(account, **given | times | ids | fields)


def policy(account: BrokerAccount, value: str = "cancel", **scope: Any) -> None:
    officer = make_officer(f"officer{Alert.objects.count()}{len(scope)}{value}", account)
    where = LimitScope(account=account, **scope)
    limit_change(
        user=officer, code="disconnect_policy", name="policy", value=value, reason="tests",
        scope=where, at=START,
    )  # fmt: skip


def back(account: BrokerAccount, *orders: Order, lost: float = 100, seconds: float) -> None:
    """The link is lost, and so many seconds later a picture shows these orders still working."""
    link(account, LinkState.DISCONNECTED, lost)
    again(account, *orders, seconds=lost + seconds)


def again(account: BrokerAccount, *orders: Order, seconds: float) -> None:
    link(account, LinkState.RECONCILING, seconds)
    told = tuple(
        opened(
            "Submitted", order_ref=order.ref, order_id=order.ib_order_id, perm_id=order.perm_id,
            tif=order.tif,
        )
        for order in orders
    )  # fmt: skip
    at = moment(seconds)
    picture = BrokerPicture(
        open_orders=told, completed=(), executions=(), client_id=CLIENT, next_order_id=100,
        asked_at=at, taken_at=at,
    )  # fmt: skip
    services.reconcile(connection_id=account.connection_id, picture=picture, at=at)
    for order in orders:
        order.refresh_from_db()


def asked(order: Order) -> bool:
    return order.cancel_asked_at is not None


@pytest.mark.parametrize(("seconds", "ends"), [(59, False), (60, True), (3600, True)])
def test_a_loss_of_the_policys_length_ends_the_order(
    account: BrokerAccount, seconds: float, *, ends: bool
) -> None:
    policy(account)
    order = resting(account)
    back(account, order, seconds=seconds)

    assert asked(order) is ends
    assert DisconnectCancel.objects.exists() is ends
    assert Alert.objects.filter(code="disconnect_cancel").exists() is ends


@pytest.mark.parametrize("value", ["keep", "day_only"])
def test_other_policies_end_nothing(account: BrokerAccount, value: str) -> None:
    policy(account, value)
    order = resting(account)
    back(account, order, seconds=3600)
    assert not asked(order)


def test_it_is_kept_with_audit_and_an_alert_that_says_how_long_and_how_many(
    account: BrokerAccount,
) -> None:
    policy(account)
    orders = [resting(account, 11), resting(account, 12)]
    back(account, *orders, seconds=600)

    loss = DisconnectCancel.objects.get()
    assert (loss.lost_at, loss.back_at) == (moment(100), moment(700))
    assert set(loss.orders.all()) == set(orders)
    event = AuditEvent.objects.get(action="orders.disconnect_cancel")
    assert event.data["orders"] == [order.pk for order in orders]
    assert AuditEvent.objects.filter(action="order.cancel").count() == 2
    assert audit_verified().whole
    alert = Alert.objects.get(code="disconnect_cancel")
    assert "lost for 600 s" in alert.sentence
    assert "2 working order(s)" in alert.sentence


def test_the_narrowest_scope_decides_order_by_order(account: BrokerAccount) -> None:
    protecting = make_instrument()
    policy(account)
    policy(account, "keep", strategy="stops")
    kept = resting(account, 11, strategy="stops", instrument=protecting)
    ended = resting(account, 12, instrument=protecting)
    back(account, kept, ended, seconds=600)
    assert (asked(kept), asked(ended)) == (False, True)


def test_orders_placed_elsewhere_and_those_that_flatten_stay(account: BrokerAccount) -> None:
    policy(account)
    other = resting(account, 11, source=Source.EXTERNAL)
    closing = resting(account, 12, source=Source.FLATTEN)
    back(account, other, closing, seconds=600)
    assert (asked(other), asked(closing)) == (False, False)


def test_an_order_that_cannot_be_asked_for_holds_up_no_other_and_is_followed(
    account: BrokerAccount,
) -> None:
    policy(account)
    first, second = resting(account, 11), resting(account, 12)

    def refusing(*, order: Order, **more: Any) -> Order:
        if order.pk == first.pk:
            raise Unavailable("not now")
        return order_cancel(order=order, **more)

    with patch.object(disconnects, "order_cancel", refusing):
        back(account, first, second, seconds=600)

    assert (asked(first), asked(second)) == (False, True)
    assert set(DisconnectCancel.objects.get().orders.all()) == {first, second}


def test_the_same_loss_is_judged_again_and_asks_once(account: BrokerAccount) -> None:
    policy(account)
    order = resting(account)
    back(account, order, seconds=600)
    asked_at = order.cancel_asked_at
    again(account, order, seconds=710)
    assert order.cancel_asked_at == asked_at
    assert DisconnectCancel.objects.count() == 1
    assert Alert.objects.get(code="disconnect_cancel").count == 1


def test_a_link_that_fails_again_before_it_is_ready_counts_from_the_first_loss(
    account: BrokerAccount,
) -> None:
    policy(account)
    order = resting(account)
    back(account, order, seconds=5)
    assert not asked(order)
    link(account, LinkState.DISCONNECTED, 106)
    again(account, order, seconds=400)
    assert asked(order)


def test_a_picture_while_the_link_is_ready_ends_nothing(account: BrokerAccount) -> None:
    policy(account)
    order = resting(account)
    back(account, order, seconds=5)
    link(account, LinkState.READY, 110)
    at = moment(900)
    picture = BrokerPicture(
        open_orders=(), completed=(), executions=(), client_id=CLIENT, next_order_id=100,
        asked_at=at, taken_at=at,
    )  # fmt: skip
    services.reconcile(connection_id=account.connection_id, picture=picture, at=at)
    assert not DisconnectCancel.objects.exists()


def test_the_brokers_word_confirms_it_and_calls_the_alert_off(account: BrokerAccount) -> None:
    policy(account)
    order = resting(account)
    back(account, order, seconds=600)

    disconnects_follow(at=moment(720))
    assert DisconnectCancel.objects.get().confirmed_at is None
    Order.objects.filter(pk=order.pk).update(state=S.CANCELLED, ended_at=moment(721))
    disconnects_follow(at=moment(725))

    assert DisconnectCancel.objects.get().confirmed_at == moment(725)
    assert Alert.objects.get(code="disconnect_cancel").recovered_at == moment(725)
    assert not Alert.objects.filter(code="disconnect_overdue").exists()


def test_what_the_broker_does_not_confirm_is_told_once_as_critical(account: BrokerAccount) -> None:
    policy(account)
    order = resting(account)
    back(account, order, seconds=600)
    for seconds in (755, 762, 767):
        disconnects_follow(at=moment(seconds))
    alert = Alert.objects.get(code="disconnect_overdue")
    assert (alert.severity, alert.count, alert.account) == ("critical", 1, account)
    assert "1 order(s)" in alert.sentence


def test_the_page_says_what_was_ended_and_how_it_stands(
    account: BrokerAccount, client: Client
) -> None:
    policy(account)
    order = resting(account)
    back(account, order, seconds=600)
    client.force_login(make_user("alice", account))
    Order.objects.filter(pk=order.pk).update(state=S.CANCELLED)

    page = client.get(reverse("outages")).content.decode()

    assert "Ended by the policy for lost links" in page
    assert reverse("order", args=[order.pk]) in page
    assert "cancelled" in page.lower()
    client.force_login(make_user("bob", make_account(account.connection, "DU7654321")))
    assert "policy for lost links" not in client.get(reverse("outages")).content.decode()


def test_only_a_policy_that_exists_can_be_set(account: BrokerAccount) -> None:
    with pytest.raises(Invalid) as caught:
        policy(account, "cancle")
    assert "keep, cancel, day_only" in str(caught.value.fields)

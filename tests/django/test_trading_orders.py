"""Orders from intent to committed row: shapes, prices, gate, keys, brackets, cancels, changes."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest
from django.contrib.auth.models import Permission, User

from apps.accounts.models import AuditEvent, BrokerAccount
from apps.lib import redis as store
from apps.lib.errors import Invalid, NotAllowed
from apps.marketdata.models import Instrument
from apps.risk.errors import GateRefused
from apps.risk.models import GateDecision, KillSwitch
from apps.trading import services
from apps.trading.errors import OddLot
from apps.trading.flattening import TradingCloser
from apps.trading.models import Order, OrderChange
from apps.trading.services.wake import Errand
from apps.trading.states import OrderState as S
from tests.factories import NOON, later, make_account, make_connection, make_user
from tests.gate_data import AAPL, ready_to_trade
from tests.marketdata_data import instrument

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_redis")]

Place = Callable[..., Order]
Bracket = Callable[..., tuple[Order, Order, Order]]


@pytest.fixture
def account(empty_redis: None) -> Iterator[BrokerAccount]:
    found = make_account(make_connection(), "DU1234567")
    with ready_to_trade(found):
        yield found


@pytest.fixture
def alice(account: BrokerAccount) -> User:
    user = make_user("alice", account)
    user.user_permissions.add(Permission.objects.get(codename="trade"))
    return User.objects.get(pk=user.pk)


@pytest.fixture
def place(account: BrokerAccount, alice: User) -> Place:
    def placed(**fields: Any) -> Order:
        told: dict[str, Any] = {
            "user": alice,
            "account": account,
            "instrument": Instrument.objects.get(con_id=AAPL),
            "source": "page",
            "side": "BUY",
            "quantity": Decimal(10),
            "order_type": "LMT",
            "tif": "DAY",
            "limit_price": Decimal("99.50"),
            "at": NOON,
        }
        return services.order_place(**(told | fields))

    return placed


LISTS = [store.ERRANDS.format(slug="paper", kind=kind) for kind in Errand]


def waiting() -> int:
    """Messages for the gateway worker of the test's connection."""
    return sum(int(store.client().llen(name)) for name in LISTS)


def sent_again() -> int:
    """Tasks for it: what the sweep makes of lost messages."""
    return int(store.client().llen("gateway.paper"))


def test_an_accepted_order_is_committed_with_its_reasons_and_then_enqueued(place: Place) -> None:
    order = place()
    assert order.state == S.ACCEPTED
    assert order.ref.startswith("ibp-")
    assert len(order.ref) == 30
    assert order.decision is not None
    assert order.arrival_price == Decimal(100)
    assert [(e.kind, e.after) for e in order.events.all()] == [("accepted", "accepted")]
    assert AuditEvent.objects.get(action="order.place").actor == "alice"
    assert waiting() == 1


def test_prices_are_rounded_so_that_they_are_never_worse(place: Place) -> None:
    assert place(limit_price=Decimal("99.517")).limit_price == Decimal("99.51")
    sale = place(side="SELL", limit_price=Decimal("100.511"))
    assert sale.limit_price == Decimal("100.52")


def test_a_wrong_shape_names_its_field_and_stores_nothing(place: Place) -> None:
    with pytest.raises(Invalid) as caught:
        place(order_type="MKT")
    assert list(caught.value.fields) == ["limit_price"]
    assert not Order.objects.exists()
    assert not GateDecision.objects.exists()


def test_a_quantity_off_the_board_lot_is_refused_and_a_whole_one_passes(place: Place) -> None:
    instrument(AAPL, "AAPL", min_size=Decimal(100), size_increment=Decimal(100))
    with pytest.raises(Invalid) as caught:
        place(quantity=Decimal(150))
    assert list(caught.value.fields) == ["quantity"]
    order = place(quantity=Decimal(200))
    assert order.decision is not None
    (verdict,) = [v for v in order.decision.verdicts if v["code"] == "tick_lot"]
    assert verdict["limit"] == "100"


def test_flattening_closes_whole_lots_and_says_what_is_left(
    place: Place, account: BrokerAccount
) -> None:
    instrument(AAPL, "AAPL", min_size=Decimal(40), size_increment=Decimal(40))
    closer = TradingCloser()
    pk = closer.close(account.pk, AAPL, Decimal(100), key="flat-1", at=NOON)
    assert Order.objects.get(pk=pk).quantity == 80
    with pytest.raises(OddLot, match="whole lots of 40") as caught:
        closer.close(account.pk, AAPL, Decimal(-20), key="flat-2", at=NOON)
    assert caught.value.remedy


def test_who_may_only_look_places_nothing(place: Place, account: BrokerAccount) -> None:
    with pytest.raises(NotAllowed):
        place(user=make_user("bob", account))
    charlie = make_user("charlie")
    charlie.user_permissions.add(Permission.objects.get(codename="trade"))
    with pytest.raises(NotAllowed):
        place(user=User.objects.get(pk=charlie.pk))


def test_a_refusal_of_the_gate_is_kept_and_no_order_is_made(place: Place) -> None:
    with pytest.raises(GateRefused) as caught:
        place(quantity=Decimal(1_000_000))
    assert caught.value.code
    assert not Order.objects.exists()
    assert GateDecision.objects.get().passed is False
    assert waiting() == 0


def test_the_same_key_again_gives_the_first_order(place: Place) -> None:
    first = place(idempotency_key="k1")
    again = place(idempotency_key="k1", at=later(seconds=5))
    assert again.pk == first.pk
    assert Order.objects.count() == 1
    assert waiting() == 1


def test_the_same_key_for_another_order_is_refused(place: Place) -> None:
    place(idempotency_key="k1")
    with pytest.raises(Invalid):
        place(idempotency_key="k1", quantity=Decimal(11))


@pytest.fixture
def bracket(account: BrokerAccount, alice: User) -> Bracket:
    def placed(**fields: Any) -> tuple[Order, Order, Order]:
        told: dict[str, Any] = {
            "user": alice,
            "account": account,
            "instrument": Instrument.objects.get(con_id=AAPL),
            "source": "page",
            "side": "BUY",
            "quantity": Decimal(10),
            "order_type": "LMT",
            "tif": "DAY",
            "limit_price": Decimal("99.50"),
            "take_profit": Decimal("104.00"),
            "stop_loss": Decimal("96.00"),
            "at": NOON,
        }
        return services.bracket_place(**(told | fields))

    return placed


def test_a_bracket_is_three_orders_and_one_message(bracket: Bracket) -> None:
    entry, profit, loss = bracket(idempotency_key="b1")
    assert (entry.transmit, profit.transmit, loss.transmit) == (False, False, True)
    assert {profit.parent_id, loss.parent_id} == {entry.pk}
    assert (profit.order_type, loss.order_type) == ("LMT", "STP")
    assert {profit.side, loss.side} == {"SELL"}
    assert waiting() == 1
    again = bracket(idempotency_key="b1")
    assert [order.pk for order in again] == [entry.pk, profit.pk, loss.pk]
    assert Order.objects.count() == 3


def test_a_cancel_before_the_claim_ends_the_order_at_once(place: Place, alice: User) -> None:
    order = place()
    ended = services.order_cancel(user=alice, order=order, at=later(seconds=1), source="page")
    assert ended.state == S.NOT_SENT
    again = services.order_cancel(user=alice, order=ended, at=later(seconds=2), source="page")
    assert again.state == S.NOT_SENT
    assert order.events.count() == 2
    assert AuditEvent.objects.filter(action="order.cancel").count() == 1


def test_withdrawing_one_member_withdraws_the_whole_bracket(bracket: Bracket, alice: User) -> None:
    _entry, _profit, loss = bracket()
    services.order_cancel(user=alice, order=loss, at=later(seconds=1), source="page")
    assert set(Order.objects.values_list("state", flat=True)) == {S.NOT_SENT}


def working(order: Order, **fields: Any) -> Order:
    told = {"state": S.SUBMITTED, "ib_order_id": 7, "client_id": 1, "claimed_at": NOON} | fields
    Order.objects.filter(pk=order.pk).update(**told)
    order.refresh_from_db()
    return order


def test_a_cancel_at_the_broker_is_noted_once_and_sent_each_time(place: Place, alice: User) -> None:
    order = working(place())
    for second in (1, 2):
        services.order_cancel(user=alice, order=order, at=later(seconds=second), source="page")
    order.refresh_from_db()
    assert order.cancel_asked_at == later(seconds=1)
    assert order.state == S.SUBMITTED
    assert order.events.filter(kind="cancel_asked").count() == 1
    assert waiting() == 3


def test_an_order_of_another_program_is_not_cancelled_by_id(place: Place, alice: User) -> None:
    order = working(place(), source="external", client_id=99)
    with pytest.raises(Invalid):
        services.order_cancel(user=alice, order=order, at=NOON, source="page")


def test_cancels_pass_at_any_kill_level(place: Place, alice: User, account: BrokerAccount) -> None:
    order = working(place())
    KillSwitch.objects.create(
        scope=str(account.pk), account=account, level=3, reason="a test", by="alice", since_at=NOON
    )
    services.order_cancel(user=alice, order=order, at=later(seconds=1), source="page")
    order.refresh_from_db()
    assert order.cancel_asked_at is not None


def test_cancel_all_ends_what_waits_and_asks_for_the_rest(
    place: Place, alice: User, account: BrokerAccount
) -> None:
    sent, waits = working(place()), place(limit_price=Decimal("99.40"))
    asked = services.orders_cancel_all(
        user=alice, account=account, connection=account.connection, at=later(seconds=1)
    )
    sent.refresh_from_db()
    waits.refresh_from_db()
    assert asked == 2
    assert waits.state == S.NOT_SENT
    assert sent.cancel_asked_at is not None
    assert store.client().llen(store.COMMANDS.format(slug="paper")) == 1


def test_a_change_waits_for_the_broker_before_the_order_shows_it(place: Place, alice: User) -> None:
    order = working(place())
    change = services.order_change(
        user=alice, order=order, limit_price=Decimal("99.617"), at=later(seconds=1)
    )
    order.refresh_from_db()
    assert (change.number, change.quantity) == (1, Decimal(10))
    assert change.limit_price == Decimal("99.61")
    assert order.limit_price == Decimal("99.50")
    second = services.order_change(
        user=alice, order=order, quantity=Decimal(12), at=later(seconds=2)
    )
    assert (second.number, second.limit_price) == (2, Decimal("99.61"))


def test_only_a_working_order_can_be_changed(place: Place, alice: User) -> None:
    with pytest.raises(Invalid):
        services.order_change(user=alice, order=place(), quantity=Decimal(5), at=NOON)
    assert not OrderChange.objects.exists()


def test_a_change_cannot_go_below_what_is_filled(place: Place, alice: User) -> None:
    order = working(place(), filled=Decimal(6))
    with pytest.raises(Invalid) as caught:
        services.order_change(user=alice, order=order, quantity=Decimal(6), at=NOON)
    assert "quantity" in caught.value.fields


def test_the_sweep_finds_a_lost_message_and_leaves_fresh_ones_alone(place: Place) -> None:
    place()
    store.client().delete(*LISTS)
    services.orders_sweep(at=later(seconds=2))
    assert sent_again() == 0
    services.orders_sweep(at=later(seconds=4))
    assert sent_again() == 1


def test_an_order_that_could_not_be_sent_in_time_is_given_up(place: Place) -> None:
    order = place()
    services.orders_sweep(at=NOON + timedelta(seconds=121))
    order.refresh_from_db()
    assert (order.state, order.reason_code) == (S.NOT_SENT, "not_in_time")
    assert order.ended_at is not None


def test_the_sweep_sends_an_unconfirmed_cancel_again(place: Place, alice: User) -> None:
    order = working(place())
    services.order_cancel(user=alice, order=order, at=later(seconds=1), source="page")
    store.client().delete(*LISTS)
    services.orders_sweep(at=later(seconds=5))
    assert sent_again() == 1


def test_children_of_an_entry_that_went_without_them_are_taken_back(bracket: Bracket) -> None:
    entry, profit, loss = bracket()
    working(entry, state=S.UNKNOWN)
    services.orders_sweep(at=later(seconds=11))
    for order in (entry, profit, loss):
        order.refresh_from_db()
    assert (profit.state, loss.state) == (S.NOT_SENT, S.NOT_SENT)
    assert entry.cancel_asked_at is not None


def test_a_command_to_a_gateway_is_plain_json() -> None:
    services.commands.command_send(
        slug="nobody", command="cancel_all", by="a test", at=NOON, account="DU1"
    )
    raw = store.client().rpop(store.COMMANDS.format(slug="nobody"))
    assert isinstance(raw, bytes)
    assert orjson.loads(raw).keys() == {"id", "command", "account", "own_only", "by", "at"}

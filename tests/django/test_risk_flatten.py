"""Flattening, step by step, against a broker whose answers the test writes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
from django.contrib.auth.models import User

from apps.accounts.models import BrokerAccount
from apps.lib import clock
from apps.lib.errors import PortalError
from apps.risk import book as books
from apps.risk import flatten as closers
from apps.risk import selectors, services
from apps.risk.book import WorkingOrder
from apps.risk.flatten import Closing
from apps.risk.models import Alert, Flatten
from tests.factories import hold, stock
from tests.risk_data import Shelf, make_held, make_officer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]
AAPL, MSFT = 265598, 272093
SECOND = timedelta(seconds=1)


class Broker(Shelf):
    """Orders and closings by hand; time moves by itself with every step."""

    def __init__(self) -> None:
        super().__init__()
        self.now = clock.now()
        self.closed: dict[int, Closing] = {}
        self.sent: list[tuple[int, Decimal, str]] = []
        self.asked = 0
        self.cancels = 0
        self.filled_at: datetime | None = None
        self.pictured: datetime | None = None
        self.refuse = ""
        self._numbers = count(1)

    def cancel(self, account_id: int, *, at: datetime) -> int:
        del account_id, at
        self.cancels += 1
        return len(self.orders)

    def close(
        self, account_id: int, con_id: int, quantity: Decimal, *, key: str, at: datetime
    ) -> int:
        if self.refuse:
            raise PortalError(self.refuse)
        number = next(self._numbers)
        self.sent.append((con_id, quantity, key))
        self.closed[number] = Closing(
            order_id=number, open=True, unknown=False, filled=Decimal(0), reason="", moved_at=None
        )
        self.orders.append(working(number, account_id, con_id, quantity, at, source="flatten"))
        return number

    def closing(self, order_id: int) -> Closing:
        return self.closed[order_id]

    def settled_at(self, account_id: int) -> datetime | None:
        del account_id
        return self.filled_at

    def pictured_at(self, account_id: int) -> datetime | None:
        del account_id
        return self.pictured

    def ask_broker(self, account_id: int) -> None:
        del account_id
        self.asked += 1

    def end(self, number: int, *, filled: bool = True) -> None:
        self.now += SECOND
        self.orders = [order for order in self.orders if order.order_id != number]
        self.closed[number] = replace(self.closed[number], open=False, moved_at=self.now)
        if filled:
            self.filled_at = self.now

    def tell(self, account: BrokerAccount, *quantities: str) -> None:
        """A complete picture of positions, and one of orders, asked for before they are told."""
        self.tell_positions(account, *quantities)
        self.pictured = self.now

    def tell_positions(self, account: BrokerAccount, *quantities: str) -> None:
        self.now += SECOND
        held = [(stock(AAPL), q, "1") for q in quantities[:1]]
        held += [(stock(MSFT, "MSFT"), q, "1") for q in quantities[1:]]
        hold(account, *held, at=self.now)

    def step(self, seconds: float = 1) -> Flatten:
        self.now += timedelta(seconds=seconds)
        newest = Flatten.objects.latest("id")
        return services.flatten_step(pk=newest.pk, at=self.now)


def working(
    number: int,
    account_id: int,
    con_id: int,
    quantity: Decimal,
    at: datetime,
    *,
    source: str = "page",
    external: bool = False,
) -> WorkingOrder:
    return WorkingOrder(
        order_id=number, account_id=account_id, con_id=con_id, side="SELL",
        quantity=abs(quantity), remaining=abs(quantity), limit_price=None, stop_price=None,
        order_type="MKT", tif="DAY", state="submitted", external=external, accepted_at=at,
        source=source,
    )  # fmt: skip


@pytest.fixture
def broker() -> Iterator[Broker]:
    before, before_closers = list(books._books), list(closers._closers)
    broker = Broker()
    books.register(broker)
    closers.register(broker)
    yield broker
    books._books[:], closers._closers[:] = before, before_closers


@pytest.fixture
def account(broker: Broker) -> BrokerAccount:
    return make_held(broker.now - timedelta(minutes=1))


@pytest.fixture
def officer(account: BrokerAccount) -> User:
    return make_officer("olivia", account)


def flatten(officer: User, account: BrokerAccount, broker: Broker) -> None:
    services.kill_set(user=officer, account=account, level=4, reason="get out", at=broker.now)


def test_it_cancels_then_asks_then_closes_then_asks_for_proof(
    account: BrokerAccount, officer: User, broker: Broker
) -> None:
    broker.orders.append(working(90, account.pk, AAPL, Decimal(5), broker.now))
    flatten(officer, account, broker)

    assert broker.step().state == "cancelling"
    assert (broker.cancels, broker.sent) == (1, [])
    broker.orders.clear()
    broker.filled_at = broker.now
    assert broker.step().state == "confirming"
    assert broker.sent == []  # what the cancelled order filled is not known yet
    broker.tell(account, "95")
    assert broker.step().state == "closing"
    assert [(c, q) for c, q, _key in broker.sent] == [(AAPL, Decimal(95))]
    broker.end(1)
    assert broker.step().state == "confirming"
    broker.tell(account)
    done = broker.step()

    assert (done.state, done.closed_at) == ("done", broker.now)
    assert selectors.kill_level(account.pk) == 4


def test_what_is_left_after_a_partial_fill_is_closed_by_another_order(
    account: BrokerAccount, officer: User, broker: Broker
) -> None:
    flatten(officer, account, broker)
    broker.step()
    broker.tell(account, "100")
    broker.step()
    broker.end(1)
    broker.step()
    broker.tell(account, "40")

    broker.step(10)

    assert [q for _c, q, _key in broker.sent] == [Decimal(100), Decimal(40)]
    assert len({key for _c, _q, key in broker.sent}) == 2


def test_no_second_order_is_sent_while_one_is_working_or_unknown(
    account: BrokerAccount, officer: User, broker: Broker
) -> None:
    flatten(officer, account, broker)
    broker.step()
    broker.tell(account, "100")
    broker.step()
    broker.closed[1] = replace(broker.closed[1], unknown=True)
    broker.tell(account, "100")

    stuck = broker.step(30)

    assert stuck.state == "stuck"
    assert "unknown outcome" in stuck.sentence
    assert len(broker.sent) == 1
    assert Alert.objects.get(code="flatten_stuck").severity == "critical"


def test_a_crash_between_sending_and_noting_sends_nothing_twice(
    account: BrokerAccount, officer: User, broker: Broker
) -> None:
    flatten(officer, account, broker)
    broker.step()
    broker.tell(account, "100")
    broker.step()
    Flatten.objects.get().lines.update(order_id=None)
    broker.tell(account, "100")

    broker.step(60)

    assert len(broker.sent) == 1


def test_a_refusal_is_said_and_tried_again(
    account: BrokerAccount, officer: User, broker: Broker
) -> None:
    flatten(officer, account, broker)
    broker.step()
    broker.tell(account, "100")
    broker.refuse = "Trading in AAPL is halted."

    stuck = broker.step()
    assert (stuck.state, "halted" in stuck.sentence) == ("stuck", True)
    broker.refuse = ""
    broker.step(60)

    assert len(broker.sent) == 1


def test_an_order_placed_elsewhere_keeps_it_from_being_called_flat(
    account: BrokerAccount, officer: User, broker: Broker
) -> None:
    flatten(officer, account, broker)
    broker.orders.append(working(91, account.pk, AAPL, Decimal(5), broker.now, external=True))
    broker.step()
    broker.tell(account)

    stuck = broker.step()
    assert stuck.state == "stuck"
    assert "placed elsewhere" in stuck.sentence
    broker.orders.clear()
    broker.step(10)
    broker.tell(account)

    assert broker.step().state == "done"


def test_rows_without_orders_are_no_proof_that_nothing_rests(
    account: BrokerAccount, officer: User, broker: Broker
) -> None:
    flatten(officer, account, broker)
    broker.pictured = broker.now  # before it was asked for
    broker.step()
    broker.tell_positions(account)

    waiting = broker.step()
    assert (waiting.state, waiting.closed_at) == ("confirming", None)
    assert "every program" in waiting.sentence
    stuck = broker.step(70)
    assert (stuck.state, "what rests there" in stuck.sentence) == ("stuck", True)
    assert Alert.objects.get(code="flatten_stuck").severity == "critical"
    broker.pictured = broker.now

    assert broker.step().state == "done"


def test_an_order_that_only_the_picture_shows_keeps_it_from_being_called_flat(
    account: BrokerAccount, officer: User, broker: Broker
) -> None:
    flatten(officer, account, broker)
    broker.step()
    broker.tell_positions(account)
    broker.step()
    broker.orders.append(working(92, account.pk, AAPL, Decimal(5), broker.now, external=True))
    broker.pictured = broker.now

    assert broker.step().state == "stuck"
    broker.orders.clear()
    broker.filled_at = broker.now  # it was filled: what was asked before tells nothing
    for _ in range(3):
        assert broker.step(10).closed_at is None
    broker.tell(account)

    assert broker.step().state == "done"


def test_what_another_programs_order_would_close_is_left_to_it_and_the_rest_closed(
    account: BrokerAccount, officer: User, broker: Broker
) -> None:
    flatten(officer, account, broker)
    broker.orders.append(working(94, account.pk, AAPL, Decimal(30), broker.now, external=True))
    broker.step()
    broker.tell(account, "100")
    broker.step()
    assert [(c, q) for c, q, _key in broker.sent] == [(AAPL, Decimal(70))]
    broker.end(1)
    broker.step()
    broker.tell(account, "30")

    stuck = broker.step(60)
    assert (stuck.state, "rests on the same side" in stuck.sentence) == ("stuck", True)
    assert len(broker.sent) == 1
    broker.orders.clear()
    broker.tell(account, "30")
    broker.step(60)
    assert [q for _c, q, _key in broker.sent] == [Decimal(70), Decimal(30)]


def test_while_another_programs_order_rests_it_keeps_saying_so(
    account: BrokerAccount, officer: User, broker: Broker
) -> None:
    flatten(officer, account, broker)
    broker.orders.append(working(93, account.pk, AAPL, Decimal(5), broker.now, external=True))
    broker.step()
    for _ in range(20):
        broker.tell(account)
        told = broker.step(4)
        assert (told.state, "placed elsewhere" in told.sentence) == ("stuck", True)

    assert Alert.objects.filter(code="flatten_stuck").count() == 1
    assert "placed elsewhere" in Flatten.objects.get().sentence


def test_without_the_brokers_word_it_waits_and_says_so(
    account: BrokerAccount, officer: User, broker: Broker
) -> None:
    flatten(officer, account, broker)
    broker.step()

    stuck = broker.step(72)

    assert (stuck.state, broker.sent) == ("stuck", [])
    assert "link" in stuck.sentence
    assert broker.asked >= 2


def test_an_answer_slower_than_the_next_question_counts(
    account: BrokerAccount, officer: User, broker: Broker
) -> None:
    flatten(officer, account, broker)
    asked_at = broker.step().asked_at
    for _ in range(10):
        broker.step(2)
    assert broker.asked > 1

    assert asked_at is not None
    hold(account, at=asked_at + timedelta(seconds=1))
    broker.pictured = asked_at + timedelta(seconds=1)

    assert broker.step().state == "done"


def test_a_lift_ends_it_before_anything_more_is_sent(
    account: BrokerAccount, officer: User, broker: Broker
) -> None:
    flatten(officer, account, broker)
    broker.step()
    broker.tell(account, "100")
    services.kill_lift(user=officer, account=account, reason="mistake", at=broker.now)

    assert broker.step().state == "abandoned"
    assert broker.sent == []


def test_a_position_that_appears_while_the_level_stands_is_flattened_again(
    account: BrokerAccount, officer: User, broker: Broker
) -> None:
    flatten(officer, account, broker)
    broker.step()
    broker.tell(account)
    broker.step()
    assert Flatten.objects.get().state == "done"

    services.flattens_watch(at=broker.now)
    assert Flatten.objects.count() == 1
    broker.tell(account, "3")
    services.flattens_watch(at=broker.now)

    assert Flatten.objects.count() == 2

"""Cancel-all, drop and their like: past tasks and before the database, as a gateway hears them."""

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError

from apps.accounts.models import AuditEvent
from apps.lib import clock
from apps.lib import redis as store
from apps.trading import services
from apps.trading.holders import Holder
from apps.trading.states import OrderState as S
from ibkr.types import LinkChanged, LinkState
from ibportal.gateway.commands import Commands
from tests.order_desk import WITHIN, OrderDesk
from tests.portal import eventually
from tests.wire.sending_desk import (
    Lease,
    accepted,
    held,
    sending_desk,
    submit,
)
from tests.wire.simulator import Simulator

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(standing_twsim: Simulator) -> Iterator[OrderDesk]:
    with sending_desk(standing_twsim) as made:
        yield made


@pytest.fixture
def holder(desk: OrderDesk) -> Iterator[Holder]:
    with held(desk, Lease()) as found:
        yield found


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

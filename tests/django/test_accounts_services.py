"""Settings, refresh, equity, findings and seed: what the services allow, write and refuse."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import redis
from celery import current_app
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.accounts import ingest, selectors, services, tasks
from apps.accounts.models import BrokerAccount, Connection, EquityPoint, Finding, LinkEvent
from apps.lib import clock
from apps.lib import redis as store
from apps.lib.errors import Invalid, NotAllowed, Unavailable
from ibkr.types import LinkChanged, LinkState, PortfolioItem
from tests.factories import (
    NOON,
    USUAL_VALUES,
    hold,
    later,
    make_account,
    make_connection,
    make_user,
    option,
    publications,
    stock,
    tell_values,
    worker_says,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]


@pytest.fixture
def connection() -> Connection:
    return make_connection()


@pytest.fixture
def account(connection: Connection) -> BrokerAccount:
    account = make_account(connection)
    tell_values(account, USUAL_VALUES)
    return BrokerAccount.objects.select_related("connection").get(pk=account.pk)


@pytest.mark.parametrize(
    ("fields", "name", "word"),
    [
        ({"port": 70000}, "port", "65535"),
        ({"time_zone": "Mars/Olympus"}, "time_zone", "America/New_York"),
        ({"pinned_accounts": "U1234567"}, "pinned_accounts", "start with D"),
        ({"mode": "live", "pinned_accounts": "DU1234567"}, "pinned_accounts", "not a live account"),
        ({"mode": "toy"}, "mode", "toy"),
        ({"slug": "two words"}, "slug", "slug"),
        ({"client_id": 1, "port": 4002}, "client_id", "Paper"),
    ],
)
def test_a_connection_that_cannot_be_is_refused_with_a_sentence(
    connection: Connection, fields: dict[str, Any], name: str, word: str
) -> None:
    with pytest.raises(Invalid) as refused:
        make_connection(**({"slug": "other"} | fields))
    assert any(word in text for text in refused.value.fields[name])
    assert Connection.objects.get() == connection


def test_a_connection_keeps_its_short_name(connection: Connection) -> None:
    with pytest.raises(Invalid, match="keeps its short name"):
        services.connection_update(connection, slug="other")


def test_pages_learn_of_a_changed_and_of_a_switched_off_connection(
    connection: Connection, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with publications() as events, django_capture_on_commit_callbacks(execute=True):
        services.connection_update(connection, label="Second desk")
        services.connection_update(connection, enabled=False)
    assert events[0][1]["paper"]["label"] == "Second desk"
    assert events[1] == ("connections", {"paper": None})
    assert selectors.links_state() == {}


def test_a_refresh_is_queued_for_the_connections_own_worker(
    account: BrokerAccount, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    alice = make_user("alice", account)
    with worker_says(account.connection), django_capture_on_commit_callbacks(execute=True):
        services.refresh_request(user=alice, connection=account.connection)
    with current_app.connection_for_read() as broker:
        message = broker.SimpleQueue("gateway.paper").get_nowait()
        message.ack()
    assert message.headers["task"] == "gateway.refresh"
    assert message.payload[1] == {}  # keyword arguments


def test_a_refresh_without_a_worker_is_refused_with_a_remedy(account: BrokerAccount) -> None:
    alice = make_user("alice", account)
    with pytest.raises(Unavailable, match="is not running") as refused:
        services.refresh_request(user=alice, connection=account.connection)
    assert "Start the gateway worker" in refused.value.remedy


def test_a_refresh_by_someone_without_an_account_there_is_refused(account: BrokerAccount) -> None:
    with worker_says(account.connection), pytest.raises(NotAllowed):
        services.refresh_request(user=make_user("bob"), connection=account.connection)


def test_equity_is_noted_once_a_minute_while_data_flows(account: BrokerAccount) -> None:
    with worker_says(account.connection):
        for seconds in (0, 5, 65):
            services.equity_snapshot(account=account, at=later(seconds=seconds))
    assert list(account.equity.values_list("at", "net_liquidation", "cash")) == [
        (NOON, Decimal(100000), Decimal(40000)),
        (later(minutes=1), Decimal(100000), Decimal(40000)),
    ]


@pytest.mark.parametrize("state", ["disconnected", "connecting", "reconciling", "restart_window"])
def test_no_equity_is_noted_while_the_link_is_down(account: BrokerAccount, state: str) -> None:
    with worker_says(account.connection, state):
        assert services.equity_snapshot(account=account, at=NOON) is None


def test_no_equity_is_noted_without_a_worker_or_from_old_values(account: BrokerAccount) -> None:
    assert services.equity_snapshot(account=account, at=NOON) is None
    with worker_says(account.connection):
        assert services.equity_snapshot(account=account, at=later(minutes=6)) is None
    assert not EquityPoint.objects.exists()


def test_old_equity_is_thinned(account: BrokerAccount) -> None:
    points = [
        EquityPoint(account=account, at=later(minutes=i), net_liquidation=100 + i)
        for i in range(60)
    ]
    EquityPoint.objects.bulk_create(points)
    assert services.equity_thin(at=later(days=3)) == 60 - 4 * 2
    assert services.equity_thin(at=later(days=3)) == 0
    assert services.equity_thin(at=later(days=70)) == 8 - 2


def test_performance_leaves_deposits_out(account: BrokerAccount) -> None:
    for minute, value in enumerate((1000, 2000, 2200)):
        EquityPoint.objects.create(account=account, at=later(minutes=minute), net_liquidation=value)
    services.cash_flow_note(account=account, at=later(seconds=30), amount=Decimal(1000))
    stats = selectors.equity_stats(account)
    assert stats is not None
    assert (stats.total_return, stats.flows) == (Decimal("0.1"), Decimal(1000))
    assert len(selectors.equity_series(account, since_at=later(minutes=1))) == 2


@pytest.mark.parametrize("amount", ["0", "NaN", "Infinity"])
def test_a_cash_flow_of_nothing_is_refused(account: BrokerAccount, amount: str) -> None:
    with pytest.raises(Invalid):
        services.cash_flow_note(account=account, at=NOON, amount=Decimal(amount))


def _find(account: BrokerAccount, minutes: int = 0) -> dict[str, Finding]:
    found = services.findings_refresh(account=account, at=later(minutes=minutes))
    return {finding.code: finding for finding in found}


def test_findings_open_stay_and_are_resolved(account: BrokerAccount) -> None:
    hold(account, (stock(), "100", "200"))
    assert set(_find(account)) == {"price_missing"}
    assert set(_find(account, minutes=1)) == {"price_missing"}
    row = Finding.objects.get()
    assert (row.first_seen_at, row.last_seen_at) == (NOON, later(minutes=1))

    hold(account)
    assert _find(account, minutes=2) == {}
    row.refresh_from_db()
    assert (row.resolved_at, row.last_seen_at) == (later(minutes=2), later(minutes=1))

    hold(account, (stock(), "100", "200"))
    _find(account, minutes=3)
    assert Finding.objects.filter(resolved_at=None).count() == 1
    assert Finding.objects.count() == 2


def test_a_brokers_pnl_that_does_not_fit_its_own_value_is_found(account: BrokerAccount) -> None:
    hold(account, (stock(), "100", "200"))
    item = PortfolioItem(
        account=account.code,
        contract=stock(),
        quantity=Decimal(100),
        average_cost=Decimal(200),
        market_price=Decimal(210),
        market_value=Decimal(21000),
        unrealized_pnl=Decimal(1500),
        realized_pnl=None,
    )
    ingest.on_figures(connection_id=account.connection_id, events=[item], at=NOON)
    assert "1,500.00" in _find(account)["pnl_differs"].sentence


def test_the_turn_of_the_day_renews_days_to_expiry_and_tells_the_page(
    account: BrokerAccount, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    hold(account, (option(), "2", "300"), (stock(), "1", "1"))
    with publications() as events, django_capture_on_commit_callbacks(execute=True):
        services.days_roll(at=later(days=17))
        services.days_roll(at=later(days=17, hours=1))
    assert [event[1] for event in events] == [{"positions": {"700001": {"days_to_expiry": -1}}}]
    found = services.findings_refresh(account=account, at=later(days=17))
    assert "expired_held" in {finding.code for finding in found}


def test_a_dead_worker_is_noted_once_and_its_return_as_well(
    connection: Connection, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    ready = LinkChanged(LinkState.READY, NOON, "", "Everything flows.")
    ingest.on_link(connection_id=connection.pk, change=ready)
    with publications() as events, django_capture_on_commit_callbacks(execute=True):
        services.links_watch(at=later(seconds=10))
        services.links_watch(at=later(seconds=12))
        with worker_says(connection):
            services.links_watch(at=later(seconds=14))
            services.links_watch(at=later(seconds=16))
    told = [(data["paper"]["state"], data["paper"]["worker"]) for _topic, data in events]
    assert told == [("disconnected", False), ("ready", True)]
    assert LinkEvent.objects.count() == 3


def test_without_redis_nothing_is_claimed_about_a_worker(
    account: BrokerAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = make_user("alice", account)
    with monkeypatch.context() as outage:
        nowhere = redis.Redis(port=1, socket_connect_timeout=1)
        outage.setattr(store, "client", lambda: nowhere)
        assert selectors.links_state()["paper"]["code"] == "redis_down"
        with pytest.raises(Unavailable, match="Redis cannot be reached"):
            services.links_watch(at=NOON)
        with pytest.raises(Unavailable, match="Redis cannot be reached"):
            services.refresh_request(user=alice, connection=account.connection)
    assert not LinkEvent.objects.exists()


def test_an_old_word_does_not_overwrite_a_newer_state(connection: Connection) -> None:
    newer = LinkChanged(LinkState.DEGRADED, later(seconds=1), "1100", "No data.")
    ingest.on_link(connection_id=connection.pk, change=newer)
    with worker_says(connection, "ready", at=NOON):
        services.links_watch(at=later(seconds=2))
    connection.refresh_from_db()
    assert connection.link_state == "degraded"


def test_a_link_key_that_cannot_be_read_is_no_word_at_all(connection: Connection) -> None:
    with worker_says(connection):
        store.client().set(store.LINK.format(slug="paper"), b'{"state": "sunny"}')
        link = selectors.link_effective(connection)
    assert (link.state, link.code) == (LinkState.CONNECTING, "starting")


def test_contracts_held_are_listed_by_account(connection: Connection) -> None:
    first, second = make_account(connection), make_account(connection, "DU7654321")
    hold(first, (stock(2), "1", "1"), (stock(1), "1", "1"))
    hold(second, (option(), "1", "1"))
    held = selectors.contracts_held(connection)
    assert {code: [c.con_id for c in found] for code, found in held.items()} == {
        "DU1234567": [1, 2],
        "DU7654321": [700001],
    }
    assert held["DU7654321"][0].multiplier == 100


@pytest.mark.parametrize(
    "name", ["equity_snapshot", "equity_thin", "consistency_check", "link_watch"]
)
def test_every_task_is_registered_and_harmless_twice(account: BrokerAccount, name: str) -> None:
    hold(account, (option(), "2", "300"))
    tell_values(account, USUAL_VALUES, at=clock.now())
    task = getattr(tasks, name)
    with worker_says(account.connection, at=clock.now() - timedelta(days=1)):
        task()
        before = _rows()
        task()
    assert f"accounts.{name}" in current_app.tasks
    assert _rows() == before


def _rows() -> list[int]:
    # A minute may turn between two runs: one more point of equity then is right.
    models = (Finding, LinkEvent)
    return [model.objects.count() for model in models] + [min(EquityPoint.objects.count(), 1)]


def _seed(**options: Any) -> None:
    call_command("seed", **({"slug": "demo", "port": 4100, "password": "first-password"} | options))


def test_a_second_seed_follows_the_port_and_keeps_what_people_changed() -> None:
    _seed()
    user = User.objects.get(username="demo")
    user.set_password("changed")
    user.save()
    services.connection_update(Connection.objects.get(), label="My simulator")
    _seed(port=4200)
    user.refresh_from_db()
    connection = Connection.objects.get()
    assert user.is_superuser
    assert user.check_password("changed")
    assert (connection.port, connection.label) == (4200, "My simulator")


def test_the_seeded_real_connection_replaces_the_simulated_one() -> None:
    _seed()
    _seed(slug="ib", host="10.0.0.5", port=4001, mode="live", accounts="U1234567")
    enabled = {c.slug: (c.enabled, c.mode) for c in Connection.objects.all()}
    assert enabled == {"demo": (False, "paper"), "ib": (True, "live")}


def test_a_seed_that_cannot_be_ends_with_a_sentence() -> None:
    with pytest.raises(CommandError, match="start with D"):
        _seed(slug="ib", mode="paper", accounts="U1234567")
    with pytest.raises(CommandError, match="--password"):
        _seed(password="")

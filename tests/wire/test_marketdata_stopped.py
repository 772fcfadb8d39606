"""What the pages show of a stream that somebody has stopped, through a real session."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.contrib.auth.models import User

from apps.accounts.models import Connection
from apps.lib import clock
from apps.lib import redis as store
from apps.marketdata import selectors, services
from apps.marketdata.models import Instrument
from tests.factories import make_connection
from tests.marketdata_gateway import Gateway, gateway, quote, refreshed, resolve, watch
from tests.portal import eventually
from tests.wire.conftest import StartSimulator
from tests.wire.simulator import Simulator

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def row(empty_redis: None) -> Connection:
    return make_connection(f"wire-{uuid4().hex[:8]}")


@pytest.fixture
def empty_redis() -> Iterator[None]:
    store.client().flushdb()
    yield
    store.client().flushdb()


@pytest.fixture
def sim(twsim: StartSimulator) -> Simulator:
    return twsim("quiet")


@pytest.fixture
def desk(row: Connection, sim: Simulator) -> Iterator[Gateway]:
    with gateway(row, sim.port) as running:
        yield running


def test_of_a_stopped_stream_the_last_close_stands_in_and_no_line_is_opened(
    desk: Gateway,
) -> None:
    apple, microsoft = resolve(desk, "AAPL"), resolve(desk, "MSFT")
    watch(desk, apple)
    config = services.stream_save(services.stream_config(desk.row.pk), enabled=False)

    def shows(instrument: Instrument, kind: str | None) -> bool:
        services.stream_view(slug=desk.row.slug, con_ids=[microsoft.con_id], at=clock.now())
        return refreshed(desk) and quote(desk, instrument.con_id).get("kind") == kind

    eventually(lambda: shows(apple, "close"), within=30, what="the close of what is watched")
    eventually(lambda: shows(microsoft, "close"), within=30, what="the close of what is viewed")
    assert not desk.port.streaming()
    assert selectors.stream_state(config)["status"] == "stopped"
    user = User.objects.get(username="alice")
    services.watchlist_remove(user.watchlists.get(), con_id=apple.con_id)
    eventually(lambda: shows(apple, None), within=30, what="no close that nobody wants any more")
    services.stream_save(config, enabled=True)
    eventually(lambda: shows(microsoft, "live"), within=30, what="the live price again")

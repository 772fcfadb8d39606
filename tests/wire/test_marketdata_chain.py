"""The page of an option chain, asked through a real session: what streams and what says why not."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from django.test import override_settings

from apps.accounts.models import Connection
from apps.lib import redis as store
from apps.marketdata import services
from tests.django.conftest import PLAIN
from tests.factories import make_account, make_connection, make_user
from tests.marketdata_gateway import Gateway, gateway, resolve
from tests.marketdata_pages import page
from tests.wire.conftest import StartSimulator

WHY = '<span class="away">no line: only the 40 nearest options stream</span>'
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _static_files_need_no_collecting(tmp_path: Path) -> Iterator[None]:
    with override_settings(STORAGES=PLAIN, STATIC_ROOT=tmp_path):
        yield


@pytest.fixture
def row() -> Iterator[Connection]:
    store.client().flushdb()
    yield make_connection(f"wire-{uuid4().hex[:8]}")
    store.client().flushdb()


@pytest.fixture
def desk(row: Connection, twsim: StartSimulator) -> Iterator[Gateway]:
    with gateway(row, twsim("quiet").port) as running:
        yield running


def test_all_but_the_nearest_options_say_that_they_have_no_line(desk: Gateway) -> None:
    apple = resolve(desk, "AAPL")
    alice = make_user("alice", make_account(desk.row))

    response = page(alice, "options", apple.con_id)
    sides = [entry[right] for entry in response.context["strikes"] for right in ("C", "P")]
    services.stream_save(services.stream_config(desk.row.pk), enabled=False)
    stopped = page(alice, "options", apple.con_id)

    assert len(sides) > 40
    assert response.content.decode().count(WHY) == len([row for row in sides if row]) - 40
    assert WHY not in stopped.content.decode(), "of a stopped stream none streams"

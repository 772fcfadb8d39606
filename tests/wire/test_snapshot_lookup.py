"""Symbols of an uploaded file that are not stored yet are looked up at the broker."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission

from apps.accounts.models import Connection
from apps.lib import clock
from apps.lib import redis as store
from apps.marketdata.models import Instrument
from apps.trading import services
from apps.trading.services import WeightsRefused
from tests.factories import make_account, make_connection, make_user, tell_values
from tests.marketdata_gateway import Gateway, gateway
from tests.wire.conftest import StartSimulator

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def row() -> Iterator[Connection]:
    store.client().flushdb()
    yield make_connection(f"wire-{uuid4().hex[:8]}")
    store.client().flushdb()


@pytest.fixture
def desk(row: Connection, twsim: StartSimulator) -> Iterator[Gateway]:
    with gateway(row, twsim("quiet").port) as running:
        yield running


def test_unknown_symbols_are_looked_up_and_wrong_ones_told_by_line(desk: Gateway) -> None:
    account = make_account(desk.row)
    tell_values(account, [("NetLiquidation", "100000.00", "USD")])
    alice, at = make_user("alice", account), clock.now()
    alice.user_permissions.add(Permission.objects.get(codename="upload_snapshot"))
    strategy = services.strategy_create(user=None, account=account, name="weekly", at=at)

    def upload(content: str) -> dict[str, str]:
        made = services.snapshot_from_csv(
            user=alice, strategy=strategy, content=content, dated_on=at.date(), at=at
        )
        return {row.instrument.symbol: str(row.weight) for row in made.weights.all()}

    assert not Instrument.objects.exists()
    assert upload("symbol,weight\nAAPL,0.25\nSPY,0.5\n") == {
        "SPY": "0.5000000000",
        "AAPL": "0.2500000000",
    }
    assert upload("symbol,weight,conid\n,0.3,272093\n") == {"MSFT": "0.3000000000"}
    with pytest.raises(WeightsRefused) as caught:
        upload("symbol,weight,conid\nAAPL,0.1,\nNOSUCH,0.1,\n,0.1,999999999\n")
    assert caught.value.code == "unknown_instrument"
    assert caught.value.fields == {
        "line 3": ["Neither the portal nor the broker knows NOSUCH."],
        "line 4": ["Neither the portal nor the broker knows 999999999."],
    }

"""Every kind of order a person or a program can enter, from the ticket or the API to the wire."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.urls import reverse
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.accounts.models import BrokerAccount
from apps.lib import clock
from apps.risk.models import GateDecision
from apps.trading import services
from apps.trading.holders import Holder
from apps.trading.models import Order
from apps.trading.services import gating
from ibkr.port import register as register_port
from tests.factories import make_user
from tests.marketdata_pages import client_of
from tests.order_desk import WITHIN, OrderDesk, order_desk
from tests.portal import eventually
from tests.risk_data import allow
from tests.wire.live_session import ACCOUNT
from tests.wire.simulator import Simulator

pytestmark = pytest.mark.django_db(transaction=True)

Fields = dict[str, Any]
TILL = (datetime.now(UTC) + timedelta(days=3)).replace(second=0, microsecond=0)
SENT = f"{TILL:%Y%m%d-%H:%M:%S}"
LOW = {"order_type": "LMT", "limit_price": "50.25"}
KINDS: dict[str, tuple[Fields, Fields]] = {
    "market": ({"order_type": "MKT"}, {"order_type": "MKT", "limit_price": None}),
    "limit": (LOW, {"order_type": "LMT", "limit_price": 50.25, "aux_price": None}),
    "kept": (LOW | {"tif": "GTC", "outside_rth": True}, {"tif": "GTC", "outside_rth": True}),
    "at once": (LOW | {"tif": "IOC"}, {"tif": "IOC", "outside_rth": False}),
    "dated": (LOW | {"tif": "GTD", "good_till_at": TILL}, {"tif": "GTD", "good_till": SENT}),
    "stop": ({"order_type": "STP", "stop_price": "900"}, {"order_type": "STP", "aux_price": 900}),
    "stop limit": (
        {"order_type": "STP LMT", "stop_price": "900", "limit_price": "901"},
        {"order_type": "STP LMT", "aux_price": 900, "limit_price": 901},
    ),
    "trailing": (
        {"order_type": "TRAIL", "stop_price": "60"},
        {"order_type": "TRAIL", "aux_price": 60, "trailing_percent": None},
    ),
    "trailing percent": (
        {"order_type": "TRAIL", "trailing_percent": "20", "trail_stop_price": "900"},
        {"order_type": "TRAIL", "trailing_percent": 20, "trail_stop_price": 900},
    ),
    "market to limit": ({"order_type": "MTL"}, {"order_type": "MTL"}),
    "market on close": ({"order_type": "MOC"}, {"order_type": "MOC", "tif": "DAY"}),
    "limit on close": (
        {"order_type": "LOC", "limit_price": "50"},
        {"order_type": "LOC", "limit_price": 50},
    ),
    "market on open": ({"order_type": "MOO"}, {"order_type": "MKT", "tif": "OPG"}),
    "limit on open": (
        {"order_type": "LOO", "limit_price": "50"},
        {"order_type": "LMT", "tif": "OPG", "limit_price": 50},
    ),
    "group": (
        LOW | {"oca_group": "either", "oca_type": 2},
        {"oca_group": "either", "oca_type": 2},
    ),
}
"""What is asked for through both doors, and what the simulator must have heard."""
ALGOS: dict[str, tuple[Fields, Fields, list[list[str]]]] = {
    "Adaptive": (
        {"algo_priority": "Patient"},
        {"adaptivePriority": "Patient"},
        [["adaptivePriority", "Patient"]],
    ),
    "Twap": (
        {"algo_end_at": TILL},
        {"strategyType": "Marketable", "endTime": SENT},
        [["strategyType", "Marketable"], ["endTime", SENT]],
    ),
    "Vwap": (
        {"max_volume": "0.10", "algo_start_at": TILL},
        {"maxPctVol": "0.1", "startTime": SENT},
        [["maxPctVol", "0.1"], ["startTime", SENT]],
    ),
}
"""The ticket's fields, the API's parameters, and the parameters on the wire."""


@pytest.fixture(autouse=True)
def _pages_without_their_static_files(tmp_path: Path, settings: Settings) -> None:
    settings.STATIC_ROOT = tmp_path


@pytest.fixture
def desk(standing_twsim: Simulator) -> Iterator[OrderDesk]:
    with (
        order_desk(standing_twsim) as made,
        patch.object(gating, "gate_judge", _judged),
    ):
        register_port(made.row.slug, made.port)
        yield made
        register_port(made.row.slug, None)
        made.port.cancel_all()
        made.port.current_time()


def _judged(**asked: Any) -> GateDecision:
    """The gate has tests of its own; here it would only ask for the right hour of the day."""
    intent = asked["intent"]
    return GateDecision(
        account_id=intent.account_id,
        con_id=intent.con_id,
        source=intent.source,
        passed=True,
        intent={},
        verdicts=[],
        policy_version="",
        at=asked["at"],
    )


def from_ticket(desk: OrderDesk, **fields: Any) -> Order:
    """As the page posts it."""
    moments = {n: f"{v:%Y-%m-%dT%H:%M}" for n, v in fields.items() if isinstance(v, datetime)}
    key = uuid4().hex
    body = _asked(desk) | {"key": key, "tif": "DAY"} | fields | moments
    answer = client_of(_alice(desk)).post(reverse("ticket-place"), body)
    assert answer.status_code == 302, answer.content.decode()
    return Order.objects.get(idempotency_key=key)


def from_api(desk: OrderDesk, **fields: Any) -> Order:
    client = APIClient()
    client.force_authenticate(_alice(desk))
    answer = client.post(
        "/api/v1/orders/",
        _asked(desk) | fields,
        format="json",
        headers={"Idempotency-Key": uuid4().hex},
    )
    assert answer.status_code == 201, answer.content.decode()
    return Order.objects.get(pk=answer.json()["id"])


def _asked(desk: OrderDesk) -> Fields:
    account = BrokerAccount.objects.get(code=ACCOUNT)
    con_id = desk.stock().con_id
    return {"account": account.pk, "con_id": con_id, "side": "BUY", "quantity": "10"}


def _alice(desk: OrderDesk) -> Any:
    account = BrokerAccount.objects.get(code=ACCOUNT, connection=desk.row)
    return allow(make_user(f"alice-{uuid4().hex[:8]}", account), "trade")


def heard(desk: OrderDesk, order: Order) -> Fields:
    """Sends it, and returns what the simulator received."""
    holder = Holder(
        slug=desk.row.slug,
        connection_id=desk.row.pk,
        client_id=lambda: desk.row.client_id,
        leases=lambda: {ACCOUNT: "17-18"},
    )
    services.order_submit(order_id=order.pk, holder=holder, now=clock.now)

    def rows() -> list[Fields]:
        return [row for row in desk.sim.ledger("order") if row["order_ref"] == order.ref]

    (row,) = eventually(rows, within=WITHIN, what=f"order {order.ref} at the simulator")
    always = (row["account"], row["action"], row["quantity"], row["con_id"])
    assert always == (ACCOUNT, "BUY", 10, order.instrument_id)
    return dict(row)


def told(row: Fields, names: Fields) -> Fields:
    return {name: row[name] for name in names}


@pytest.mark.parametrize("kind", KINDS)
def test_each_type_and_time_in_force_reaches_the_wire_as_asked(desk: OrderDesk, kind: str) -> None:
    fields, wanted = KINDS[kind]
    for enter in (from_ticket, from_api):
        assert told(heard(desk, enter(desk, **fields)), wanted) == wanted, enter.__name__


@pytest.mark.parametrize("name", ALGOS)
def test_each_algorithm_reaches_the_wire_with_its_parameters(desk: OrderDesk, name: str) -> None:
    typed, params, wanted = ALGOS[name]
    entered = (
        from_ticket(desk, **LOW, algo_strategy=name, **typed),
        from_api(desk, **LOW, algo_strategy=name, algo_params=params),
    )
    for order in entered:
        row = heard(desk, order)
        assert (row["algo_strategy"], sorted(row["algo_params"])) == (name, sorted(wanted))


def test_a_bracket_from_the_ticket_hangs_together(desk: OrderDesk) -> None:
    entry = from_ticket(desk, **LOW, take_profit="70", stop_loss="40")
    parent = heard(desk, entry)
    family = list(Order.objects.filter(parent=entry).order_by("pk"))
    exits = [row for row in desk.sim.ledger("order") if row["parent_id"] == parent["order_id"]]
    assert [row["order_ref"] for row in exits] == [order.ref for order in family]
    assert [(row["order_type"], row["limit_price"], row["aux_price"]) for row in exits] == [
        ("LMT", 70, None),
        ("STP", None, 40),
    ]
    assert [parent["transmit"], *(row["transmit"] for row in exits)] == [False, False, True]

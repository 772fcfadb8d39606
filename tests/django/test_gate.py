"""The gate's door: it builds a snapshot from rows, runs every check, and keeps the answer."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import BrokerAccount
from apps.lib import redis as store
from apps.risk.checks import ORDER
from apps.risk.errors import GateRefused
from apps.risk.models import GateDecision, GuardState, KillSwitch, Lock, Restriction, RiskLimit
from apps.risk.services import gate_check, gate_preview
from apps.risk.types import OrderIntent
from apps.trading.models import Order
from tests.factories import NOON, later, make_account, make_connection, make_user, worker_says
from tests.gate_data import AAPL, PaperBook, keeps_orders, no_book, ready_to_trade
from tests.order_data import filled, make_order, tell

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]


@pytest.fixture
def account() -> BrokerAccount:
    return make_account(make_connection(), "DU1234567")


@pytest.fixture
def _ready(account: BrokerAccount, empty_redis: None) -> Iterator[PaperBook]:
    with ready_to_trade(account), keeps_orders() as book:
        yield book


def wanted(account: BrokerAccount, side: str = "BUY", quantity: str = "50", **more: Any) -> Any:
    told: dict[str, Any] = {
        "account_id": account.pk,
        "con_id": AAPL,
        "side": side,
        "quantity": Decimal(quantity),
        "order_type": "LMT",
        "tif": "DAY",
        "source": "page",
        "limit_price": Decimal("100.00"),
    }
    return OrderIntent(**(told | more))


def failed(decision: GateDecision) -> list[str]:
    return [str(verdict["code"]) for verdict in decision.refusals]


@pytest.mark.usefixtures("_ready")
def test_on_a_good_day_an_order_passes_and_all_forty_answers_are_kept(
    account: BrokerAccount,
) -> None:
    decision = gate_check(intent=wanted(account), at=NOON)
    assert failed(decision) == []
    kept = GateDecision.objects.get()
    assert [verdict["code"] for verdict in kept.verdicts] == list(ORDER)
    assert kept.passed
    assert kept.intent["quantity"] == "50"
    notional = next(v for v in kept.verdicts if v["code"] == "order_notional")
    assert Decimal(notional["value"]) == Decimal(5000)
    assert Decimal(notional["limit"]) == Decimal(250_000)
    assert notional["unit"] == "base"


@pytest.mark.usefixtures("_ready")
def test_every_failure_is_shown_with_its_number_and_limit(account: BrokerAccount) -> None:
    KillSwitch.objects.create(scope="all", level=2, since_at=NOON)
    decision = gate_check(
        intent=wanted(account, quantity="5000.5", limit_price=Decimal("120.005")), at=NOON
    )
    assert {"order_notional", "order_nlv_share", "price_collar", "tick_lot", "kill"} <= {
        *failed(decision)
    }
    error = GateRefused(decision)
    assert error.code == failed(decision)[0] == "order_notional"
    assert "Kill level 2 is set." in error.sentence
    assert error.status == 409


def test_without_an_order_book_what_raises_risk_is_refused(account: BrokerAccount) -> None:
    with ready_to_trade(account), no_book():
        decision = gate_check(intent=wanted(account), at=NOON)
    assert {"working_orders", "unknown_order", "self_match"} <= set(failed(decision))


def test_an_account_nobody_has_told_anything_of_may_not_raise_risk(account: BrokerAccount) -> None:
    with keeps_orders():
        decision = gate_check(intent=wanted(account), at=NOON)
    assert {"link", "order_notional", "stale_price", "guard_silent", "session"} <= set(
        failed(decision)
    )


@pytest.mark.usefixtures("_ready")
@pytest.mark.parametrize(
    ("state", "code"), [("reconciling", "link"), ("degraded", "link"), ("disconnected", "link")]
)
def test_a_link_that_is_not_ready_takes_no_orders(
    account: BrokerAccount, state: str, code: str
) -> None:
    with worker_says(account.connection, state):
        decision = gate_check(intent=wanted(account, "SELL"), at=NOON)
    assert failed(decision) == [code]


@pytest.mark.usefixtures("_ready")
@pytest.mark.parametrize(("code", "why"), [("1100", "Interactive Brokers"), ("", "fell silent")])
def test_a_price_that_nothing_renews_is_stale_however_young(
    account: BrokerAccount, code: str, why: str
) -> None:
    if not code:
        store.client().delete(store.QUOTES_ALIVE.format(slug=account.connection.slug))
    with worker_says(account.connection, code=code):
        raising = gate_check(intent=wanted(account), at=NOON)
        lowering = gate_check(intent=wanted(account, "SELL"), at=NOON)
    assert failed(raising) == ["stale_price"]
    assert why in GateRefused(raising).sentence
    assert failed(lowering) == []
    warned = next(v for v in lowering.verdicts if v["code"] == "stale_price")
    assert warned["warning"]
    assert why in warned["message"]


@pytest.mark.usefixtures("_ready")
def test_a_silent_guard_stops_what_raises_risk_and_nothing_else(account: BrokerAccount) -> None:
    raising = gate_check(intent=wanted(account), at=later(seconds=46))
    lowering = gate_check(intent=wanted(account, "SELL"), at=later(seconds=46))
    assert failed(raising) == ["guard_silent"]
    assert failed(lowering) == []
    silent = next(v for v in lowering.verdicts if v["code"] == "guard_silent")
    assert silent["warning"]


@pytest.mark.usefixtures("_ready")
def test_a_latch_of_the_guard_is_obeyed_until_it_is_gone(account: BrokerAccount) -> None:
    latch = {"state": "halted", "value": "0.16", "limit": "0.15", "at": NOON.isoformat()}
    GuardState.objects.filter(account=account).update(state="halted", latches={"drawdown": latch})
    assert failed(gate_check(intent=wanted(account), at=NOON)) == ["reduce_only", "drawdown"]
    assert failed(gate_check(intent=wanted(account, "SELL"), at=NOON)) == []


@pytest.mark.usefixtures("_ready")
def test_a_lock_and_a_restriction_name_their_instrument(account: BrokerAccount) -> None:
    Lock.objects.create(
        account=account, con_id=AAPL, kind="mismatch", opened_at=NOON, opened_by="guard"
    )
    officer = make_user("officer")
    Restriction.objects.create(
        issuer="aapl", reason="Earnings", reduce_only=True, added_by=officer, added_at=NOON
    )
    assert failed(gate_check(intent=wanted(account), at=NOON)) == ["restricted", "mismatch"]
    assert failed(gate_check(intent=wanted(account, "SELL"), at=NOON)) == []


@pytest.mark.usefixtures("_ready")
def test_the_narrowest_limit_holds_and_the_policy_version_follows(account: BrokerAccount) -> None:
    before = gate_check(intent=wanted(account), at=NOON)
    for place, text, fields in (
        ("a", "10", {}),
        ("b", "1000", {"con_id": AAPL}),
        ("c", "20", {"sec_type": "STK"}),
        ("d", "30", {"strategy": "another"}),
    ):
        RiskLimit.objects.create(
            place=place,
            code="order_quantity",
            parameters={"quantity": text},
            changed_at=NOON,
            **fields,
        )
    decision = gate_check(intent=wanted(account), at=NOON)
    quantity = next(v for v in decision.verdicts if v["code"] == "order_quantity")
    assert quantity["limit"] == "1000"
    assert decision.policy_version != before.policy_version


@pytest.mark.usefixtures("_ready")
def test_a_preview_says_the_same_and_stores_nothing(account: BrokerAccount) -> None:
    verdicts = gate_preview(intent=wanted(account, quantity="5000"), at=NOON)
    stored = gate_check(intent=wanted(account, quantity="5000"), at=NOON)
    assert [v.code for v in verdicts if not v.passed] == failed(stored) != []
    assert GateDecision.objects.count() == 1


def test_the_number_of_queries_does_not_grow_with_what_is_held(account: BrokerAccount) -> None:
    counts = []
    for size in (1, 40):
        held = [(AAPL + n, f"S{n}", "10", "90") for n in range(size)]
        with ready_to_trade(account, *held), keeps_orders():
            gate_check(intent=wanted(account), at=NOON)
            with CaptureQueriesContext(
                database,
            ) as queries:
                gate_check(intent=wanted(account), at=NOON)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 11


def test_nor_with_the_orders_that_work_or_have_filled() -> None:
    order = make_order()
    with ready_to_trade(order.account):
        before = _queries(order)
        for n in range(30):
            make_order(
                order.account, ref=f"ibp-{n}", ib_order_id=100 + n, instrument=order.instrument
            )
        tell(order.connection_id, *(filled(f"a{n}.01.01", 1) for n in range(9)))
        assert _queries(order) == before <= 16


def _queries(order: Order) -> int:
    """Of the second look at an order."""
    intent = wanted(order.account, order_id=order.pk, source="page")
    gate_check(intent=intent, at=NOON, before_wire=True)
    with CaptureQueriesContext(database) as queries:
        gate_check(intent=intent, at=NOON, before_wire=True)
    return len(queries)


def test_the_table_in_the_docs_is_what_the_code_says() -> None:
    call_command("risk_table", "--check")

"""Each of the forty checks below, at and above its limit, and without its input."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.risk.checks import CHECKS, ORDER, evaluate
from apps.risk.snapshot import Account, Link, Snapshot, Standing
from ibkr.types import LinkState
from tests.factories import NOON
from tests.gate_case import BASE, resting, trial
from tests.gate_trials import TRIALS

INTENT_SIZE = trial()("none").intent.quantity


def test_the_catalogue_is_whole_and_every_code_is_tried() -> None:
    assert len(ORDER) == len(set(ORDER)) == 40
    assert set(CHECKS) == set(ORDER) == set(TRIALS)


@pytest.mark.parametrize("code", ORDER)
@pytest.mark.parametrize("place", ["below", "at"])
def test_up_to_its_limit_an_order_passes(code: str, place: str) -> None:
    verdict = CHECKS[code](getattr(TRIALS[code], place)(code))
    assert (verdict.code, verdict.passed, verdict.warning) == (code, True, False), verdict.message


@pytest.mark.parametrize("code", ORDER)
def test_above_its_limit_it_is_refused_with_words_and_numbers(code: str) -> None:
    verdict = CHECKS[code](TRIALS[code].above(code))
    assert (verdict.code, verdict.passed) == (code, False)
    assert verdict.message
    assert "%" not in verdict.message.replace(" %", "")


@pytest.mark.parametrize("code", ORDER)
def test_without_its_input_what_raises_risk_is_refused(code: str) -> None:
    verdict = CHECKS[code](TRIALS[code].raising(code))
    assert (verdict.code, verdict.passed) == (code, False)
    assert verdict.message


@pytest.mark.parametrize("code", [c for c in ORDER if TRIALS[c].lowering is not None])
def test_without_its_input_what_lowers_risk_passes_unless_nothing_can_be_sent(code: str) -> None:
    found = TRIALS[code].lowering
    assert found is not None
    case = found(code)
    assert case.lowers
    assert CHECKS[code](case).passed is not TRIALS[code].firm


def test_on_a_good_day_all_forty_pass() -> None:
    case = trial()("none")
    assert [v.code for v in evaluate(case.intent, case.snapshot, case.limits) if not v.passed] == []


@given(
    side=st.sampled_from(["BUY", "SELL"]),
    kind=st.sampled_from(["LMT", "MKT", "STP", "STP LMT", "TRAIL", "MOC", "LOO"]),
    lacking=st.sets(st.sampled_from(["instrument", "quote", "lines", "working", "activity"])),
    values=st.booleans(),
    source=st.sampled_from(["page", "flatten"]),
)
def test_whatever_is_missing_every_check_answers(
    *, side: str, kind: str, lacking: set[str], values: bool, source: str
) -> None:
    changed: dict[str, Any] = {} if values else {"account": {"net_liquidation": None, "rates": {}}}
    order = {"side": side, "order_type": kind, "source": source}
    if kind in {"MKT", "MOC"}:
        order["limit_price"] = None  # type: ignore[assignment]
    case = trial(order, **changed, **dict.fromkeys(lacking))("none")
    verdicts = evaluate(case.intent, case.snapshot, case.limits)
    assert [verdict.code for verdict in verdicts] == list(ORDER)
    if lacking & {"lines", "working"}:
        assert not all(verdict.passed for verdict in verdicts)


def test_where_nothing_is_known_nothing_is_bought() -> None:
    bare = Snapshot(
        at=NOON,
        account=Account(id=1, code="DU1", mode="paper", base_currency=""),
        link=Link(state=LinkState.DISCONNECTED, worker=False),
        standing=Standing(),
    )
    case = trial()("none")
    refused = {v.code for v in evaluate(case.intent, bare, case.limits) if not v.passed}
    assert len(refused) >= 30


def test_flattening_is_not_held_up_by_limits_of_size_and_pace() -> None:
    order = {"side": "SELL", "quantity": BASE.lines[0].quantity if BASE.lines else 0}
    tight = {"quantity": "1"}
    by_hand = trial(order, tight)("order_quantity")
    closing = trial({**order, "source": "flatten"}, tight)("order_quantity")
    said = {
        name: next(
            v
            for v in evaluate(case.intent, case.snapshot, case.limits)
            if v.code == "order_quantity"
        )
        for name, case in {"by_hand": by_hand, "closing": closing}.items()
    }
    assert not said["by_hand"].passed
    assert said["closing"].passed
    assert said["closing"].warning


@pytest.mark.parametrize(
    ("quantity", "lot", "least", "limit", "bad"),
    [
        ("500", "500", "500", "1", None),
        ("700", "500", "500", "1", "500"),
        ("500", "100", "1000", "1", "1000"),
        ("500", "500", "500", "300", "300"),
        ("10.5", "1", "1", "0.0001", "1"),
        ("10", "1", "1", "1", None),
    ],
)
def test_a_quantity_keeps_to_the_lots_of_the_instrument_and_of_the_limit(
    quantity: str, lot: str, least: str, limit: str, bad: str | None
) -> None:
    assert BASE.instrument is not None
    board = replace(BASE.instrument, lot=Decimal(lot), least=Decimal(least))
    case = trial({"quantity": Decimal(quantity)}, {"lot": limit}, instrument=board)("tick_lot")
    verdict = CHECKS["tick_lot"](case)
    assert verdict.passed is (bad is None)
    assert bad is None or verdict.limit == Decimal(bad)


def test_working_orders_of_the_same_side_count_as_filled() -> None:
    sale = {"side": "SELL", "quantity": BASE.lines[0].quantity if BASE.lines else 0}
    alone = trial(sale)("none")
    beside = trial(sale, working=(resting(side="SELL"),))("none")
    assert alone.lowers
    assert not beside.lowers
    assert beside.worst == -10


def test_a_brackets_children_close_what_their_parent_opens() -> None:
    child = {"side": "SELL", "parent_signed": INTENT_SIZE, "con_id": 99, "oca_group": "g"}
    case = trial(child, working=(resting(con_id=99, side="SELL", oca_group="g"),))("none")
    assert case.worst == 0
    assert case.lowers


def test_resting_exits_of_a_filled_entry_leave_room_for_one_close() -> None:
    exits = tuple(
        resting(order_id=number, side="SELL", remaining=Decimal(100), parent_id=5)
        for number in (6, 7)
    )
    case = trial({"side": "SELL"}, working=exits)("none")
    assert case.worst == -INTENT_SIZE


def test_the_second_look_does_not_ask_the_broker_again() -> None:
    first = trial({"side": "SELL", "quantity": Decimal(500)})("buying_power")
    second = trial({"side": "SELL", "quantity": Decimal(500)}, before_wire=True)("buying_power")
    assert not CHECKS["buying_power"](first).passed
    assert CHECKS["buying_power"](second).warning

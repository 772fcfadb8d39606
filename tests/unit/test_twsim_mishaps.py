"""What goes wrong on purpose: corrections, busts, rejects, lost ids, odd reports, resets."""

import json
from pathlib import Path

import pytest

from tests.twsim_desk import AAPL, ACCOUNT, open_desk
from twsim.domain.events import Filled, OrderChanged
from twsim.faults import PARAMETERS


def test_a_correction_raises_the_last_part_of_the_id_and_moves_the_money() -> None:
    desk = open_desk()
    desk.place("BUY", 10)
    desk.steps(1)
    equity = desk.equity()
    fresh = desk.sim.fault("correct_last_execution", price=260.0)

    old, new = [event.execution for event in desk.of(Filled)]
    assert (old.exec_id[:-2], old.exec_id[-2:], new.exec_id[-2:]) == (new.exec_id[:-2], "01", "02")
    assert fresh == new.exec_id
    assert (new.quantity, new.price, new.cumulative) == (10, 260.0, 10)
    assert desk.equity() - equity == pytest.approx(10 * (old.price - 260.0))
    assert desk.of(OrderChanged)[-1].order.average_price == 260.0
    assert desk.held(265598) == 310
    assert desk.sim.commission(new.exec_id) is not None


def test_a_correction_can_be_corrected_again() -> None:
    desk = open_desk()
    desk.place("BUY", 10)
    desk.steps(1)

    ids = [desk.sim.fault("correct_last_execution") for _ in range(2)]

    assert [exec_id[-3:] for exec_id in ids] == [".02", ".03"]


def test_a_bust_gives_everything_back() -> None:
    desk = open_desk()
    before, cash = desk.equity(), desk.sim.floor.accounts[ACCOUNT].cash()
    order_id = desk.place("BUY", 10)
    desk.steps(1)
    desk.sim.fault("bust_last_execution")

    assert desk.equity() == pytest.approx(before)
    assert desk.sim.floor.accounts[ACCOUNT].cash() == pytest.approx(cash)
    assert desk.held(265598) == 300
    busted = desk.of(Filled)[-1].execution
    assert (busted.quantity, busted.exec_id[-3:], busted.order_id) == (0, ".02", order_id)


def test_without_an_execution_there_is_nothing_to_correct() -> None:
    desk = open_desk()
    for kind in ("correct_last_execution", "bust_last_execution"):
        with pytest.raises(ValueError, match="no execution"):
            desk.sim.fault(kind)
    with pytest.raises(ValueError, match="knows no fault"):
        desk.sim.fault("earthquake")


def test_the_next_order_is_rejected_and_only_that_one() -> None:
    desk = open_desk()
    desk.sim.fault("reject_next", code=201, text="Order rejected - reason:No.")
    first, second = desk.place("BUY", 1), desk.place("BUY", 1)
    desk.steps(1)

    assert desk.codes(first) == [201]
    assert (desk.status(first), desk.status(second)) == ("Inactive", "Filled")


def test_lost_ids_come_again_and_the_orders_never_were() -> None:
    desk = open_desk()
    kept = desk.place("BUY", 1, "LMT", limit_price=100.0)
    desk.steps(1, seconds=5)
    lost = [desk.place("BUY", 1, "LMT", limit_price=100.0) for _ in range(2)]

    assert desk.sim.fault("lose_order_ids") == 2
    desk.steps(2)

    assert desk.sim.next_order_id(7) == kept + 1 == lost[0]
    assert [order.order_id for order in desk.sim.working()] == [kept]
    again = desk.place("BUY", 1)
    desk.steps(1)
    assert desk.status(again) == "Filled"


def test_a_report_can_come_twice() -> None:
    desk = open_desk()
    desk.sim.fault("duplicate_next_report", count=2)
    desk.place("BUY", 1)
    desk.steps(1)

    assert desk.kinds()[:4] == ["OrderChanged", "OrderChanged", "Filled", "Filled"]
    assert desk.held(265598) == 301


def test_an_execution_can_come_after_its_status() -> None:
    desk = open_desk()
    desk.sim.fault("swap_next_reports")
    desk.place("BUY", 1)
    desk.steps(1)

    kinds = desk.kinds()
    assert kinds.index("Filled") == 2
    assert desk.of(OrderChanged)[1].order.status == "Filled"
    assert kinds[-1] == "Commissioned"


def test_the_night_takes_day_orders_and_keeps_the_rest() -> None:
    desk = open_desk()
    day = desk.place("BUY", 1, "LMT", limit_price=100.0)
    gtc = desk.place("BUY", 1, "LMT", limit_price=100.0, tif="GTC")
    desk.steps(1)
    desk.sim.fault("nightly_reset")

    assert [order.order_id for order in desk.sim.working()] == [gtc]
    assert desk.status(day) == "Cancelled"
    assert desk.held(265598) == 300


def test_a_halt_stops_trading_until_it_is_lifted() -> None:
    desk = open_desk()
    desk.sim.fault("halt", symbol="AAPL")
    order_id = desk.place("BUY", 1)
    desk.steps(3)
    assert desk.filled(order_id) == 0
    assert desk.sim.quote(265598).halted

    desk.sim.fault("resume", symbol="AAPL")
    desk.steps(1)
    assert desk.status(order_id) == "Filled"


def test_an_order_from_tws_itself_has_order_id_and_client_id_zero() -> None:
    desk = open_desk()
    perm_id = desk.sim.fault("manual_order", symbol="AAPL", action="BUY", quantity=5, price=100.0)
    desk.steps(1)

    (order,) = desk.sim.working()
    assert (order.order_id, order.client_id, order.perm_id) == (0, 0, perm_id)
    assert perm_id > 0


def test_the_ledger_on_disk_tells_the_whole_life_of_an_order(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    desk = open_desk(ledger=path)
    desk.place("BUY", 10)
    desk.steps(1)
    desk.sim.fault("correct_last_execution")
    resting = desk.place("BUY", 10, "LMT", limit_price=100.0)
    desk.sim.cancel(7, resting)
    desk.steps(1)
    desk.sim.place(7, 99, AAPL, desk.order("BUY", 0))

    _, *rows = [json.loads(line) for line in path.read_text().splitlines()]
    for row in rows:
        row.pop("state", None)
        row.pop("more", None)
    kinds = [row["kind"] for row in rows]
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    assert kinds[:5] == ["order", "status", "execution", "status", "commission"]
    assert {"correction", "cancel", "refusal"} <= set(kinds)
    assert tuple(rows) == desk.sim.journal
    execution = rows[2]
    assert execution["at"].startswith("2026-04-06T16:00:00.25")
    assert (execution["order_id"], execution["client_id"], execution["quantity"]) == (1, 7, 10)
    assert execution["perm_id"] > 0
    desk.sim.close()


def test_every_ledger_row_is_on_disk_before_it_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    desk = open_desk(ledger=path)
    seen: list[bool] = []
    desk.sim.listen(lambda _: seen.append(bool(path.read_text().splitlines())))
    desk.place("BUY", 10)

    assert seen == [True]
    desk.sim.close()


def test_the_state_is_plain_json() -> None:
    desk = open_desk()
    desk.place("BUY", 10, "LMT", limit_price=100.0)
    desk.steps(1)
    state = json.loads(json.dumps(desk.sim.state()))

    assert set(state) == {"accounts", "orders", "prices"}
    assert state["accounts"][ACCOUNT]["positions"]["265598"]["quantity"] == 300
    assert state["orders"][0]["limit_price"] == 100.0
    assert state["prices"]["265598"]["last"] == 262.4


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "has no .*accounts"),
        ('[[accounts]]\ncode = "DU1"', "lacks base, cash"),
        ("[market]\nclam = 1.0", "no setting clam"),
        ("[exchange]\npeaces = 3", "no setting peaces"),
        (
            '[[accounts]]\ncode = "DU1"\nbase = "USD"\ncash = {}\npositions = [["APPL", 1, 1.0]]',
            "DU1 holds something unknown: .*APPL",
        ),
    ],
)
def test_a_scenario_that_cannot_be_played_is_told_in_a_sentence(
    tmp_path: Path, text: str, sentence: str
) -> None:
    path = tmp_path / "broken.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=sentence):
        open_desk(path)


def test_executions_and_completed_orders_are_forgotten_when_the_day_begins() -> None:
    desk = open_desk("demo")
    desk.place("BUY", 1)
    desk.steps(1)
    assert (len(desk.sim.executions()), len(desk.sim.completed())) == (1, 1)
    desk.steps(1, seconds=13 * 3600)

    assert (desk.sim.executions(), desk.sim.completed()) == ((), ())
    assert desk.held(265598) == 301


def test_every_scenario_loads_and_an_unknown_one_is_named() -> None:
    for name in ("demo", "quiet", "bad_day", "trading_day"):
        assert open_desk(name).sim.accounts
    schedule = open_desk("bad_day").sim.faults
    assert len(schedule) > 10
    for fault in schedule:
        parameters = set(fault) - {"kind", "at_seconds"}
        assert parameters <= PARAMETERS[fault["kind"]]
    with pytest.raises(ValueError, match=r"no scenario 'holiday'; there are: bad_day, demo"):
        open_desk("holiday")

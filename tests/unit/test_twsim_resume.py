"""A simulator started on the ledger of an earlier one knows what that one knew."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.twsim_desk import AAPL, ACCOUNT, MES, NOON, Desk, open_desk
from twsim.domain.events import Filled
from twsim.exchange.entry import Entry

DAY = 86400.0
RESTING: dict[str, Any] = {"tif": "GTC", "limit_price": 100.0}


_open: list[Desk] = []


def opened(scenario: str | Path = "quiet", **given_: Any) -> Desk:
    desk = open_desk(scenario, **given_)
    _open.append(desk)
    return desk


def shut() -> None:
    """Only now are files closed: until then each process looks as if it had been killed."""
    while _open:
        _open.pop().sim.close()


@pytest.fixture(autouse=True)
def _shut() -> Iterator[None]:
    yield
    shut()


def reopened(desk: Desk, ledger: Path, scenario: str | Path = "quiet", later: float = 0.0) -> Desk:
    """As after a kill: the first simulator is not closed, its file is read as it lies there."""
    return opened(scenario, ledger=ledger, at=desk.clock.at + later)


def known(desk: Desk) -> dict[str, Any]:
    """All that a client can ask for, besides prices."""
    sim, floor = desk.sim, desk.sim.floor
    fills = sim.executions()
    return {
        "working": sim.working(),
        "completed": sim.completed(),
        "executions": fills,
        "commissions": [sim.commission(fill.exec_id) for fill in fills],
        "records": list(floor.clearing.records),
        "entries": [_kept(entry) for entry in floor.book.entries],
        "next": [sim.next_order_id(client) for client in (0, 7, 8)],
        "positions": {code: dict(account.positions()) for code, account in floor.accounts.items()},
        "cash": {code: account.cash() for code, account in floor.accounts.items()},
        "prices": {name: sim.quote(sim.universe.by_name(name).con_id).bid for name in ("AAPL",)},
        "journal": sim.journal,
    }


def _kept(entry: Entry) -> tuple[object, ...]:
    times = (entry.starts_at, entry.ends_at, entry.auction_at)
    asked = (entry.cancelled_by, entry.held, entry.limit, entry.value)
    return (entry.number, entry.instrument.con_id, entry.snapshot(), *times, *asked)


def test_positions_orders_fills_and_ids_go_on(tmp_path: Path) -> None:
    desk = opened(ledger=tmp_path / "ledger")
    bought = desk.place("BUY", 10)
    desk.place("SELL", 25)
    desk.place("BUY", 2, on=MES)
    desk.steps(4)
    resting = desk.place("BUY", 5, "LMT", **RESTING)
    desk.place("SELL", 5, "TRAIL", aux_price=2.0)
    desk.steps(2)
    perm_ids = [order.perm_id for order in desk.sim.working() + desk.sim.completed()]
    again = reopened(desk, tmp_path / "ledger")

    assert known(again) == known(desk)
    assert again.held(265598) == 285
    assert again.sim.pnl(ACCOUNT).realized == pytest.approx(desk.sim.pnl(ACCOUNT).realized)
    new = again.place("BUY", 1)
    again.steps(1)
    (fill,) = [event.execution for event in again.of(Filled)]
    assert new > resting > bought
    assert fill.exec_id > max(old.exec_id for old in desk.sim.executions())
    assert fill.perm_id > max(perm_ids)
    again.sim.cancel(7, resting)
    again.steps(1)
    assert again.status(resting) == "Cancelled"


def test_families_untransmitted_orders_and_cancels_under_way_go_on(tmp_path: Path) -> None:
    desk = opened(ledger=tmp_path / "ledger")
    parent = desk.place("BUY", 5, "LMT", limit_price=100.0, transmit=False)
    desk.place("SELL", 5, "LMT", limit_price=400.0, parent_id=parent, transmit=False)
    one, other = (desk.place("BUY", 5, "LMT", **RESTING, oca_group="g") for _ in range(2))
    ending = desk.place("BUY", 5, "LMT", **RESTING)
    desk.steps(1)
    desk.sim.cancel(7, ending)
    again = reopened(desk, tmp_path / "ledger")

    assert known(again) == known(desk)
    again.sim.set_price("AAPL", 99.0)
    again.steps(1)
    filled = [again.filled(number) for number in (one, other)]
    assert again.status(ending) == "Cancelled"
    assert sum(filled) == 5
    assert again.filled(parent) == 0
    again.place("SELL", 5, "STP", aux_price=50.0, parent_id=parent)
    again.steps(1)
    assert again.status(parent) == "Filled"


def test_an_order_shrunk_by_its_family_stays_shrunk(tmp_path: Path) -> None:
    desk = opened(ledger=tmp_path / "ledger")
    group: dict[str, Any] = {"oca_group": "g", "oca_type": 2}
    resting = desk.place("BUY", 8, "LMT", limit_price=100.0, **group)
    desk.place("BUY", 5, **group)
    desk.steps(2)
    again = reopened(desk, tmp_path / "ledger")

    assert [(o.order_id, o.remaining) for o in again.sim.working()] == [(resting, 3)]
    assert known(again) == known(desk)


def test_corrections_busts_lost_orders_and_set_prices_go_on(tmp_path: Path) -> None:
    desk = opened(ledger=tmp_path / "ledger")
    desk.sim.set_price("AAPL", 300.0)
    for quantity in (1, 2, 3):
        desk.place("BUY", quantity)
        desk.steps(1)
    desk.sim.fault("correct_last_execution", price=299.0)
    desk.sim.fault("correct_last_execution", price=298.0)
    desk.sim.fault("bust_last_execution")
    desk.sim.fault("correct_last_execution")
    desk.steps(1, seconds=5)
    desk.place("BUY", 1, "LMT", **RESTING)
    desk.sim.fault("lose_order_ids")
    desk.sim.fault("manual_order", symbol="AAPL", action="BUY", quantity=1, price=90.0)
    again = reopened(desk, tmp_path / "ledger")

    assert known(again) == known(desk)
    assert again.sim.quote(265598).last == pytest.approx(300.0, abs=0.1)


def test_a_day_order_of_yesterday_ends_and_a_gtc_order_stays(tmp_path: Path) -> None:
    desk = opened("trading_day", ledger=tmp_path / "ledger")
    desk.steps(2, seconds=1200)
    day = desk.place("BUY", 1, "LMT", limit_price=100.0)
    gtc = desk.place("BUY", 1, "LMT", **RESTING)
    desk.place("BUY", 3)
    desk.steps(2)
    again = reopened(desk, tmp_path / "ledger", "trading_day", later=3 * DAY)

    assert again.sim.now() == pytest.approx(desk.sim.now(), abs=1)
    again.steps(1, seconds=DAY)
    assert again.status(day) == "Cancelled"
    assert [order.order_id for order in again.sim.working()] == [gtc]
    assert again.held(265598) == 103
    assert again.sim.executions() == ()


def test_what_expired_meanwhile_is_still_held_under_its_number(tmp_path: Path) -> None:
    desk = opened(ledger=tmp_path / "ledger")
    before = {row.contract.con_id: row.quantity for row in desk.sim.holdings(ACCOUNT)}
    desk.steps(1)
    again = reopened(desk, tmp_path / "ledger", later=200 * DAY)

    held = {row.contract.con_id: row.quantity for row in again.sim.holdings(ACCOUNT)}
    assert held == before


def test_it_goes_on_more_than_once_and_on_a_line_cut_off_by_a_kill(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    desk = opened(ledger=ledger)
    for step in range(3):
        desk.place("BUY", 10 + step)
        desk.steps(1)
        with ledger.open("a") as file:
            file.write('{"seq":99,"kind":"exec')
        desk = reopened(desk, ledger)

    assert desk.held(265598) == 333
    assert len(desk.sim.executions()) == 3
    lines = [json.loads(line) for line in ledger.read_text().splitlines()]
    assert [line["seq"] for line in lines if "seq" in line] == [
        *range(1, len(desk.sim.journal) + 1)
    ]


def test_after_a_kill_at_any_line_every_reported_fill_is_there(tmp_path: Path) -> None:
    """A ledger cut anywhere opens, with each fill whose group of lines was written whole."""
    desk = opened(ledger=tmp_path / "ledger")
    desk.place("BUY", 5, "LMT", limit_price=300.0, oca_group="g", oca_type=1)
    desk.place("BUY", 5, "LMT", limit_price=200.0, oca_group="g", oca_type=1)
    desk.steps(2)
    lines = (tmp_path / "ledger").read_text().splitlines(keepends=True)
    for end in range(1, len(lines) + 1):
        cut = tmp_path / f"cut{end}"
        cut.write_text("".join(lines[:end]) + lines[-1][:20])
        again = reopened(desk, cut)
        whole = max(n for n in range(1, end + 1) if '"more":true' not in lines[n - 1])
        written = [row for row in map(json.loads, lines[:whole]) if row["kind"] == "execution"]
        signed = [r["quantity"] * (1 if r["side"] == "BOT" else -1) for r in written]
        assert [fill.exec_id for fill in again.sim.executions()] == [r["exec_id"] for r in written]
        assert again.held(265598) == 300 + sum(signed)
        assert not (written and again.sim.working())


def test_what_a_call_did_is_on_disk_when_it_returns(tmp_path: Path) -> None:
    """The server sends no frame before that; also after a call that was refused."""
    ledger = tmp_path / "ledger"
    desk = opened(ledger=ledger)
    calls: list[Callable[[], Any]] = [
        lambda: desk.place("BUY", 10),
        desk.steps,
        lambda: desk.place("BUY", 0),
        lambda: desk.sim.cancel(7, 1),
        lambda: desk.sim.fault("correct_last_execution"),
        lambda: desk.sim.set_price("AAPL", 200.0),
        desk.sim.cancel_all,
    ]
    for call in calls:
        before = len(desk.sim.journal)
        call()
        last = json.loads(ledger.read_text().splitlines()[-1])
        assert last["seq"] == len(desk.sim.journal) > before
        assert "more" not in last


@pytest.mark.parametrize(("scenario", "seed"), [("demo", 1), ("quiet", 2)])
def test_the_ledger_of_another_scenario_or_seed_is_refused(
    tmp_path: Path, scenario: str, seed: int
) -> None:
    ledger = tmp_path / "ledger"
    opened("quiet", ledger=ledger).sim.close()
    before = ledger.read_text()

    with pytest.raises(ValueError, match=r"made for scenario quiet with seed 1.*remove the file"):
        opened(scenario, seed=seed, ledger=ledger)
    assert ledger.read_text() == before


@pytest.mark.parametrize("text", ["nonsense\n", '{"seq":1,"kind":"order"}\n', "[]\n{}\n"])
def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "ledger").write_text(text)

    with pytest.raises(ValueError, match="remove the file to start afresh"):
        opened(ledger=tmp_path / "ledger")
    assert (tmp_path / "ledger").read_text() == text


one_step = st.one_of(
    st.tuples(
        st.just("place"),
        st.sampled_from(["BUY", "SELL"]),
        st.integers(1, 1500),
        st.sampled_from(["MKT", "LMT", "STP", "MTL", "TRAIL", "STP LMT"]),
        st.integers(-300, 300),
        st.sampled_from(["DAY", "GTC", "IOC", "FOK"]),
        st.sampled_from(["", "", "group"]),
        st.booleans(),
    ),
    st.tuples(st.just("cancel"), st.integers(1, 12)),
    st.tuples(st.just("move"), st.integers(-200, 200)),
    st.tuples(st.sampled_from(["beat", "correct", "bust", "lose", "cancel all"])),
)
_files = count()


def _do(desk: Desk, what: str, *given_: Any) -> None:
    if what == "place":
        action, quantity, kind, offset, tif, group, transmit = given_
        level = round(262.40 + offset / 100, 2)
        fields = {"limit_price": level, "aux_price": 1.0 if kind == "TRAIL" else level}
        desk.place(action, quantity, kind, **fields, tif=tif, oca_group=group, transmit=transmit)
    elif what == "cancel":
        desk.sim.cancel(7, *given_)
    elif what == "move":
        desk.sim.set_price("AAPL", round(262.40 + given_[0] / 100, 2))
    elif what == "cancel all":
        desk.sim.cancel_all()
    elif what == "lose":
        desk.sim.fault("lose_order_ids", seconds=0.3)
    elif what != "beat" and desk.sim.executions() and desk.sim.floor.clearing.latest():
        desk.sim.fault(f"{what}_last_execution")


# Shrinking is left out, as in test_twsim_matching.
@settings(max_examples=15, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(steps=st.lists(one_step, min_size=2, max_size=14))
def test_replay_equals_memory_whatever_happened(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Any, ...]]
) -> None:
    folder = tmp_path_factory.mktemp(f"resume{next(_files)}")
    desk = opened(ledger=folder / "ledger")
    for step in steps:
        _do(desk, *step)
        desk.steps(1)
    again = reopened(desk, folder / "ledger")

    assert known(again) == known(desk)
    shut()


def test_an_earlier_numbers_are_never_used_again(tmp_path: Path) -> None:
    """Also where the clock stood still, which a new process begins its execution ids with."""
    desk = opened(ledger=tmp_path / "ledger", at=NOON)
    desk.sim.place(7, 50, replace(AAPL), desk.order("BUY", 0))  # refused, and its id is used
    desk.place("BUY", 10)
    desk.steps(1)
    again = opened(ledger=tmp_path / "ledger", at=NOON)
    again.place("BUY", 10)
    again.steps(1)

    ids = [fill.exec_id for fill in again.sim.executions()]
    assert len(set(ids)) == len(ids) == 2
    assert again.sim.next_order_id(7) == 53

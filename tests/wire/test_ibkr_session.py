"""The session against a simulator: start path, every way to lose the link, and the way back."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ibkr.errors import IbkrError, LinkFailure, NotConnected, NotReady
from ibkr.port import BrokerPort
from ibkr.types import (
    AccountPnL,
    AccountValue,
    BrokerError,
    Execution,
    LinkState,
    MarketDataType,
    OrderStatus,
    PositionPnL,
    PositionsSnapshot,
    Tick,
)
from tests.wire.live_session import (
    ACCOUNT,
    SHORT_HEARTBEAT,
    Live,
    order,
    running,
    utc_now,
)
from tests.wire.simulator import Simulator, wait_until

StartSimulator = Callable[..., Simulator]


@pytest.fixture
def simulator(twsim: StartSimulator) -> Simulator:
    return twsim("quiet")


def _subscribe(port: BrokerPort) -> None:
    for account in port.accounts:
        port.subscribe_account(account)
    port.subscribe_positions()
    port.set_market_data_type(MarketDataType.LIVE)


def _stream(live: Live) -> int:
    """Quotes and P&L of one stock; returns its conId once both flow."""
    stock = live.stock()
    mark = live.mark()
    live.port.subscribe_quotes([stock], "233")
    live.port.subscribe_position_pnl(ACCOUNT, [stock.con_id])
    live.fresh(Tick, mark, con_id=stock.con_id)
    live.fresh(PositionPnL, mark, con_id=stock.con_id)
    return stock.con_id


def _everything_flows(live: Live, mark: int, con_id: int) -> None:
    live.fresh(Tick, mark, con_id=con_id)
    live.fresh(AccountValue, mark, account=ACCOUNT, tag="NetLiquidation")
    live.fresh(AccountPnL, mark, account=ACCOUNT)
    live.fresh(PositionPnL, mark, con_id=con_id)
    assert live.fresh(PositionsSnapshot, mark)[0].positions


def test_ready_within_seconds_and_in_the_right_order(simulator: Simulator) -> None:
    started = time.monotonic()
    with running(simulator.port, _subscribe, pinned=(ACCOUNT,)) as live:
        live.ready()
        assert time.monotonic() - started < 15
        assert live.states() == [LinkState.CONNECTING, LinkState.RECONCILING, LinkState.READY]
        assert ACCOUNT in live.port.accounts
        live.fresh(PositionsSnapshot, 0)
        live.fresh(AccountPnL, 0)


def test_every_event_comes_on_one_thread(simulator: Simulator) -> None:
    with running(simulator.port, _subscribe) as live:
        live.ready()
        _stream(live)
        simulator.fault("drop")
        live.down("504")
        live.until(lambda: live.ups >= 2)
        assert live.threads == {"ibkr-reader"}


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "drop"}, "504"),
        ({"kind": "half_frame", "then": "close"}, "504"),
        ({"kind": "half_frame", "then": "stall", "seconds": 14}, "no_heartbeat"),
        ({"kind": "silence", "seconds": 14}, "no_heartbeat"),
        ({"kind": "nightly_reset", "seconds": 1}, "504"),
    ],
    ids=lambda value: str(value.get("then") or value["kind"]) if isinstance(value, dict) else value,
)
def test_after_a_loss_everything_flows_again(
    simulator: Simulator, fault: dict[str, Any], code: str
) -> None:
    silent = {"heartbeat_limit": SHORT_HEARTBEAT} if code == "no_heartbeat" else {}
    with running(simulator.port, _subscribe, **silent) as live:
        live.ready()
        con_id = _stream(live)
        simulator.fault(**fault)
        lost = live.down(code)
        assert lost.state is LinkState.DISCONNECTED
        mark = live.events.index(lost)
        live.until(lambda: live.ups >= 2)
        live.ready()
        _everything_flows(live, mark, con_id)


def test_frames_cut_anywhere_are_read(simulator: Simulator) -> None:
    with running(simulator.port, _subscribe) as live:
        live.ready()
        simulator.fault("split", seconds=30)
        mark = live.mark()
        con_id = _stream(live)
        assert len(live.fresh(Tick, mark, con_id=con_id)) > 0
        assert live.ups == 1


def test_lost_connectivity_degrades_and_its_return_with_data_reconciles(
    simulator: Simulator,
) -> None:
    with running(simulator.port, _subscribe) as live:
        live.ready()
        con_id = _stream(live)
        simulator.fault("connectivity", code=1100)
        assert live.down("1100").state is LinkState.DEGRADED
        with pytest.raises(NotReady) as caught:
            live.port.place_order(live.port.next_order_id(), live.stock(), order())
        assert "Interactive Brokers" in caught.value.sentence
        simulator.fault("connectivity", code=1102)
        live.until(lambda: live.ups >= 2)
        live.ready()
        mark = live.mark()
        simulator.market("AAPL", 301.5)
        live.fresh(Tick, mark, con_id=con_id)


def test_connectivity_back_with_data_lost_subscribes_anew(simulator: Simulator) -> None:
    with running(simulator.port, _subscribe) as live:
        live.ready()
        con_id = _stream(live)
        simulator.fault("connectivity", code=1100)
        live.down("1100")
        mark = live.mark()
        simulator.fault("connectivity", code=1101)
        live.until(lambda: live.ups >= 2)
        live.ready()
        _everything_flows(live, mark, con_id)
        assert live.port.streaming() == {con_id}


def test_a_broken_farm_is_an_event_and_no_change_of_state(simulator: Simulator) -> None:
    with running(simulator.port) as live:
        live.ready()
        simulator.fault("farm", farm="data")
        live.error(2103)
        simulator.fault("farm", farm="data", on=False)
        live.until(lambda: len([e for e in live.of(BrokerError) if e.code == 2104]) == 2)
        assert live.session.link.state is LinkState.READY


def test_a_taken_client_id_is_said_and_taken_up_when_free(simulator: Simulator) -> None:
    with running(simulator.port, client_id=7) as first:
        first.ready()
        with running(simulator.port, client_id=7) as second:
            assert "Client id 7 is in use" in second.down("326").sentence
            first.session.stop()
            second.ready()


def test_a_paper_login_on_a_live_connection_is_refused(simulator: Simulator) -> None:
    with running(simulator.port, mode="live") as live:
        link = live.down("identity")
        assert link.state is LinkState.DISCONNECTED
        assert "DU****67" in link.sentence
        with pytest.raises(NotConnected):
            live.port.cancel_all()
        assert live.ups == 0
        assert live.of(AccountValue) == []


def test_a_login_without_the_pinned_account_is_refused(simulator: Simulator) -> None:
    with running(simulator.port, pinned=("DU9999999",)) as live:
        assert "pinned" in live.down("identity").sentence
        assert live.ups == 0


def test_a_wrong_login_is_retried_only_slowly(simulator: Simulator) -> None:
    with running(simulator.port, mode="live", backoff_last=30.0, backoff_first=0.05) as live:
        live.down("identity")
        wait_until(lambda: simulator.state()["wire"]["clients"] == [], says="the socket is closed")
        seen = live.mark()
        with pytest.raises(AssertionError):
            live.until(lambda: live.mark() > seen, seconds=1.0)


def test_a_drop_by_hand_says_why_and_reconnects(simulator: Simulator) -> None:
    with running(simulator.port) as live:
        live.ready()
        live.session.drop("lease_lost", "Another worker holds this connection.")
        assert live.down("lease_lost").sentence == "Another worker holds this connection."
        live.until(lambda: live.ups >= 2)


def test_a_start_path_that_fails_is_tried_again(simulator: Simulator) -> None:
    failures = iter([RuntimeError("a mistake"), LinkFailure("Redis is down.", code="redis_down")])

    def on_up(_port: BrokerPort) -> None:
        for failure in failures:
            raise failure

    with running(simulator.port, on_up) as live:
        assert live.down("start_failed").state is LinkState.DISCONNECTED
        assert live.down("redis_down").sentence == "Redis is down."
        live.ready()


def test_a_loss_during_the_start_path_is_said_as_what_it_was(simulator: Simulator) -> None:
    def silent_once(port: BrokerPort) -> None:
        if next(times) == 0:
            simulator.fault("silence", seconds=14)
            port.current_time()

    times = iter(range(100))
    with running(simulator.port, silent_once, heartbeat_limit=SHORT_HEARTBEAT) as live:
        assert "silent for" in live.down("no_heartbeat").sentence
        live.ready()


def test_orders_wait_for_the_start_path_and_cancels_do_not(simulator: Simulator) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def on_up(_port: BrokerPort) -> None:
        reached.set()
        go_on.wait(60)

    with running(simulator.port, on_up) as live:
        assert reached.wait(30)
        assert live.session.link.state is LinkState.RECONCILING
        with pytest.raises(NotReady):
            live.port.place_order(live.port.next_order_id(), live.stock(), order())
        live.port.cancel_order(424242)
        live.error(10147)
        go_on.set()
        live.ready()


def test_no_orders_before_a_restart_although_the_link_is_ready(simulator: Simulator) -> None:
    restart_at = (utc_now() + timedelta(minutes=3)).time().replace(microsecond=0)
    with running(simulator.port, time_zone="UTC", restart_at=restart_at) as live:
        live.ready()
        assert live.session.link.code == "no_orders"
        with pytest.raises(NotReady) as caught:
            live.port.place_order(live.port.next_order_id(), live.stock(), order())
        assert "restart" in caught.value.sentence
        live.port.cancel_order(424242)
        live.error(10147)


def test_a_gateway_away_in_its_restart_window_is_quietly_waited_for(simulator: Simulator) -> None:
    restart_at = (utc_now() - timedelta(minutes=1)).time().replace(microsecond=0)
    with running(simulator.port, time_zone="UTC", restart_at=restart_at) as live:
        live.ready()
        simulator.fault("nightly_reset", seconds=1)
        assert live.down("restart").state is LinkState.RESTART_WINDOW
        live.until(lambda: live.ups >= 2)
        assert LinkState.DISCONNECTED not in live.states()


def test_waiting_calls_are_released_when_the_link_drops(simulator: Simulator) -> None:
    with running(simulator.port, heartbeat_limit=SHORT_HEARTBEAT) as live:
        live.ready()
        simulator.fault("silence", seconds=20)
        outcome: list[IbkrError] = []

        def ask() -> None:
            try:
                live.stock()
            except IbkrError as error:
                outcome.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        thread.join(30)
        assert [type(error) for error in outcome] == [NotConnected]


def test_stopping_releases_a_start_path_that_waits(simulator: Simulator) -> None:
    waiting = threading.Event()

    def on_up(port: BrokerPort) -> None:
        simulator.fault("silence", seconds=40)
        waiting.set()
        port.current_time()

    with running(simulator.port, on_up, heartbeat_limit=60.0) as live:
        assert waiting.wait(30)
        started = time.monotonic()
        live.session.stop()
        assert time.monotonic() - started < 15


def test_order_ids_never_go_back_even_when_the_gateway_forgets(simulator: Simulator) -> None:
    with running(simulator.port) as live:
        live.ready()
        first = live.port.next_order_id()
        live.port.place_order(first, live.stock(), order())
        wait_until(simulator.ledger)
        simulator.fault("restart_lost_ids", seconds=0.2, lost=60)
        live.until(lambda: live.ups >= 2)
        live.ready()
        assert live.port.next_order_id() > first


def test_a_burst_of_requests_never_breaks_the_pace(simulator: Simulator) -> None:
    with running(simulator.port, _subscribe) as live:
        live.ready()
        (snapshot,) = live.fresh(PositionsSnapshot, 0)
        held = [p.contract for p in snapshot.positions if p.contract.sec_type in ("STK", "OPT")]
        started = time.monotonic()
        for _ in range(2):
            live.port.subscribe_quotes(held)
            live.port.unsubscribe_quotes([contract.con_id for contract in held])
        live.port.cancel_order(424242)
        live.error(10147)
        cancelled = time.monotonic() - started
        live.port.contract_details(held[0])
        everything = time.monotonic() - started
        assert everything > 2
        assert cancelled < everything / 2, "a cancel does not wait behind data requests"
        assert [e for e in live.of(BrokerError) if e.code == 100] == []


def test_a_competing_session_is_told_and_the_line_can_be_taken_again(simulator: Simulator) -> None:
    with running(simulator.port) as live:
        live.ready()
        stock = live.stock()
        simulator.fault("competing_session")
        live.port.subscribe_quotes([stock])
        assert live.error(10197).con_id == stock.con_id
        assert live.port.streaming() == frozenset()
        simulator.fault("competing_session", on=False)
        live.port.subscribe_quotes([stock])
        live.fresh(Tick, 0, con_id=stock.con_id)


def test_a_correction_of_a_fill_repeats_its_id_with_a_higher_end(simulator: Simulator) -> None:
    with running(simulator.port) as live:
        live.ready()
        order_id = live.port.next_order_id()
        live.port.place_order(order_id, live.stock(), order())
        first = live.fresh(Execution, 0, order_id=order_id)[-1]
        mark = live.mark()
        simulator.fault("correction", price=123.45)
        corrected = live.fresh(Execution, mark, order_id=order_id)[-1]
        assert corrected.exec_id.rpartition(".")[0] == first.exec_id.rpartition(".")[0]
        assert corrected.exec_id > first.exec_id
        assert str(corrected.price) == "123.45"


def test_reports_twice_and_out_of_order_all_arrive(simulator: Simulator) -> None:
    with running(simulator.port) as live:
        live.ready()
        simulator.fault("duplicate_reports", count=5)
        simulator.fault("out_of_order", count=2)
        order_id = live.port.next_order_id()
        live.port.place_order(order_id, live.stock(), order())
        live.fresh(Execution, 0, order_id=order_id)
        live.fresh(OrderStatus, 0, order_id=order_id, status="Filled")
        assert [row.order_id for row in live.port.executions()].count(order_id) == 1

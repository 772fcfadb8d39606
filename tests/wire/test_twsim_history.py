"""Historical bars, head timestamps, schedules and five-second bars with a real ibapi client."""

from itertools import pairwise
from typing import Any

import pytest

from tests.wire.conftest import Connect, StartSimulator
from tests.wire.tws_client import TwsClient, contract, stock


def _bars(client: TwsClient, req_id: int, **changed: Any) -> None:
    asked: dict[str, Any] = {
        "contract": stock(),
        "endDateTime": "",
        "durationStr": "1 D",
        "barSizeSetting": "1 hour",
        "whatToShow": "TRADES",
        "useRTH": 1,
        "formatDate": 1,
        "keepUpToDate": False,
        "chartOptions": [],
    }
    client.reqHistoricalData(req_id, **(asked | changed))


def _heard(client: TwsClient, req_id: int) -> list[Any]:
    client.wait("historicalDataEnd", lambda its_id, *_: its_id == req_id)
    return [found[1] for found in client.all("historicalData") if found[0] == req_id]


def test_hourly_bars_have_local_times_and_an_end(client: TwsClient) -> None:
    _bars(client, 1)
    bars = _heard(client, 1)
    assert bars
    assert all(bar.date.endswith(" US/Eastern") for bar in bars)
    assert all(bar.low <= min(bar.open, bar.close) for bar in bars)
    assert all(bar.high >= max(bar.open, bar.close) for bar in bars)
    assert all(bar.volume >= 0 for bar in bars)
    _, start, end = client.wait("historicalDataEnd")
    assert start < end
    assert end.endswith(" US/Eastern")


def test_bars_in_epoch_form_are_evenly_spaced(client: TwsClient) -> None:
    _bars(client, 2, formatDate=2, barSizeSetting="5 mins", durationStr="3600 S")
    times = [int(bar.date) for bar in _heard(client, 2)]
    assert 12 <= len(times) <= 13
    assert {after - before for before, after in pairwise(times)} == {300}


def test_daily_bars_carry_dates(client: TwsClient) -> None:
    _bars(client, 3, durationStr="2 W", barSizeSetting="1 day", whatToShow="MIDPOINT")
    dates = [bar.date for bar in _heard(client, 3)]
    assert len(dates) >= 8
    assert all(len(date) == 8 for date in dates)
    assert dates == sorted(dates)


def test_bars_of_the_past_end_where_asked(client: TwsClient) -> None:
    _bars(client, 4, endDateTime="20250605 16:00:00 US/Eastern", durationStr="2 D")
    assert _heard(client, 4)[-1].date.startswith("2025060")
    _bars(client, 5, endDateTime="20250605-20:00:00", formatDate=2)
    assert int(_heard(client, 5)[-1].date) < 1_749_153_600


@pytest.mark.parametrize(
    "changed",
    [
        {"barSizeSetting": "7 mins"},
        {"durationStr": "1 fortnight"},
        {"whatToShow": "GOSSIP"},
        {"endDateTime": "yesterday"},
        {"keepUpToDate": True, "endDateTime": "20260605-20:00:00"},
    ],
)
def test_a_request_that_makes_no_sense_gets_321(client: TwsClient, changed: dict[str, Any]) -> None:
    _bars(client, 6, **changed)
    client.error_for(6, 321)


def test_an_unknown_contract_gets_200(client: TwsClient) -> None:
    _bars(client, 7, contract=stock("NOSUCH"))
    client.error_for(7, 200)


def test_bars_kept_up_to_date_follow_the_price(twsim: StartSimulator, connect: Connect) -> None:
    simulator = twsim(options=("--set", "history_updates_every=0.05"))
    client = connect(simulator)
    _bars(client, 8, barSizeSetting="1 min", durationStr="3600 S", keepUpToDate=True, formatDate=2)
    last = _heard(client, 8)[-1]
    simulator.market("AAPL", 275.0)
    req_id, bar = client.wait("historicalDataUpdate", lambda _, bar: bar.close == 275.0)
    assert req_id == 8
    assert int(bar.date) >= int(last.date)
    client.cancelHistoricalData(8)
    client.error_for(8, 162)
    simulator.market("AAPL", 280.0)
    assert client.hears_nothing("historicalDataUpdate")


def test_cancelling_what_is_not_there_gets_366(client: TwsClient) -> None:
    client.cancelHistoricalData(4711)
    assert client.error_for(4711, 366).endswith("ticker id:4711")


def test_a_head_timestamp_comes_in_both_forms(client: TwsClient) -> None:
    client.reqHeadTimeStamp(9, stock(), "TRADES", 1, 1)
    written = client.wait("headTimestamp", lambda req_id, _: req_id == 9)[1]
    client.reqHeadTimeStamp(10, stock(), "TRADES", 1, 2)
    epoch = client.wait("headTimestamp", lambda req_id, _: req_id == 10)[1]
    assert written[8] == "-"
    assert len(written.removesuffix("Z")) == 17
    assert int(epoch) < 1_700_000_000
    client.cancelHeadTimeStamp(9)


def test_a_schedule_lists_its_sessions(client: TwsClient) -> None:
    _bars(client, 11, durationStr="5 D", barSizeSetting="1 day", whatToShow="SCHEDULE")
    req_id, start, end, zone, sessions = client.wait("historicalSchedule")
    assert (req_id, zone) == (11, "US/Eastern")
    assert (sessions[0].startDateTime, sessions[-1].endDateTime) == (start, end)
    assert len(sessions) >= 3
    assert sessions[0].startDateTime.startswith(sessions[0].refDate)


def test_five_second_bars_come_every_five_seconds(client: TwsClient) -> None:
    client.reqRealTimeBars(12, stock(), 5, "TRADES", 1, [])
    req_id, at, opened, high, low, close = client.wait("realtimeBar")[:6]
    assert (req_id, at % 5) == (12, 0)
    assert low <= min(opened, close)
    assert high >= max(opened, close)
    client.cancelRealTimeBars(12)
    client.cancelRealTimeBars(12)
    client.error_for(12, 300)


def test_five_second_bars_of_an_odd_kind_get_420(client: TwsClient) -> None:
    client.reqRealTimeBars(13, stock(), 5, "GOSSIP", 1, [])
    client.error_for(13, 420)


def test_a_long_answer_holds_up_nobody(twsim: StartSimulator, connect: Connect) -> None:
    simulator = twsim("demo")
    busy, other = connect(simulator), connect(simulator)
    other.forget()
    _bars(busy, 15, durationStr="1 W", barSizeSetting="1 min")
    for client in (busy, other):
        client.reqCurrentTime()
        client.wait("currentTime")
    assert busy.all("historicalDataEnd") == []
    assert len(_heard(busy, 15)) > 9000


def test_a_long_answer_can_be_cancelled(twsim: StartSimulator, connect: Connect) -> None:
    client = connect(twsim("demo"))
    _bars(client, 16, durationStr="1 W", barSizeSetting="1 min")
    client.cancelHistoricalData(16)
    client.error_for(16, 162)
    assert client.hears_nothing("historicalDataEnd")


@pytest.fixture
def paced(twsim: StartSimulator, connect: Connect) -> TwsClient:
    return connect(twsim(options=("--set", "history_requests=8")))


def test_the_same_request_within_fifteen_seconds_is_a_pacing_violation(paced: TwsClient) -> None:
    _bars(paced, 1)
    _bars(paced, 2)
    assert "pacing violation" in paced.error_for(2, 162)
    _bars(paced, 3, durationStr="2 D")
    _heard(paced, 3)


def test_the_sixth_request_for_one_contract_within_two_seconds_is_a_violation(
    paced: TwsClient,
) -> None:
    for number in range(1, 7):
        _bars(paced, number, durationStr=f"{number} D", barSizeSetting="1 day")
    assert "pacing violation" in paced.error_for(6, 162)


def test_requests_beyond_the_ten_minute_allowance_are_violations(paced: TwsClient) -> None:
    for number, symbol in enumerate(("AAPL", "MSFT", "NVDA"), start=1):
        _bars(paced, number, contract=stock(symbol), whatToShow="BID_ASK")
        _heard(paced, number)
    _bars(paced, 4, contract=stock("AMZN"))
    _bars(paced, 5, contract=stock("JPM"))
    _bars(paced, 6, contract=stock("KO"))
    _heard(paced, 5)
    assert "pacing violation" in paced.error_for(6, 162)


def test_a_currency_pair_has_midpoint_bars(client: TwsClient) -> None:
    pair = contract(symbol="EUR", secType="CASH", currency="USD", exchange="IDEALPRO")
    _bars(client, 14, contract=pair, whatToShow="MIDPOINT")
    assert 0.5 < _heard(client, 14)[-1].close < 2

"""Market data as a real ibapi client hears it: live, delayed, snapshots, options, limits."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.wire.conftest import Connect, StartSimulator
from tests.wire.simulator import Simulator
from tests.wire.tws_client import TwsClient, contract, stock

SCENARIO = Path(__file__).parents[2] / "twsim" / "scenarios" / "quiet.toml"


def _ask(client: TwsClient, req_id: int, of: Any = None, generic: str = "") -> None:
    client.reqMktData(req_id, of or stock(), generic, 0, 0, [])


def _option(client: TwsClient) -> Any:
    asked = contract(symbol="AAPL", secType="OPT", exchange="SMART", right="C")
    client.reqContractDetails(900, asked)
    client.wait("contractDetailsEnd")
    found = [row[1].contract for row in client.all("contractDetails")]
    middle = sorted({item.strike for item in found})[len({item.strike for item in found}) // 2]
    last = max(item.lastTradeDateOrContractMonth for item in found)
    return next(i for i in found if (i.strike, i.lastTradeDateOrContractMonth) == (middle, last))


def test_a_line_opens_with_parameters_kind_and_ticks(client: TwsClient) -> None:
    client.forget()
    _ask(client, 1)
    client.wait("tickGeneric")
    assert client.names()[:3] == ["tickReqParams", "marketDataType", "tickPrice"]
    assert client.wait("tickReqParams") == (1, 0.01, "9c0001", 3)
    assert client.wait("marketDataType") == (1, 1)
    prices = {row[1]: row[2] for row in client.all("tickPrice")}
    sizes = {row[1]: row[2] for row in client.all("tickSize")}
    assert {1, 2, 4, 6, 7, 9, 14} <= set(prices)
    assert prices[1] < prices[2]
    assert prices[7] <= prices[4] <= prices[6]
    assert {0, 3, 5, 8} <= set(sizes)
    assert all(size > 0 for size in sizes.values())
    assert client.wait("tickString")[1] == 45
    assert client.wait("tickGeneric") == (1, 49, 0.0)
    client.cancelMktData(1)


def test_a_moved_price_is_told_once_and_a_cancelled_line_is_silent(
    twsim: StartSimulator, connect: Connect
) -> None:
    simulator = twsim()
    client = connect(simulator)
    _ask(client, 1)
    client.wait("tickGeneric")
    client.forget()
    simulator.market("AAPL", 300.0)
    client.wait("tickPrice", lambda _, tick, price, __: (tick, price) == (4, 300.0))
    bid = client.wait("tickPrice", lambda _, tick, *__: tick == 1)[2]
    assert 299 < bid < 300
    client.cancelMktData(1)
    client.reqCurrentTime()
    client.wait("currentTime")
    simulator.market("AAPL", 310.0)
    assert client.hears_nothing("tickPrice")


def test_generic_ticks_come_when_asked_for(client: TwsClient) -> None:
    _ask(client, 2, generic="165,232,233,236")
    text = client.wait("tickString", lambda _, tick, __: tick == 48)[2]
    price, size, at_ms, volume, average, single = text.split(";")
    assert float(price) > 0
    assert float(size) > 0
    assert int(at_ms) > 1_600_000_000_000
    assert float(volume) > 0
    assert float(average) > 0
    assert single in ("true", "false")
    assert client.wait("tickGeneric", lambda _, tick, __: tick == 46)[2] == 3.0
    assert client.wait("tickPrice", lambda _, tick, *__: tick == 37)[2] > 0
    low, high = (client.wait("tickPrice", lambda _, t, *__, n=n: t == n)[2] for n in (19, 20))
    assert low < high
    client.wait("tickSize", lambda _, tick, __: tick == 21)
    client.cancelMktData(2)


def test_an_unknown_generic_tick_gets_321(client: TwsClient) -> None:
    _ask(client, 3, generic="9999")
    assert "9999" in client.error_for(3, 321)


def test_a_snapshot_ends_and_leaves_no_line(standing_twsim: Simulator, client: TwsClient) -> None:
    lines = standing_twsim.state()["wire"]["lines"]
    client.reqMktData(4, stock("MSFT"), "", 1, 0, [])
    assert client.wait("tickSnapshotEnd") == (4,)
    assert {1, 2, 4} <= {row[1] for row in client.all("tickPrice")}
    assert standing_twsim.state()["wire"]["lines"] == lines
    client.cancelMktData(4)
    client.error_for(4, 300)


def test_an_option_has_computations_for_bid_ask_last_and_model(client: TwsClient) -> None:
    option = _option(client)
    _ask(client, 5, option)
    client.wait("tickOptionComputation", lambda _, tick, *__: tick == 13)
    ticks = {row[1]: row[2:] for row in client.all("tickOptionComputation")}
    assert {10, 11, 12, 13} <= set(ticks)
    attribute, volatility, delta, price, _, gamma, vega, theta, underlying = ticks[13]
    assert attribute == 0
    assert 0.05 < volatility < 2
    assert 0 < delta < 1
    assert price > 0
    assert gamma > 0
    assert vega > 0
    assert theta < 0
    assert underlying == pytest.approx(262.4, rel=0.2)
    client.cancelMktData(5)


def test_volatility_and_price_of_an_option_are_each_other_s_inverse(client: TwsClient) -> None:
    option = _option(client)
    client.calculateOptionPrice(6, option, 0.35, 260.0, [])
    priced = client.wait("tickOptionComputation", lambda req_id, *_: req_id == 6)
    assert priced[1] == 53
    client.calculateImpliedVolatility(7, option, priced[5], 260.0, [])
    back = client.wait("tickOptionComputation", lambda req_id, *_: req_id == 7)
    assert back[3] == pytest.approx(0.35, abs=1e-3)
    client.cancelCalculateOptionPrice(6)
    client.cancelCalculateImpliedVolatility(7)


def test_a_used_ticker_id_gets_102_and_an_unknown_one_300(client: TwsClient) -> None:
    _ask(client, 8)
    _ask(client, 8)
    client.error_for(8, 102)
    client.cancelMktData(4711)
    assert client.error_for(4711, 300) == "Can't find EId with tickerId:4711"
    client.cancelMktData(8)


def test_lines_over_the_limit_get_101_until_one_is_free(
    twsim: StartSimulator, connect: Connect
) -> None:
    simulator = twsim(options=("--set", "lines=3"))
    first, second = connect(simulator), connect(simulator)
    for req_id in (1, 2):
        _ask(first, req_id)
    _ask(second, 3)
    second.wait("tickPrice")
    _ask(first, 4)
    assert first.error_for(4, 101) == "Max number of tickers has been reached."
    second.shut()
    first.cancelMktData(1)
    _ask(first, 5)
    first.wait("tickPrice", lambda req_id, *_: req_id == 5)


def _scenario(folder: Path, data: str) -> str:
    path = folder / "permissions.toml"
    path.write_text(f"{SCENARIO.read_text()}\n[data]\n{data}\n")
    return str(path)


def test_without_a_subscription_data_is_delayed_when_the_client_allows_it(
    twsim: StartSimulator, connect: Connect, tmp_path: Path
) -> None:
    client = connect(twsim(_scenario(tmp_path, 'symbols = { AAPL = "delayed" }')))
    _ask(client, 1)
    assert "not enabled" in client.error_for(1, 10168)
    client.reqMarketDataType(3)
    _ask(client, 2)
    assert client.error_for(2, 10167).endswith("Displaying delayed market data.")
    assert client.wait("marketDataType") == (2, 3)
    client.wait("tickString", lambda _, tick, __: tick == 88)
    client.wait("tickPrice", lambda _, tick, *__: tick == 76)
    ticks = {row[1] for row in client.all("tickPrice")}
    sizes = {row[1] for row in client.all("tickSize")}
    assert ticks >= {66, 67, 68, 72, 73, 75, 76}
    assert sizes >= {69, 70, 71, 74}
    assert not ticks & {1, 2, 4}
    _ask(client, 3, stock("MSFT"))
    assert client.wait("marketDataType", lambda req_id, _: req_id == 3) == (3, 1)
    option = _option(client)
    _ask(client, 4, option)
    client.wait("tickOptionComputation", lambda _, tick, *__: tick == 83)


def test_without_any_permission_there_is_354(
    twsim: StartSimulator, connect: Connect, tmp_path: Path
) -> None:
    client = connect(twsim(_scenario(tmp_path, 'symbols = { AAPL = "none" }')))
    client.reqMarketDataType(3)
    _ask(client, 1)
    client.error_for(1, 354)
    client.reqRealTimeBars(2, stock(), 5, "TRADES", 1, [])
    client.error_for(2, 10089)


def test_prices_move_by_themselves_in_the_demo(twsim: StartSimulator, connect: Connect) -> None:
    client = connect(twsim("demo"))
    for req_id, symbol in enumerate(("AAPL", "MSFT", "SPY"), start=1):
        _ask(client, req_id, stock(symbol))
    client.wait("tickGeneric", count=3)
    client.forget()
    assert client.wait("tickPrice", count=3)[2] > 0
    sizes = client.wait("tickSize")
    assert isinstance(sizes[2], Decimal)

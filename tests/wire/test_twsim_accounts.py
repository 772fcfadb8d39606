"""Account values, positions and P&L as a real ibapi client hears them."""

from decimal import Decimal

import pytest
from ibapi.const import UNSET_DOUBLE

from tests.wire.conftest import Connect, StartSimulator
from tests.wire.simulator import Simulator, wait_until
from tests.wire.tws_client import TwsClient, order, stock

ACCOUNT, SECOND = "DU1234567", "DU7654321"
AAPL = 265598


def test_a_summary_has_its_tags_in_alphabetical_order_for_each_account(client: TwsClient) -> None:
    client.reqAccountSummary(1, "All", "TotalCashValue,NetLiquidation,BuyingPower")
    assert client.wait("accountSummaryEnd") == (1,)
    rows = client.all("accountSummary")
    expected = ["BuyingPower", "NetLiquidation", "TotalCashValue"]
    assert [row[2] for row in rows if row[1] == ACCOUNT] == expected
    assert [row[2] for row in rows if row[1] == SECOND] == expected
    assert {row[4] for row in rows} == {"USD"}
    assert all(Decimal(row[3]) > 0 for row in rows)


def test_a_ledger_has_a_block_for_each_currency_and_the_base(client: TwsClient) -> None:
    client.reqAccountSummary(2, "All", "$LEDGER:ALL")
    client.wait("accountSummaryEnd")
    cash = {
        row[4]: row[3]
        for row in client.all("accountSummary", lambda *row: row[2] == "CashBalance")
        if row[1] == ACCOUNT
    }
    assert set(cash) == {"USD", "HKD", "EUR", "BASE"}
    assert Decimal(cash["HKD"]) == Decimal(412600)


def test_a_third_summary_is_refused_until_one_is_cancelled(client: TwsClient) -> None:
    client.reqAccountSummary(1, "All", "NetLiquidation")
    client.reqAccountSummary(2, "All", "NetLiquidation")
    client.reqAccountSummary(3, "All", "NetLiquidation")
    assert "Maximum number of account summary" in client.error_for(3, 322)
    client.cancelAccountSummary(1)
    client.reqAccountSummary(4, "All", "NetLiquidation")
    client.wait("accountSummaryEnd", lambda req_id: req_id == 4)


@pytest.mark.parametrize(("group", "tags"), [("Nobody", "NetLiquidation"), ("All", "NetLiq")])
def test_a_summary_of_an_unknown_group_or_tag_gets_321(
    client: TwsClient, group: str, tags: str
) -> None:
    client.reqAccountSummary(1, group, tags)
    client.error_for(1, 321)


def test_a_summary_is_refreshed_where_it_changed(twsim: StartSimulator, connect: Connect) -> None:
    simulator = twsim(options=("--set", "summary_every=0.2"))
    client = connect(simulator)
    client.reqAccountSummary(1, ACCOUNT, "NetLiquidation,AccountType")
    client.wait("accountSummaryEnd")
    before = client.all("accountSummary", lambda *row: row[2] == "NetLiquidation")[-1][3]
    simulator.market("AAPL", 400.0)
    client.wait("accountSummary", lambda *row: row[2] == "NetLiquidation" and row[3] != before)
    assert len(client.all("accountSummary", lambda *row: row[2] == "AccountType")) == 1


def test_account_updates_download_values_then_holdings_then_the_end(client: TwsClient) -> None:
    client.forget()
    client.reqAccountUpdates(1, ACCOUNT)
    assert client.wait("accountDownloadEnd") == (ACCOUNT,)
    names = client.names()
    assert names.index("updateAccountValue") < names.index("updatePortfolio")
    assert names[-2:] == ["updateAccountTime", "accountDownloadEnd"]
    values = {(row[0], row[2]): row[1] for row in client.all("updateAccountValue")}
    assert values["AccountCode", ""] == ACCOUNT
    assert Decimal(values["NetLiquidation", "USD"]) > 100_000
    held = client.wait("updatePortfolio", lambda contract, *_: contract.conId == AAPL)
    contract, quantity, price, value, cost = held[:5]
    assert (contract.symbol, contract.secType, contract.currency) == ("AAPL", "STK", "USD")
    assert quantity >= 300
    assert value == pytest.approx(float(quantity) * price, rel=1e-6)
    assert 200 < cost < 300
    assert held[7] == ACCOUNT


def test_account_updates_of_an_unknown_account_get_321(client: TwsClient) -> None:
    client.reqAccountUpdates(1, "U999")
    client.error_for(-1, 321)


def test_account_updates_follow_a_trade(twsim: StartSimulator, connect: Connect) -> None:
    client = connect(twsim())
    client.reqAccountUpdates(1, ACCOUNT)
    client.wait("accountDownloadEnd")
    client.forget()
    client.placeOrder(1, stock(), order("BUY", 7, account=ACCOUNT))
    held = client.wait("updatePortfolio", lambda contract, *_: contract.conId == AAPL)
    assert held[1] == Decimal(307)
    client.wait("updateAccountValue", lambda tag, *_: tag == "NetLiquidation")
    client.reqAccountUpdates(0, ACCOUNT)
    client.reqCurrentTime()
    client.wait("currentTime")
    client.forget()
    client.placeOrder(2, stock(), order("BUY", 7, account=ACCOUNT))
    client.wait("commissionAndFeesReport")
    assert client.hears_nothing("updatePortfolio")


def test_account_updates_multi_carry_their_request(client: TwsClient) -> None:
    client.reqAccountUpdatesMulti(5, ACCOUNT, "", 1)
    assert client.wait("accountUpdateMultiEnd") == (5,)
    rows = client.all("accountUpdateMulti")
    assert {row[0] for row in rows} == {5}
    assert {"CashBalance", "NetLiquidation", "ExchangeRate"} <= {row[3] for row in rows}
    client.reqAccountUpdatesMulti(6, SECOND, "", 0)
    client.wait("accountUpdateMultiEnd", lambda req_id: req_id == 6)
    assert "BuyingPower" in {row[3] for row in client.all("accountUpdateMulti") if row[0] == 6}
    client.cancelAccountUpdatesMulti(5)


def test_positions_of_all_accounts_then_pushes(twsim: StartSimulator, connect: Connect) -> None:
    client = connect(twsim())
    client.reqPositions()
    client.wait("positionEnd")
    found = {(row[0], row[1].conId): row[2:] for row in client.all("position")}
    assert {account for account, _ in found} == {ACCOUNT, SECOND}
    assert len(found) >= 25
    assert found[ACCOUNT, AAPL] == (Decimal(300), 238.4177)
    kinds = {row[1].secType for row in client.all("position")}
    assert {"STK", "OPT", "FUT"} <= kinds
    client.placeOrder(1, stock(), order("SELL", 300, account=ACCOUNT))
    client.wait("position", lambda _, contract, size, __: contract.conId == AAPL and size == 0)
    client.cancelPositions()
    client.reqPositionsMulti(9, SECOND, "")
    assert client.wait("positionMultiEnd") == (9,)
    multi = client.all("positionMulti")
    assert {row[:3] for row in multi} == {(9, SECOND, "")}
    client.cancelPositionsMulti(9)


def test_an_option_position_has_its_terms_and_a_cost_with_the_multiplier(client: TwsClient) -> None:
    client.reqPositions()
    client.wait("positionEnd")
    option = client.wait("position", lambda _, contract, *__: contract.secType == "OPT")[1:]
    contract, quantity, cost = option
    assert contract.right in ("C", "P")
    assert (contract.multiplier, len(contract.lastTradeDateOrContractMonth)) == ("100", 8)
    assert contract.strike > 0
    assert quantity != 0
    assert cost > 10


def test_pnl_comes_at_once_and_when_prices_move(twsim: StartSimulator, connect: Connect) -> None:
    simulator = twsim(options=("--set", "pnl_every=0.1"))
    client = connect(simulator)
    client.reqPnL(11, ACCOUNT, "")
    client.reqPnLSingle(12, ACCOUNT, "", AAPL)
    first = client.wait("pnl")
    single = client.wait("pnlSingle")
    assert first[0] == 11
    assert (single[0], single[1]) == (12, Decimal(300))
    assert single[5] == pytest.approx(300 * 262.4, rel=0.05)
    simulator.market("AAPL", 300.0)
    after = client.wait("pnlSingle", lambda *row: row[5] == 90_000.0)
    assert after[2] - single[2] == pytest.approx(90_000 - single[5], abs=0.05)
    client.wait("pnl", lambda *row: row[1] > first[1] + 500)
    client.cancelPnL(11)
    client.cancelPnLSingle(12)
    client.reqCurrentTime()
    client.wait("currentTime")
    simulator.market("AAPL", 200.0)
    assert client.hears_nothing("pnl")


def test_pnl_of_a_position_that_is_not_there_is_2150_and_unset(client: TwsClient) -> None:
    client.reqPnLSingle(13, ACCOUNT, "", 999_999)
    client.error_for(13, 2150)
    assert client.wait("pnlSingle") == (13, Decimal(0), *[UNSET_DOUBLE] * 4)


def test_pnl_of_an_unknown_account_gets_321(client: TwsClient) -> None:
    client.reqPnL(14, "U999", "")
    client.error_for(14, 321)


def test_every_client_hears_of_a_position_it_asked_for(
    twsim: StartSimulator, connect: Connect
) -> None:
    simulator: Simulator = twsim()
    trader, watcher = connect(simulator, 1), connect(simulator, 2)
    watcher.reqPositions()
    watcher.wait("positionEnd")
    trader.placeOrder(1, stock("MSFT"), order("BUY", 1, account=ACCOUNT))
    watcher.wait(
        "position", lambda _, contract, size, __: contract.symbol == "MSFT" and size == 121
    )
    wait_until(lambda: trader.all("execDetails"))
    assert watcher.all("execDetails") == []

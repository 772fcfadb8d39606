"""What accounts report: rows, ledger blocks, profit by day, margin."""

import pytest

from tests.twsim_desk import ACCOUNT, EURUSD, MES, open_desk
from twsim.broker import SimError

SUMMARY = [
    "AccruedCash", "AvailableFunds", "BuyingPower", "EquityWithLoanValue", "ExcessLiquidity",
    "FullAvailableFunds", "FullExcessLiquidity", "FullInitMarginReq", "FullMaintMarginReq",
    "GrossPositionValue", "InitMarginReq", "LookAheadAvailableFunds", "LookAheadExcessLiquidity",
    "LookAheadInitMarginReq", "LookAheadMaintMarginReq", "MaintMarginReq", "NetLiquidation",
    "PreviousDayEquityWithLoanValue", "RegTEquity", "RegTMargin", "SMA", "SettledCash",
    "TotalCashValue",
]  # fmt: skip


def test_the_demo_holds_a_mixed_book_in_three_currencies() -> None:
    desk = open_desk("demo")
    holdings = desk.sim.holdings(ACCOUNT)

    assert len(holdings) >= 22
    assert {row.contract.sec_type for row in holdings} == {"STK", "OPT", "FUT", "CASH"}
    assert {"USD", "HKD", "EUR"} <= {row.contract.currency for row in holdings}
    options = [row for row in holdings if row.contract.sec_type == "OPT"]
    assert {row.contract.currency for row in options} == {"USD", "HKD"}
    assert desk.sim.accounts == (ACCOUNT, "DU7654321")


def test_every_summary_tag_is_there_and_rows_are_in_alphabetical_order() -> None:
    rows = open_desk().sim.values(ACCOUNT)
    tags = [row.tag for row in rows]

    assert tags == sorted(tags)
    for tag in SUMMARY:
        (row,) = [row for row in rows if row.tag == tag and row.currency == "USD"][:1]
        float(row.value)
    plain = {row.tag for row in rows if not row.currency}
    assert {"AccountType", "Cushion", "DayTradesRemaining", "Leverage"} <= plain


def test_the_ledger_has_a_block_for_each_currency_and_the_base() -> None:
    rows = open_desk().sim.ledger(ACCOUNT)
    currencies = [row.currency for row in rows if row.tag == "CashBalance"]

    assert currencies == ["EUR", "HKD", "USD", "BASE"]
    rates = {row.currency: float(row.value) for row in rows if row.tag == "ExchangeRate"}
    cash = {row.currency: float(row.value) for row in rows if row.tag == "CashBalance"}
    converted = sum(cash[currency] * rates[currency] for currency in ("EUR", "HKD", "USD"))
    assert cash["BASE"] == pytest.approx(converted, abs=0.05)
    assert rates["BASE"] == 1.0


def test_net_liquidation_is_cash_and_values() -> None:
    desk = open_desk()
    rows = {row.tag: float(row.value) for row in desk.sim.ledger(ACCOUNT) if row.currency == "BASE"
            and row.tag not in ("Currency", "RealCurrency")}  # fmt: skip
    parts = ("CashBalance", "StockMarketValue", "OptionMarketValue", "FuturesPNL")

    assert desk.value("NetLiquidation") == pytest.approx(sum(rows[tag] for tag in parts), abs=0.01)
    available = desk.value("NetLiquidation") - desk.value("InitMarginReq")
    assert desk.value("AvailableFunds") == pytest.approx(available, abs=0.01)


def test_positions_add_up_to_the_accounts_profit() -> None:
    desk = open_desk("demo")
    desk.steps(20, seconds=60)
    rows = [desk.sim.position_pnl(ACCOUNT, h.contract.con_id) for h in desk.sim.holdings(ACCOUNT)]
    total = desk.sim.pnl(ACCOUNT)

    assert total.daily == pytest.approx(sum(row.daily or 0.0 for row in rows if row))
    assert total.unrealized == pytest.approx(sum(row.unrealized or 0.0 for row in rows if row))
    assert total.daily != 0


def test_a_rise_is_todays_profit_of_what_was_held() -> None:
    desk = open_desk()
    before = desk.sim.position_pnl(ACCOUNT, 265598)
    desk.sim.set_price("AAPL", 272.40)
    after = desk.sim.position_pnl(ACCOUNT, 265598)

    assert before is not None
    assert after is not None
    assert after.daily == pytest.approx((before.daily or 0.0) + 300 * 10)
    assert after.unrealized == pytest.approx((before.unrealized or 0.0) + 300 * 10)


def test_a_purchase_today_counts_from_its_own_price() -> None:
    desk = open_desk()
    before = desk.sim.pnl(ACCOUNT).daily
    order_id = desk.place("BUY", 10)
    desk.steps(2)
    half_spread_and_fee = before - desk.sim.pnl(ACCOUNT).daily

    assert desk.status(order_id) == "Filled"
    assert half_spread_and_fee == pytest.approx(10 * 0.02 + 1.0)


def test_a_day_later_the_profit_of_today_begins_again() -> None:
    desk = open_desk("demo")
    desk.place("SELL", 300)
    desk.steps(3)
    sold = desk.sim.position_pnl(ACCOUNT, 265598)
    desk.steps(1, seconds=86400)

    assert sold is not None
    assert (sold.quantity, sold.value) == (0, 0)
    assert sold.realized
    assert desk.sim.position_pnl(ACCOUNT, 265598) is None
    assert all(row.contract.con_id != 265598 for row in desk.sim.holdings(ACCOUNT))


def test_there_is_no_profit_of_a_position_that_is_not_held() -> None:
    desk = open_desk()

    assert desk.sim.position_pnl(ACCOUNT, 4391) is None
    assert desk.sim.position_pnl(ACCOUNT, 1) is None


def test_an_unknown_account_is_refused() -> None:
    with pytest.raises(SimError) as error:
        open_desk().sim.values("U999")
    assert error.value.code == 321


def test_a_currency_trade_moves_cash_of_both_sides_and_no_equity_but_its_cost() -> None:
    desk = open_desk()
    before = desk.equity(), desk.sim.floor.accounts[ACCOUNT].cash()
    order_id = desk.place("BUY", 20_000, on=EURUSD)
    desk.steps(2)
    cash = desk.sim.floor.accounts[ACCOUNT].cash()

    assert desk.status(order_id) == "Filled"
    assert cash["EUR"] == pytest.approx(before[1]["EUR"] + 20_000)
    assert before[0] - desk.equity() == pytest.approx(20_000 * 0.00005 + 2.0, abs=1.1)


def test_a_future_moves_no_cash_but_the_fee_until_it_is_closed() -> None:
    desk = open_desk()
    contract = desk.sim.find(MES)[1].contract
    cash = desk.sim.floor.accounts[ACCOUNT].cash()["USD"]
    desk.place("BUY", 1, on=contract)
    desk.steps(2)

    assert desk.sim.floor.accounts[ACCOUNT].cash()["USD"] == pytest.approx(cash - 0.62)
    (held,) = [h for h in desk.sim.holdings(ACCOUNT) if h.contract.con_id == contract.con_id]
    assert held.average_cost == pytest.approx(held.market_price * 5, rel=1e-4)
    assert held.contract.exchange == "CME"

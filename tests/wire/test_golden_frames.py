"""twsim's frames beside recorded ones: as many fields, in the same places, of the same form."""

from typing import Any

import pytest

from tests.unit import twsim_samples as sample
from tests.wire import golden
from twsim.domain.accounts import AccountPnL, ValueRow
from twsim.domain.contracts import Contract, Details, OptionChain, PriceIncrement
from twsim.domain.market import Bar, Computation
from twsim.domain.orders import Commission
from twsim.messages import Reply
from twsim.messages import replies as say

pytestmark = golden.MARKS


def _row(tag: str, value: str, currency: str) -> ValueRow:
    return ValueRow("DU9000001", tag, value, currency)


EXACT: list[tuple[str, Reply]] = [
    ("15", say.ManagedAccounts(("DU9000001",))),
    ("9", say.NextOrderId(1)),
    (
        "4",
        say.Error(-1, 2104, "Market data farm connection is OK:usfarm", 1775425766350),
    ),
    ("52", say.ContractDetailsEnd(1001)),
    ("63", say.SummaryRow(1001, _row("BuyingPower", "300000.00", "EUR"))),
    ("64", say.SummaryEnd(1001)),
    ("62", say.PositionEnd()),
    ("1", say.TickPrice(1001, 68, 255.45, 200.0)),
    ("2", say.TickSize(1001, 74, 312894.0)),
    ("58", say.DataKind(1001, 3)),
    ("57", say.SnapshotEnd(1001)),
    ("53", say.OpenOrderEnd()),
    ("109", say.CurrentTimeMillis(1783641780497)),
    ("49", say.CurrentTime(1781163646)),
    ("72", say.PositionMultiEnd(1001)),
    ("94", say.PnL(4, AccountPnL(11340.427636781911, 54385.58271885987, -103.92738339177643))),
    ("6", say.AccountValue(_row("AccountCode", "DU9000001", ""))),
    ("8", say.AccountTime("14:34")),
    ("54", say.AccountDownloadEnd("DU9000001")),
    ("73", say.MultiValue(1001, "", _row("Currency", "EUR", "EUR"))),
    ("74", say.MultiValueEnd(1001)),
    ("76", say.ChainEnd(3)),
    ("88", say.HeadTimestamp(1001, "19801212-14:30:00")),
    ("102", say.CompletedOrdersEnd()),
    ("55", say.ExecutionsEnd(3)),
    ("81", say.TickParameters(1001, 0.01, "9c0001", 4)),
    ("45", say.TickGeneric(1001, 46, 3.0)),
    ("46", say.TickString(1001, 88, "1775174157")),
    ("93", say.MarketRule(26, (PriceIncrement(0.0, 0.01),))),
    (
        "59",
        say.CommissionReport(
            Commission("sanitized-commission-exec-001", 1.0003, "USD", -68.051912)
        ),
    ),
    (
        "21",
        say.TickComputation(
            6,
            53,
            Computation(
                implied_volatility=0.3,
                delta=0.5579497967180902,
                option_price=2.6596901785543805,
                dividends_pv=None,
                gamma=0.0700889483259586,
                vega=0.07475592510994344,
                theta=-0.7568548883674484,
                underlying_price=293.23,
            ),
        ),
    ),
]


@pytest.mark.parametrize(("message_id", "reply"), EXACT, ids=lambda value: str(value)[:3])
def test_a_short_message_is_the_recorded_one_byte_for_byte(message_id: str, reply: Reply) -> None:
    assert golden.written(reply) == [golden.recorded(message_id)]


def test_a_position_is_the_recorded_one() -> None:
    recorded = golden.recorded("61")
    amazon = golden.stock(con_id=3691937, symbol="AMZN", exchange="NASDAQ", local_symbol="AMZN")
    held = _holding(amazon, 15.0, 200.25)
    assert golden.written(say.Position(held)) == [recorded]


def _holding(contract: Contract, quantity: float, cost: float) -> Any:
    kind = type(sample.HOLDING)
    return kind(
        account="DU9000001",
        contract=contract,
        quantity=quantity,
        average_cost=cost,
        market_price=291.6234436,
        market_value=-29162.34,
        unrealized=-35.74,
        realized=-71.44,
    )


def test_a_portfolio_value_is_the_recorded_one() -> None:
    held = _holding(golden.stock(exchange="NASDAQ", right="0"), -100.0, 291.2660812)
    assert golden.written(say.PortfolioValue(held)) == [golden.recorded("7")]


def test_a_position_by_request_has_the_recorded_fields() -> None:
    melon = golden.stock(con_id=45602025, symbol="MELI", exchange="NASDAQ", local_symbol="MELI")
    (written,) = golden.written(say.PositionMulti(1, "", _holding(melon, 1.0, 1581.09)))
    recorded = golden.recorded("71", version=206)
    assert written == [*recorded[:3], "DU9000001", *recorded[4:]]


def test_bars_are_the_recorded_ones() -> None:
    recorded = golden.recorded("17")
    rows = [recorded[place : place + 8] for place in range(3, len(recorded), 8)]
    bars = tuple(say.DatedBar(row[0], _bar(row)) for row in rows)
    written, end = golden.written(say.HistoricalBars(1001, bars, "a", "b"))
    assert written == recorded
    assert end == ["108", "1001", "a", "b"]
    assert len(end) == len(golden.recorded("108"))


def _bar(row: list[str]) -> Bar:
    prices = [float(text) for text in row[1:5]]
    volume, average, count = float(row[5]), float(row[6]), int(row[7])
    return Bar(
        start_at=0,
        open=prices[0],
        high=prices[1],
        low=prices[2],
        close=prices[3],
        volume=volume,
        average=average,
        count=count,
    )


def test_a_schedule_is_the_recorded_one() -> None:
    recorded = golden.recorded("106")
    sessions = tuple(
        say.TradingSession(*recorded[place : place + 3]) for place in range(6, len(recorded), 3)
    )
    assert golden.written(say.HistoricalSchedule(1001, "US/Eastern", sessions)) == [recorded]


def test_an_option_chain_is_the_recorded_one() -> None:
    recorded = golden.recorded("75")
    count = int(recorded[6])
    expiries = tuple(recorded[7 : 7 + count])
    strikes = tuple(float(text) for text in recorded[8 + count :])
    chain = OptionChain("CBOE", 265598, "AAPL", "100", expiries, strikes)
    assert golden.written(say.Chain(3, chain)) == [recorded]


@pytest.mark.parametrize("symbol", ["NMS", "AAPL  260618C00100000", "ESZ6"])
def test_contract_details_are_the_recorded_ones(symbol: str) -> None:
    recorded = golden.recorded("10", holding=symbol)
    assert golden.written(say.ContractDetails(1001, _details(recorded))) == [recorded]


def _contract(recorded: list[str]) -> Contract:
    return Contract(
        con_id=int(recorded[13]),
        symbol=recorded[2],
        sec_type=recorded[3],
        expiry=recorded[5],
        strike=float(recorded[6]),
        right=recorded[7],
        multiplier=recorded[15],
        exchange=recorded[8],
        primary_exchange=recorded[21],
        currency=recorded[9],
        local_symbol=recorded[10],
        trading_class=recorded[12],
    )


def _details(recorded: list[str]) -> Details:
    """The details of which the recorded frame speaks; a stock has an identifier as well."""
    stock = recorded[3] == "STK"
    after = recorded[35:] if stock else recorded[33:]
    words = recorded[4].split(" ")
    return Details(
        contract=_contract(recorded),
        market_name=recorded[11],
        min_tick=float(recorded[14]),
        order_types=recorded[16],
        valid_exchanges=recorded[17],
        price_magnifier=int(recorded[18]),
        under_con_id=int(recorded[19]),
        long_name=recorded[20],
        isin=recorded[33] if stock else "",
        agg_group=int(recorded[34] if stock else recorded[32]),
        last_trade_time=words[1] if len(words) > 1 else "",
        **dict(zip(DETAIL_TEXTS, recorded[22:29], strict=True)),
        **dict(zip(LAST_TEXTS, after[:8], strict=True)),
    )


LAST_TEXTS = (
    "under_symbol",
    "under_sec_type",
    "market_rule_ids",
    "real_expiry",
    "stock_type",
    "min_size",
    "size_increment",
    "suggested_size_increment",
)
DETAIL_TEXTS = (
    "contract_month",
    "industry",
    "category",
    "subcategory",
    "time_zone",
    "trading_hours",
    "liquid_hours",
)

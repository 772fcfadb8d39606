"""Contracts are found, refused and described as TWS does."""

from datetime import UTC, datetime

import pytest

from tests.twsim_desk import NOON, open_desk
from twsim.broker import SimError
from twsim.domain.contracts import Contract

SIM = open_desk().sim


def stock(symbol: str, currency: str = "", primary: str = "") -> Contract:
    return Contract(
        symbol=symbol,
        sec_type="STK",
        exchange="SMART",
        currency=currency,
        primary_exchange=primary,
    )


def test_the_universe_has_every_class_and_many_currencies() -> None:
    items = SIM.universe.by_id.values()
    plain = [item for item in items if item.kind != "OPT"]

    assert len(plain) >= 60
    assert {item.kind for item in items} == {"STK", "OPT", "FUT", "CASH", "IND"}
    assert {"USD", "HKD", "EUR", "GBP", "JPY"} <= {item.currency for item in items}
    assert any(item.stock_type == "ETF" for item in items)


def test_a_stock_is_described_in_full() -> None:
    (apple,) = SIM.find(stock("AAPL", currency="USD"))

    assert apple.contract.con_id == 265598
    assert apple.contract.primary_exchange == "NASDAQ"
    assert apple.market_name == "NMS"
    assert apple.min_tick == 0.01
    rules, exchanges = apple.market_rule_ids.split(","), apple.valid_exchanges.split(",")
    assert len(rules) == len(exchanges)
    assert SIM.market_rule(int(rules[0]))[0].increment == 0.01


def test_an_unknown_symbol_draws_200() -> None:
    with pytest.raises(SimError, match="No security definition has been found") as error:
        SIM.find(stock("NOSUCH"))
    assert error.value.code == 200


def test_a_symbol_of_two_listings_is_ambiguous_until_the_currency_is_given() -> None:
    assert {found.contract.currency for found in SIM.find(stock("SAP"))} == {"EUR", "USD"}
    with pytest.raises(SimError, match="ambiguous") as error:
        SIM.resolve(stock("SAP"))
    assert error.value.code == 200
    assert SIM.resolve(stock("SAP", currency="EUR")).con_id == 900000021
    assert SIM.resolve(stock("SAP", primary="NYSE")).con_id == 900000022


@pytest.mark.parametrize(
    "query",
    [
        stock("AAPL", "USD", "ISLAND"),
        Contract(symbol="AAPL", sec_type="STK", exchange="ISLAND"),
    ],
)
def test_the_old_name_of_nasdaq_still_finds_its_stocks(query: Contract) -> None:
    assert SIM.resolve(query).con_id == 265598


@pytest.mark.parametrize(
    "query",
    [
        Contract(symbol="AAPL", exchange="SMART"),
        Contract(symbol="AAPL", sec_type="FEELING", exchange="SMART"),
        Contract(sec_type="STK", exchange="SMART"),
        Contract(symbol="AAPL", sec_type="OPT", right="X", exchange="SMART"),
    ],
)
def test_a_malformed_query_draws_321(query: Contract) -> None:
    with pytest.raises(SimError) as error:
        SIM.find(query)
    assert error.value.code == 321


def test_data_and_orders_need_an_exchange() -> None:
    assert SIM.find(Contract(con_id=265598))
    with pytest.raises(SimError, match="enter exchange") as error:
        SIM.resolve(Contract(con_id=265598))
    assert error.value.code == 321


def test_the_wrong_exchange_is_no_definition() -> None:
    with pytest.raises(SimError) as error:
        SIM.resolve(Contract(symbol="ES", sec_type="FUT", exchange="SMART", currency="USD"))
    assert error.value.code == 200


def test_options_are_found_by_expiry_strike_and_right() -> None:
    chain = SIM.chains("AAPL", "", 265598)
    expiry, strike = chain[0].expiries[0], chain[0].strikes[3]
    query = Contract(
        symbol="AAPL",
        sec_type="OPT",
        expiry=expiry,
        strike=strike,
        right="CALL",
        exchange="SMART",
        currency="USD",
        multiplier="100",
    )

    (found,) = SIM.find(query)

    assert found.contract.local_symbol == f"AAPL  {expiry[2:]}C{round(strike * 1000):08d}"
    assert found.under_con_id == 265598
    assert found.contract.right == "C"


def test_hong_kong_options_carry_their_multiplier_and_route_to_both_exchanges() -> None:
    tencent = SIM.universe.options_on(900000011)[0]

    assert tencent.contract.multiplier == "100"
    assert tencent.currency == "HKD"
    for exchange in ("SEHK", "HKFE"):
        assert SIM.resolve(Contract(con_id=tencent.con_id, exchange=exchange)).exchange == exchange
    assert {row.exchange for row in SIM.chains("700", "", 900000011)} == {"SEHK", "HKFE"}


def test_every_derivative_expires_in_the_future_and_ids_stay_the_same_tomorrow() -> None:
    today = datetime.fromtimestamp(NOON, UTC).strftime("%Y%m%d")
    expiries = {item.contract.expiry for item in SIM.universe.by_id.values() if item.kind == "OPT"}
    tomorrow = open_desk(at=NOON + 86400).sim

    assert min(expiries) > today
    assert set(SIM.universe.by_id) == set(tomorrow.universe.by_id)


def test_a_known_future_has_its_real_id() -> None:
    query = Contract(symbol="ES", sec_type="FUT", expiry="202612", exchange="CME", currency="USD")
    (found,) = SIM.find(query)

    assert found.contract.con_id == 515416632
    assert found.contract.local_symbol == "ESZ6"


def test_demo_hours_are_open_on_every_day() -> None:
    (apple,) = open_desk("demo").sim.find(stock("AAPL", currency="USD"))
    days = apple.liquid_hours.split(";")

    assert len(days) == 6
    assert days[0] == "20260406:0000-20260407:0000"
    assert apple.time_zone == "US/Eastern"


def test_a_search_finds_by_symbol_and_by_name() -> None:
    assert {match.contract.symbol for match in SIM.search("tencent")} == {"700"}
    (match,) = [found for found in SIM.search("AAPL") if found.contract.symbol == "AAPL"]
    assert match.derivative_sec_types == ("OPT",)
    assert SIM.search("   ") == ()


def test_steps_of_price_depend_on_the_price() -> None:
    tencent = SIM.universe.by_name("700")

    assert [tencent.tick(price) for price in (0.2, 15, 150, 600)] == [0.001, 0.01, 0.1, 0.5]
    assert tencent.conforms(612.5)
    assert not tencent.conforms(612.3)

"""Contract details, searches, rules and chains as a real ibapi client hears them."""

from decimal import Decimal
from typing import Any

import pytest

from tests.wire.tws_client import TwsClient, contract, stock

AAPL = 265598


def _details(client: TwsClient, req_id: int, **fields: Any) -> list[Any]:
    client.reqContractDetails(req_id, contract(**fields))
    client.wait("contractDetailsEnd", lambda its_id: its_id == req_id)
    return [found[1] for found in client.all("contractDetails") if found[0] == req_id]


def test_a_stock_is_described(client: TwsClient) -> None:
    (details,) = _details(client, 1, symbol="AAPL", secType="STK", exchange="SMART", currency="USD")
    found = details.contract
    assert (found.conId, found.localSymbol, found.tradingClass) == (AAPL, "AAPL", "NMS")
    assert (found.primaryExchange, details.minTick, details.longName) == (
        "NASDAQ",
        0.01,
        "APPLE INC",
    )
    assert (details.stockType, details.timeZoneId) == ("COMMON", "US/Eastern")
    assert "SMART" in details.validExchanges
    assert len(details.marketRuleIds.split(",")) == len(details.validExchanges.split(","))
    assert Decimal(0) < details.sizeIncrement <= details.minSize
    assert ":" in details.liquidHours


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"symbol": "EUR", "secType": "CASH", "currency": "USD"}, "EUR.USD"),
        ({"symbol": "SPX", "secType": "IND", "exchange": "CBOE"}, "SPX"),
        ({"symbol": "700", "secType": "STK", "exchange": "SEHK", "currency": "HKD"}, "700"),
        ({"symbol": "SPY", "secType": "STK", "exchange": "SMART", "currency": "USD"}, "SPY"),
        ({"conId": AAPL}, "AAPL"),
    ],
)
def test_other_classes_are_described(
    client: TwsClient, fields: dict[str, Any], expected: str
) -> None:
    (details,) = _details(client, 2, **fields)
    assert details.contract.localSymbol == expected


def test_a_future_says_when_it_last_trades(client: TwsClient) -> None:
    found = _details(client, 3, symbol="ES", secType="FUT", exchange="CME", currency="USD")
    assert len(found) >= 2
    first = found[0]
    assert len(first.contract.lastTradeDateOrContractMonth) == 8
    assert (first.contract.multiplier, first.minTick) == ("50", 0.25)
    assert first.lastTradeTime
    assert first.underSymbol == "ES"


def test_an_ambiguous_option_gives_several(client: TwsClient) -> None:
    found = _details(client, 4, symbol="AAPL", secType="OPT", exchange="SMART", right="C")
    assert len(found) > 10
    assert {details.contract.right for details in found} == {"C"}
    one = found[0].contract
    (same,) = _details(client, 5, conId=one.conId)
    assert same.contract.strike == one.strike
    assert same.underConId == AAPL


@pytest.mark.parametrize(
    "fields",
    [
        {"symbol": "NOSUCH", "secType": "STK", "exchange": "SMART", "currency": "USD"},
        {"conId": 424242424},
        {"symbol": "AAPL", "secType": "OPT", "exchange": "SMART", "strike": 1.0},
    ],
)
def test_an_unknown_contract_gets_200_and_no_end(client: TwsClient, fields: dict[str, Any]) -> None:
    client.reqContractDetails(6, contract(**fields))
    assert "No security definition" in client.error_for(6, 200)
    assert client.all("contractDetailsEnd") == []


def test_a_search_finds_by_the_beginning_of_a_symbol(client: TwsClient) -> None:
    client.reqMatchingSymbols(7, "AAP")
    req_id, found = client.wait("symbolSamples")
    match = next(item for item in found if item.contract.symbol == "AAPL")
    assert (req_id, match.contract.conId, match.contract.currency) == (7, AAPL, "USD")
    assert match.contract.primaryExchange == "NASDAQ"
    assert "OPT" in match.derivativeSecTypes


def test_a_market_rule_has_its_increments(client: TwsClient) -> None:
    client.reqMarketRule(26)
    rule_id, increments = client.wait("marketRule")
    assert rule_id == 26
    assert [(step.lowEdge, step.increment) for step in increments] == [(0.0, 0.01)]


def test_an_unknown_market_rule_gets_an_error(client: TwsClient) -> None:
    client.reqMarketRule(424242)
    client.wait("error", lambda *found: found[0] == -1 and found[2] < 1000)


def test_an_option_chain_is_listed_for_each_exchange(client: TwsClient) -> None:
    client.reqSecDefOptParams(8, "AAPL", "", "STK", AAPL)
    assert client.wait("securityDefinitionOptionParameterEnd") == (8,)
    chains = client.all("securityDefinitionOptionParameter")
    assert "SMART" in {chain[1] for chain in chains}
    _, _, under, trading_class, multiplier, expiries, strikes = chains[0]
    assert (under, trading_class, multiplier) == (AAPL, "AAPL", "100")
    assert all(len(expiry) == 8 for expiry in expiries)
    assert len(strikes) > 10


def test_a_stock_of_several_markets_asks_for_more_when_ambiguous(client: TwsClient) -> None:
    client.reqMktData(9, stock("NOSUCH"), "", 0, 0, [])
    client.error_for(9, 200)

"""What is held changes when something comes or goes, not when there is more or less of it."""

from datetime import UTC, datetime
from decimal import Decimal

from ibkr.types import Contract, Position, PositionPnL, PositionsSnapshot
from ibportal.gateway.holdings import Holdings

AT = datetime(2026, 1, 5, tzinfo=UTC)


def held(con_id: int, quantity: int, account: str = "DU1") -> Position:
    contract = Contract(con_id=con_id, symbol="A", sec_type="STK", currency="USD")
    return Position(account, contract, Decimal(quantity), Decimal(1))


def test_what_comes_and_goes_is_a_change_and_another_size_is_none() -> None:
    holdings = Holdings()
    assert holdings.changed([PositionsSnapshot(("DU1",), (held(1, 5), held(2, 0)), AT)])
    assert not holdings.changed([held(1, 6), held(1, -7)])
    assert holdings.changed([held(2, 1)])
    assert holdings.changed([held(1, 0)])
    assert not holdings.changed([held(1, 0)])
    assert holdings.changed([held(1, 4), held(1, 0)])


def test_each_account_holds_its_own_and_figures_are_no_holdings() -> None:
    holdings = Holdings()
    assert holdings.changed([held(1, 5)])
    assert holdings.changed([held(1, 5, "DU2")])
    assert holdings.changed([PositionsSnapshot(("DU1",), (), AT)])
    assert not holdings.changed([held(1, 9, "DU2")])
    assert holdings.changed([held(1, 5)])
    assert not holdings.changed([PositionPnL("DU1", 7, Decimal(1), None, None, None, None)])

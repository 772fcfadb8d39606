"""Each finding of the consistency check, from the smallest facts that show it."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.consistency import EXPECTED_TAGS, AccountFacts, Finding, Holding, findings

SHARES = Holding(
    con_id=1,
    name="AAPL",
    symbol="AAPL",
    sec_type="STK",
    currency="USD",
    quantity=Decimal(100),
    average_cost=Decimal(200),
    multiplier=Decimal(1),
    strike=None,
    right="",
    expires=False,
    days_to_expiry=None,
    price=Decimal(210),
    value=Decimal(21000),
    unrealized=Decimal(1000),
    unrealized_base=Decimal(1000),
)
CALL = replace(
    SHARES,
    con_id=2,
    name="AAPL C250",
    sec_type="OPT",
    quantity=Decimal(-2),
    average_cost=Decimal(300),
    multiplier=Decimal(100),
    strike=Decimal(250),
    right="C",
    expires=True,
    days_to_expiry=16,
    price=Decimal(2),
    value=Decimal(-400),
    unrealized=Decimal(200),
    unrealized_base=Decimal(200),
)
FACTS = AccountFacts(
    base_currency="USD",
    tags=frozenset(EXPECTED_TAGS),
    currencies_with_rate=frozenset({"USD"}),
    gross_value=Decimal(21400),
    unrealized=Decimal(1200),
    holdings=(SHARES, CALL),
)


def _only(facts: AccountFacts) -> Finding:
    found = findings(facts)
    assert len(found) == 1, found
    return found[0]


def _with(holding: Holding, **changes: Any) -> AccountFacts:
    return replace(FACTS, holdings=(replace(holding, **changes),), unrealized=None)


def test_a_sound_account_has_no_findings() -> None:
    assert findings(FACTS) == []


@pytest.mark.parametrize(
    ("holding", "changes", "code", "severity"),
    [
        (SHARES, {"currency": ""}, "fields_missing", "error"),
        (CALL, {"multiplier": None}, "fields_missing", "error"),
        (CALL, {"strike": None}, "option_incomplete", "error"),
        (CALL, {"expires": False, "days_to_expiry": None}, "option_incomplete", "error"),
        (CALL, {"days_to_expiry": -1}, "expired_held", "warning"),
        (CALL, {"days_to_expiry": -4}, "expired_held", "error"),
        (SHARES, {"price": None, "value": None}, "price_missing", "warning"),
        (SHARES, {"unrealized": Decimal(900)}, "pnl_differs", "warning"),
    ],
)
def test_what_is_wrong_with_a_position_is_found(
    holding: Holding, changes: dict[str, Any], code: str, severity: str
) -> None:
    found = _only(_with(holding, **changes))
    assert (found.code, found.severity, found.con_id) == (code, severity, holding.con_id)
    assert holding.name in found.sentence


def test_a_row_with_quantity_zero_is_found() -> None:
    empty = {"quantity": Decimal(0), "value": None, "price": None}
    assert _only(_with(SHARES, **empty)).code == "zero_quantity"


def test_a_negative_cost_is_found() -> None:
    changes = {"average_cost": Decimal(-1), "unrealized": Decimal(21100)}
    assert _only(_with(SHARES, **changes)).code == "negative_cost"


def test_an_option_on_its_last_day_is_not_expired() -> None:
    assert findings(_with(CALL, days_to_expiry=0)) == []


def test_a_small_difference_of_pnl_is_tolerated() -> None:
    assert findings(_with(SHARES, unrealized=Decimal("1000.90"))) == []


def test_an_average_cost_with_multiplier_is_not_multiplied_again() -> None:
    assert findings(_with(CALL)) == []


def test_missing_account_values_are_named() -> None:
    found = _only(replace(FACTS, tags=FACTS.tags - {"AvailableFunds"}))
    assert (found.code, found.con_id) == ("account_values_missing", 0)
    assert "AvailableFunds" in found.sentence


def test_an_unknown_base_currency_is_found() -> None:
    assert _only(replace(FACTS, base_currency="")).code == "base_currency_missing"


def test_a_currency_without_rate_is_named_once() -> None:
    held = (replace(SHARES, currency="HKD"), replace(CALL, currency="HKD"))
    found = _only(replace(FACTS, holdings=held))
    assert (found.code, found.con_id) == ("rate_missing", 0)
    assert "HKD" in found.sentence


def test_an_account_pnl_far_from_its_positions_is_found() -> None:
    assert _only(replace(FACTS, unrealized=Decimal(2000))).code == "account_pnl_differs"


def test_an_account_pnl_is_not_compared_while_a_position_has_none() -> None:
    held = (replace(SHARES, unrealized_base=None), CALL)
    assert findings(replace(FACTS, unrealized=Decimal(9000), holdings=held)) == []


def test_executions_that_do_not_add_up_to_the_holding_are_found() -> None:
    ledger = {1: Decimal(90), 2: Decimal(-2), 3: Decimal(5)}
    found = findings(replace(FACTS, ledger=ledger))
    assert [(f.code, f.con_id) for f in found] == [("ledger_differs", 1), ("ledger_differs", 3)]

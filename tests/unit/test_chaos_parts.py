"""What the rounds of chaos rest on: an even deck, and comparisons that find what is wrong."""

from collections import Counter
from decimal import Decimal

import pytest

from apps.trading.points import NAMES
from tests.chaos.compare import Book, Difference, Row, compare
from tests.chaos.deck import BLOCK, HURTS, KINDS, OTHERS, draw
from tests.chaos.reports import compare_report

ONE = Decimal(1)
REF = "ibp-1"
LEDGER: list[Row] = [
    {"kind": "order", "order_ref": REF, "changes": False},
    {"kind": "execution", "order_ref": REF, "exec_id": "e1", "con_id": 8314, "side": "SLD",
     "quantity": 2.0, "price": 250.5},
    {"kind": "commission", "order_ref": REF, "exec_id": "e1", "con_id": 8314, "amount": 1.0},
    {"kind": "status", "order_ref": REF, "status": "Filled"},
]  # fmt: skip
STATE = {"accounts": {"DU7654321": {"positions": {"8314": {"quantity": 38.0}}}}}
LINE = {
    "con_id": 8314, "name": "IBM", "side": "SELL", "intended": "2", "filled": "2",
    "average_price": "250.5", "commission": "1",
}  # fmt: skip


def book(**other: object) -> Book:
    told = {
        "orders": [{"ref": REF, "key": "", "state": "filled", "filled": 2 * ONE, "open": False}],
        "executions": [{"exec_id": "e1", "quantity": 2 * ONE, "price": Decimal("250.5")}],
        "commissions": {"e1": ONE},
        "positions": {("DU7654321", 8314): Decimal(38)},
    }
    return Book(**(told | other))  # type: ignore[arg-type]


def test_each_point_each_victim_and_each_kind_come_as_often() -> None:
    cards = [draw(7, number) for number in range(2 * BLOCK)]
    assert Counter(card.point for card in cards) == dict.fromkeys(NAMES, 8)
    assert Counter(card.hurt for card in cards) == dict.fromkeys(HURTS, 8)
    assert Counter(card.kind for card in cards) == dict.fromkeys(KINDS, BLOCK)
    victims = Counter(card.victim for card in cards)
    assert victims.pop("gateway") == BLOCK
    assert victims == {name: BLOCK / len(OTHERS) for name in OTHERS}
    assert {card.kind for card in cards[:2]} == set(KINDS)


def test_the_same_seed_draws_the_same_rounds() -> None:
    assert [draw(3, n) for n in range(BLOCK)] == [draw(3, n) for n in range(BLOCK)]
    assert [draw(3, n) for n in range(BLOCK)] != [draw(4, n) for n in range(BLOCK)]


def test_rows_that_agree_with_the_ledger_have_no_difference() -> None:
    assert compare(LEDGER, STATE, book()).is_none


@pytest.mark.parametrize(
    ("ledger", "other", "found"),
    [
        ([LEDGER[0], *LEDGER], {}, (1, 0, 0, 0, 0)),
        (LEDGER, {"orders": []}, (1, 0, 0, 0, 0)),
        (LEDGER, {"executions": []}, (0, 1, 0, 0, 0)),
        (LEDGER, {"commissions": {}}, (0, 1, 0, 0, 0)),
        (LEDGER, {"positions": {}}, (0, 0, 1, 0, 0)),
        (LEDGER[:-1], {}, (0, 0, 0, 1, 0)),
    ],
    ids=["twice", "not ours", "lost fill", "no commission", "position", "not filled there"],
)
def test_what_differs_is_found(
    ledger: list[Row], other: dict[str, object], found: tuple[int, ...]
) -> None:
    assert compare(ledger, STATE, book(**other)).numbers == found


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({}, (0, 0)),
        ({"filled": "1", "reason": "cancelled"}, (0, 1)),
        ({"intended": "3"}, (0, 1)),
        ({"intended": "3", "reason": "cancelled"}, (0, 0)),
        ({"intended": "1", "reason": "?"}, (1, 0)),
        ({"commission": "2"}, (0, 1)),
        ({"average_price": "250.6"}, (0, 1)),
    ],
)
def test_a_report_is_held_against_the_ledger(told: dict[str, str], found: tuple[int, int]) -> None:
    difference = Difference()
    compare_report([LINE | told], {REF}, LEDGER, difference)
    assert (len(difference.sent_twice), len(difference.reports)) == found

"""What an account is worth at worst does not depend on what was asked before."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from apps.risk.case import Case
from apps.risk.policy import Limits, Subject
from apps.risk.snapshot import Line
from apps.risk.worth import Among, book_of, working_value
from tests.gate_case import BASE, INTENT, OTHER, STOCK, resting

D = Decimal
LINES = (
    Line(STOCK, D(100), D(100), "USD", str(STOCK), "Technology"),
    Line(OTHER, D(-200), D(10), "HKD", str(OTHER), "Energy"),
    Line(3, D(1), D(5000), "USD", str(OTHER), "Technology", "FUT"),
)


def case(**more: Any) -> Case:
    asked = {name: more.pop(name) for name in ("con_id", "order_id") if name in more}
    snapshot = replace(BASE, **({"lines": LINES} | more))
    return Case(replace(INTENT, **asked), snapshot, Limits(Subject()))


def sums(asked: Case) -> dict[str, Decimal | None]:
    book = book_of(asked)
    return {
        "all": book.gross(),
        "technology": book.gross(Among.SECTOR, "Technology"),
        "issuer": book.gross(Among.ISSUER, str(OTHER)),
        "dollars": book.gross(Among.CURRENCY, "USD"),
        "borrowing": book.gross(Among.BORROWING),
        "net": book.net(),
        "working": working_value(asked),
    }


def test_every_group_is_added_up_with_the_order_in_it() -> None:
    assert sums(case()) == {
        "all": D(18000),
        "technology": D(16000),
        "issuer": D(7000),
        "dollars": D(16000),
        "borrowing": D(13000),
        "net": D(14000),
        "working": D(0),
    }


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"con_id": OTHER}, {"all": D(35000), "technology": D(15000)}),
        ({"lines": (LINES[0], LINES[1]._replace(unit=D(20)), LINES[2])}, {"all": D(20000)}),
        ({"lines": LINES[:2]}, {"all": D(13000), "technology": D(11000)}),
        ({"lines": (LINES[0], LINES[1]._replace(unit=None))}, {"all": None, "net": None}),
        ({"working": (resting(order_id=7, con_id=OTHER, remaining=D(10)),)}, {"working": D(100)}),
        (
            {"working": (resting(order_id=7, con_id=OTHER, remaining=D(10)),), "order_id": 7},
            {"working": D(0)},
        ),
        ({"working": (resting(order_id=7, con_id=9, remaining=D(10)),)}, {"working": None}),
        ({"lines": None}, {"all": None, "net": None}),
        ({"working": None}, {"all": None, "working": None}),
    ],
)
def test_an_answer_that_is_kept_is_not_given_to_another_question(
    change: dict[str, Any], wanted: dict[str, Decimal | None]
) -> None:
    first = sums(case())
    found = sums(case(**change))
    assert {name: found[name] for name in wanted} == wanted
    assert sums(case()) == first


def test_orders_of_other_accounts_are_not_in_the_sums() -> None:
    foreign = resting(order_id=7, con_id=OTHER, remaining=D(10), account_id=2)
    asked = case(working=(foreign,))
    assert (asked.own_working, asked.here) == ((), ())
    assert sums(asked) == sums(case())

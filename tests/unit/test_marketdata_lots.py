"""Lots: what quantities of orders are multiples of, from what IB tells."""

from decimal import Decimal

import pytest

from apps.marketdata import lots


@pytest.mark.parametrize(
    ("increment", "lot"),
    [
        (None, 1),
        ("0", 1),
        ("0.0001", 1),
        ("0.0001000000", 1),
        ("1", 1),
        ("100.0000000000", 100),
        ("500", 500),
        ("2.5", 5),
    ],
)
def test_a_lot_is_whole_whatever_part_of_a_share_is_told(increment: str | None, lot: int) -> None:
    assert lots.whole(None if increment is None else Decimal(increment)) == lot


@pytest.mark.parametrize(
    ("minimum", "lot", "least"),
    [(None, 100, 100), ("0.0001", 1, 1), ("100", 100, 100), ("150", 100, 200), ("25000", 1, 25000)],
)
def test_the_smallest_order_is_a_multiple_of_the_lot(
    minimum: str | None, lot: int, least: int
) -> None:
    assert lots.least(None if minimum is None else Decimal(minimum), Decimal(lot)) == least

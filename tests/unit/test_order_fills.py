"""Filled, average and commission: repeats, corrections, busts, and commissions that come early."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from apps.trading.fills import Fill, Paid, Tally, split_exec_id, tally


def fill(exec_id: str, quantity: str, price: str) -> Fill:
    base, revision = split_exec_id(exec_id)
    return Fill(base, revision, exec_id, Decimal(quantity), Decimal(price))


def test_an_exec_id_ends_in_its_revision() -> None:
    assert split_exec_id("0000e0d5.61a0.01.02") == ("0000e0d5.61a0.01", 2)
    assert split_exec_id("plain") == ("plain", 1)
    assert split_exec_id("a.b.c") == ("a.b.c", 1)


def test_two_fills_make_an_average() -> None:
    done = tally([fill("a.01.01", "1", "100"), fill("a.02.01", "1", "110")], [])
    assert (done.filled, done.average, done.commission) == (Decimal(2), Decimal("105.00"), None)


def test_nothing_filled_has_no_average() -> None:
    assert tally([], []) == Tally(Decimal(0), None, None, "")


def test_a_correction_replaces() -> None:
    done = tally([fill("a.01.02", "1", "120"), fill("a.01.01", "1", "100")], [])
    assert (done.filled, done.average) == (Decimal(1), Decimal(120))


def test_a_bust_removes_with_its_commission() -> None:
    fills = [fill("a.01.01", "1", "100"), fill("a.02.01", "1", "110"), fill("a.02.02", "0", "110")]
    done = tally(fills, [Paid("a.01.01", Decimal(1), "USD"), Paid("a.02.01", Decimal(2), "USD")])
    assert done == Tally(Decimal(1), Decimal(100), Decimal(1), "USD")


def test_a_commission_without_its_execution_waits() -> None:
    paid = [Paid("a.01.01", Decimal("1.05"), "USD")]
    assert tally([], paid).commission is None
    assert tally([fill("a.01.01", "1", "100")], paid).commission == Decimal("1.05")


def test_a_correction_without_a_report_keeps_the_commission_of_the_first() -> None:
    fills = [fill("a.01.01", "1", "100"), fill("a.01.02", "1", "101")]
    paid = [Paid("a.01.01", Decimal(1), "USD")]
    assert tally(fills, paid).commission == 1
    assert tally(fills, [*paid, Paid("a.01.02", Decimal(3), "USD")]).commission == 3


def test_commissions_in_two_currencies_are_not_added() -> None:
    fills = [fill("a.01.01", "1", "100"), fill("a.02.01", "1", "110")]
    paid = [Paid("a.01.01", Decimal(1), "USD"), Paid("a.02.01", Decimal(1), "HKD")]
    assert tally(fills, paid) == Tally(Decimal(2), Decimal(105), None, "")


FILLS = st.lists(
    st.builds(
        lambda base, revision, quantity, price: fill(
            f"x.{base:02d}.{revision:02d}", str(quantity), str(price)
        ),
        st.integers(1, 4),
        st.integers(1, 3),
        st.integers(0, 9),
        st.integers(1, 500),
    ),
    max_size=8,
    unique_by=lambda row: row.exec_id,
)


@given(FILLS, st.data())
def test_arrival_order_and_repeats_do_not_matter(fills: list[Fill], data: st.DataObject) -> None:
    paid = [Paid(row.exec_id, Decimal(row.revision), "USD") for row in fills[::2]]
    again = data.draw(st.permutations(fills + fills[:3]))
    assert tally(again, paid[::-1]) == tally(fills, paid)

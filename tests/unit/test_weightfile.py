"""Files of target weights, as people and their programs really save them."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.trading import weightfile
from apps.trading.weightfile import read


def weights(content: bytes | str) -> dict[str, Decimal]:
    found = read(content)
    assert found.errors == {}
    return {row.symbol: row.weight for row in found.rows}


def test_the_template_is_a_file_that_is_understood() -> None:
    found = read(weightfile.TEMPLATE)
    assert found.errors == {}
    assert [(row.symbol, row.weight, row.con_id) for row in found.rows] == [
        ("AAPL", Decimal("0.25"), 265598),
        ("SPY", Decimal("0.3"), None),
        ("700", Decimal("0.2"), None),
    ]
    assert (found.rows[2].currency, found.rows[2].exchange) == ("HKD", "SEHK")


@pytest.mark.parametrize(
    "content",
    [
        b"symbol,weight\r\nAAPL,0.25\r\n",
        b"\xef\xbb\xbfsymbol,weight\nAAPL,0.25",
        b"Weight;Symbol\n0,25;AAPL\n",
        b"symbol\tweight\naapl\t25%\n",
        b'"symbol","weight"\n"AAPL","25 %"\n',
        b"\n symbol , weight \n\n AAPL , .25 \n,\n",
        b"symbol,weight,Con ID,Sec_Type\nAAPL,2.5e-1,,\n",
        b"symbol,weight\nAAPL,+0.25,\n",
    ],
)
def test_the_usual_ways_to_save_a_table_mean_the_same(content: bytes) -> None:
    assert weights(content) == {"AAPL": Decimal("0.25")}


@pytest.mark.parametrize(
    ("cell", "code", "told"),
    [
        ("a lot", "not_a_number", "“a lot” is not a number"),
        ("1_0", "not_a_number", "not a number"),
        ("٠.٢", "not_a_number", "not a number"),
        ("0x1", "not_a_number", "not a number"),
        ("1.234.5", "not_a_number", "not a number"),
        ("%", "not_a_number", "not a number"),
        ("", "not_a_number", "missing"),
        ("nan", "weight_not_finite", "finite"),
        ("-inf", "weight_not_finite", "finite"),
        ("NaN%", "weight_not_finite", "finite"),
        ("Infinity", "weight_not_finite", "finite"),
        ("25", "weights_over_one", "far more than the whole"),
        ("1e99", "weights_over_one", "far more than the whole"),
        ('"0,25"', "not_a_number", "not a number"),
    ],
)
def test_what_is_no_weight_is_said_with_its_line(cell: str, code: str, told: str) -> None:
    found = read(f"symbol,weight\nSPY,0.1\nAAPL,{cell}\n")
    assert list(found.errors) == ["line 3"]
    assert told in found.errors["line 3"][0]
    assert found.code == code


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("symbol,wieght\nAAPL,1\n", "“wieght”"),
        ("AAPL,0.25\n", "“AAPL”"),
        ("symbol,symbol\n", "“symbol”"),
        ("symbol,currency\n", "symbol and weight"),
        ("weight\n1\n", "symbol and weight"),
        (b"symbol,weight\nN\xe9stle,0.1\n", "UTF-8"),
        ("symbol,weight\nAAPL,0.1".encode("utf-16"), "UTF-8"),
        ("symbol,weight\nA\0,0.1", "text file"),
        ("", "no line with a weight"),
        ("symbol,weight\n", "no line with a weight"),
        ("x" * 1_000_001, "larger"),
        ("symbol,weight\n" + "A,0.0001\n" * 2001, "2000"),
    ],
)
def test_a_file_that_makes_no_sense_says_what_is_wrong(content: bytes | str, told: str) -> None:
    found = read(content)
    assert list(found.errors) == ["file"]
    assert told in found.errors["file"][0]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("AAPL,0.5,,,,,7", "7 cells and 6 columns"),
        (",0.5,,,,", "neither"),
        ("AAPL,0.5,12a,,,", "conId"),
        ("AAPL,0.5,0,,,", "conId"),
        ("AAPL,0.5,,SHARE,,", "SHARE"),
        ('AAPL,"0.5', "quotation marks"),
    ],
)
def test_a_wrong_line_is_named(line: str, told: str) -> None:
    found = read(f"symbol,weight,conid,sec_type,currency,exchange\n{line}")
    assert list(found.errors) == ["line 2"]
    assert told in found.errors["line 2"][0]


def test_a_decimal_comma_among_commas_is_not_read_as_two_cells() -> None:
    found = read("symbol,weight\nAAPL,0,5\n")
    assert found.errors == {"line 2": ["There are 3 cells and 2 columns. Is 0,5 meant as 0.5?"]}


def test_all_wrong_lines_are_told_at_once() -> None:
    found = read("symbol,weight\nA,x\nB,0.1\nC,nan\n")
    assert list(found.errors) == ["line 2", "line 4"]


def test_sixths_do_not_sum_to_more_than_one() -> None:
    found = weights("symbol,weight\n" + "".join(f"S{n},0.16666666666666667\n" for n in range(6)))
    assert sum(found.values()) <= 1


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200)))
def test_no_file_breaks_the_reader(content: bytes | str) -> None:
    found = read(content)
    assert found.errors or found.rows


@settings(deadline=None)
@given(st.text(max_size=12))
def test_no_cell_gives_a_weight_that_is_not_a_number(cell: str) -> None:
    found = read('symbol,weight\nA,"' + cell.replace('"', '""') + '"')
    assert all(row.weight.is_finite() for row in found.rows)

"""IB's texts, numbers and objects become the library's values, and "unset" becomes None."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ibapi.const import UNSET_DECIMAL, UNSET_DOUBLE
from ibapi.contract import Contract as IbContract
from ibapi.contract import ContractDetails as IbDetails
from ibapi.order import Order as IbOrder
from ibapi.order_state import OrderState

from ibkr.convert import contracts, numbers, orders, quotes, times
from ibkr.types import Contract, OrderRequest, PriceKind, QuoteField, Session

UNSET: list[Any] = [None, "", UNSET_DOUBLE, "1.7976931348623157E308", float("nan"), float("inf")]


@pytest.mark.parametrize("value", [*UNSET, UNSET_DECIMAL, "not a number"])
def test_every_way_to_say_nothing_becomes_none(value: Any) -> None:
    assert numbers.number(value) is None
    assert numbers.price(value) is None
    assert numbers.size(value) is None


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_a_float_becomes_the_decimal_a_person_would_write(value: float) -> None:
    found = numbers.number(value)
    assert found is not None
    assert float(found) == value
    assert found == Decimal(str(value))


@pytest.mark.parametrize("value", [Decimal(2**31 - 1), Decimal(2**63 - 1), "2147483647", -1])
def test_unset_sizes_become_none(value: Any) -> None:
    assert numbers.size(value) is None


def test_a_price_of_minus_one_is_missing_but_other_negative_prices_are_prices() -> None:
    assert numbers.price(-1.0) is None
    assert numbers.price(-37.63) == Decimal("-37.63")
    assert numbers.price(0.0) == 0


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4))
def test_plain_numbers_have_no_exponent(value: Decimal) -> None:
    assert "E" not in str(numbers.plain(value))
    assert numbers.plain(value) == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20260413 15:27:04 US/Eastern", datetime(2026, 4, 13, 19, 27, 4, tzinfo=UTC)),
        ("20260113 15:27:04 US/Eastern", datetime(2026, 1, 13, 20, 27, 4, tzinfo=UTC)),
        ("20260413-15:27:04", datetime(2026, 4, 13, 15, 27, 4, tzinfo=UTC)),
        ("20260413-15:27:04Z", datetime(2026, 4, 13, 15, 27, 4, tzinfo=UTC)),
        ("20260413  15:27:04", datetime(2026, 4, 13, 15, 27, 4, tzinfo=UTC)),
        ("20260413 15:27:04 America/New_York EST", datetime(2026, 4, 13, 19, 27, 4, tzinfo=UTC)),
        ("20260413 15:27:04 Hongkong", datetime(2026, 4, 13, 7, 27, 4, tzinfo=UTC)),
        ("20260413", datetime(2026, 4, 13, tzinfo=UTC)),
        ("1781163646", datetime(2026, 6, 11, 7, 40, 46, tzinfo=UTC)),
        ("", None),
        ("202604", None),
        ("20261341", None),
        ("20260413 25:00:00", None),
        ("14:34", None),
    ],
)
def test_times_are_read_in_every_form_ib_writes(text: str, expected: datetime | None) -> None:
    assert times.moment(text) == expected


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(1990, 1, 1)))  # noqa: DTZ001
def test_request_times_are_read_back_as_themselves(at: datetime) -> None:
    assert times.moment(times.request_time(at)) == at.replace(microsecond=0)


def test_hours_become_sessions_in_utc() -> None:
    text = "20260406:0930-20260406:1600;20260407:CLOSED;20260408:0930-20260408:1300"
    assert times.sessions(text, "US/Eastern") == (
        Session(datetime(2026, 4, 6, 13, 30, tzinfo=UTC), datetime(2026, 4, 6, 20, 0, tzinfo=UTC)),
        Session(datetime(2026, 4, 8, 13, 30, tzinfo=UTC), datetime(2026, 4, 8, 17, 0, tzinfo=UTC)),
    )


def test_hours_may_span_midnight_and_take_the_older_form() -> None:
    overnight = times.sessions("20260405:1700-20260406:1600", "US/Central")
    assert overnight[0].end_at - overnight[0].start_at == datetime(
        2026, 4, 6, 16, tzinfo=UTC
    ) - datetime(2026, 4, 5, 17, tzinfo=UTC)
    older = times.sessions("20260406:0930-1200,1300-1600", "Asia/Hong_Kong")
    assert [s.start_at.hour for s in older] == [1, 5]


def test_hours_of_an_unknown_zone_are_no_sessions() -> None:
    assert times.sessions("20260406:0930-20260406:1600", "Mars/Olympus") == ()


@pytest.mark.parametrize("right", ["?", "0", "", "None"])
def test_no_right_is_empty(right: str) -> None:
    source = IbContract()
    source.right = right
    assert contracts.contract(source).right == ""


def test_an_option_is_read_whole() -> None:
    source = IbContract()
    source.conId, source.symbol, source.secType, source.currency = 1, "AAPL", "OPT", "USD"
    source.lastTradeDateOrContractMonth, source.strike = "20260618", 100.5
    source.right, source.multiplier = "PUT", "100"
    found = contracts.contract(source)
    assert (found.expiry, found.strike) == (date(2026, 6, 18), Decimal("100.5"))
    assert (found.right, found.multiplier) == ("P", Decimal(100))


def test_unset_strike_and_multiplier_are_none() -> None:
    found = contracts.contract(IbContract())
    assert (found.strike, found.multiplier, found.expiry) == (None, None, None)


CONTRACTS = st.builds(
    Contract,
    con_id=st.integers(0, 2**31 - 1),
    symbol=st.text("ABC", max_size=4),
    sec_type=st.sampled_from(["STK", "OPT", "FUT", "CASH", "IND"]),
    currency=st.sampled_from(["USD", "HKD"]),
    exchange=st.sampled_from(["", "SMART", "HKFE"]),
    multiplier=st.none() | st.sampled_from([Decimal(100), Decimal("0.1"), Decimal(50)]),
    expiry=st.none() | st.dates(date(2020, 1, 1), date(2040, 1, 1)),
    strike=st.none() | st.decimals("0.5", "9999", places=2),
    right=st.sampled_from(["", "C", "P"]),
)


@given(CONTRACTS)
def test_a_contract_survives_the_way_to_ibapi_and_back(source: Contract) -> None:
    assert contracts.contract(contracts.ib_contract(source)) == source


@pytest.mark.parametrize(
    ("sec_type", "currency", "exchange", "expected"),
    [
        ("OPT", "HKD", "", "HKFE"),
        ("OPT", "USD", "", "SMART"),
        ("STK", "USD", "", "SMART"),
        ("CASH", "USD", "", "IDEALPRO"),
        ("OPT", "HKD", "SEHK", "SEHK"),
        ("FUT", "USD", "CME", "CME"),
    ],
)
def test_contracts_without_exchange_take_the_usual_route(
    sec_type: str, currency: str, exchange: str, expected: str
) -> None:
    source = Contract(con_id=1, sec_type=sec_type, currency=currency, exchange=exchange)
    assert contracts.routed(source).exchange == expected


def test_details_carry_rules_and_hours() -> None:
    source = IbDetails()
    source.minTick, source.validExchanges, source.marketRuleIds = 0.01, "SMART,NYSE", "26,26"
    source.timeZoneId, source.liquidHours = "US/Eastern", "20260406:0930-20260406:1600"
    found = contracts.details(source)
    assert (found.min_tick, found.market_rule_ids) == (Decimal("0.01"), (26, 26))
    assert len(found.liquid_sessions) == 1


def test_details_carry_the_sizes_of_orders_where_tws_told_them() -> None:
    source = IbDetails()
    found = contracts.details(source)
    assert (found.min_size, found.size_increment, found.suggested_size_increment) == (None,) * 3
    source.minSize, source.sizeIncrement = Decimal(500), Decimal("0.0001")
    source.suggestedSizeIncrement = Decimal(100)
    found = contracts.details(source)
    assert (found.min_size, found.size_increment) == (Decimal(500), Decimal("0.0001"))
    assert found.suggested_size_increment == 100


MONEY = st.none() | st.decimals("0.01", "99999", places=2)
REQUESTS = st.builds(
    OrderRequest,
    account=st.just("DU1234567"),
    action=st.sampled_from(["BUY", "SELL"]),
    quantity=st.decimals("0.0001", "1000000", places=4),
    order_type=st.sampled_from(["LMT", "STP LMT", "TRAIL LIMIT"]),
    tif=st.sampled_from(["DAY", "GTC"]),
    order_ref=st.text("abc-", min_size=1, max_size=20),
    limit_price=MONEY,
    stop_price=MONEY,
    trailing_percent=MONEY,
    trail_stop_price=MONEY,
    outside_rth=st.booleans(),
    good_till_at=st.none() | st.just(datetime(2026, 5, 1, 20, tzinfo=UTC)),
    parent_id=st.integers(0, 1000),
    oca_group=st.text("xyz", max_size=5),
    oca_type=st.integers(0, 3),
    transmit=st.booleans(),
    algo_strategy=st.sampled_from(["", "Adaptive"]),
)


@given(REQUESTS)
def test_an_order_survives_the_way_to_ibapi_and_back(request: OrderRequest) -> None:
    assert orders.order_request(orders.ib_order(request)) == request


@pytest.mark.parametrize("missing", ["account", "tif", "order_ref"])
def test_an_order_without_account_time_in_force_or_reference_is_not_sent(missing: str) -> None:
    whole = OrderRequest(
        account="DU1",
        action="BUY",
        quantity=Decimal(1),
        order_type="MKT",
        tif="DAY",
        order_ref="r",
    )
    request = replace(whole, **{missing: ""})  # type: ignore[arg-type]  # all three are texts
    with pytest.raises(ValueError, match="account"):
        orders.ib_order(request)


def test_a_market_order_has_no_limit_although_tws_writes_zero() -> None:
    order = IbOrder()
    order.orderType, order.lmtPrice, order.auxPrice = "MKT", 0.0, 0.0
    order.totalQuantity = Decimal(1)
    found = orders.order_request(order)
    assert (found.limit_price, found.stop_price) == (None, None)


def test_margins_are_there_only_when_tws_computed_them() -> None:
    state = OrderState()
    assert orders.margin(state) is None
    state.initMarginAfter, state.commissionAndFees = "1234.5", UNSET_DOUBLE
    state.maintMarginAfter = "1.7976931348623157E308"
    impact = orders.margin(state)
    assert impact is not None
    assert (impact.initial_after, impact.maintenance_after) == (Decimal("1234.5"), None)
    assert impact.commission is None


def test_live_and_delayed_ticks_feed_the_same_fields() -> None:
    assert quotes.PRICES[66] is quotes.PRICES[1] is QuoteField.BID
    assert quotes.SIZES[74] is quotes.SIZES[8] is QuoteField.VOLUME
    assert quotes.SIZES[21] is QuoteField.AVERAGE_VOLUME
    assert not set(quotes.PRICES) & set(quotes.SIZES)


def test_a_delayed_tick_is_delayed_whatever_was_announced() -> None:
    assert quotes.kind_of(68, PriceKind.LIVE) is PriceKind.DELAYED
    assert quotes.kind_of(68, PriceKind.DELAYED_FROZEN) is PriceKind.DELAYED_FROZEN
    assert quotes.kind_of(37, PriceKind.DELAYED) is PriceKind.DELAYED
    assert quotes.kind_of(4, PriceKind.FROZEN) is PriceKind.FROZEN


def test_a_trade_string_gives_price_size_time_and_volume() -> None:
    assert quotes.trade("701.28;1;1348075471534;67854;701.46918464;true") == {
        QuoteField.LAST: Decimal("701.28"),
        QuoteField.LAST_SIZE: Decimal(1),
        QuoteField.LAST_TRADE_AT: Decimal("1348075471.534"),
        QuoteField.VOLUME: Decimal(67854),
    }
    assert QuoteField.LAST not in quotes.trade(";1;1348075471534;67854;701.4;true")
    assert quotes.trade("nonsense") == {}

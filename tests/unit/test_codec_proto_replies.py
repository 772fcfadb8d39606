"""What the simulated TWS says as protobuf reaches a program as the same callbacks as text."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ibapi.protobuf.CommissionAndFeesReport_pb2 import CommissionAndFeesReport
from ibapi.protobuf.OpenOrder_pb2 import OpenOrder

from tests.ibapi_offline import asked, codec_for, heard, told
from tests.ibapi_values import ids, pairs
from tests.twsim_values import OF, contracts, reply_of, working_orders
from twsim.codec_proto import gates
from twsim.codec_proto.replies import ENCODERS
from twsim.codec_text.replies import ENCODERS as TEXT_ENCODERS
from twsim.domain.accounts import Holding
from twsim.domain.contracts import Contract
from twsim.domain.market import Computation
from twsim.domain.orders import Commission, Order, WorkingOrder
from twsim.messages import replies as say
from twsim.messages.replies import Reply

LAST_TEXT, FIRST, LAST = 200, 201, 226
ANY_VERSION = st.integers(FIRST, LAST)
UNSET, UNSET_INTEGER, UNSET_LONG = 1.7976931348623157e308, 2**31 - 1, 2**63 - 1
UNSET_TEXT = "1.7976931348623157E308"

SAID_BY_TEXT_ALONE: dict[str, tuple[Any, Any]] = {
    "displaySize": (UNSET_INTEGER, 0),
    "parentPermId": (UNSET_LONG, 0),
    "refFuturesConId": (UNSET_INTEGER, 0),
    "smartComboRoutingParams": (None, []),
    "algoParams": (None, []),
    "secIdList": (None, []),
    "realizedPNL": (UNSET, 0.0),
    "yield_": (UNSET, 0.0),
}
"""Text says "unset" where protobuf has no field, and ibapi then leaves its default: text, proto."""
MARGINS = tuple(
    f"{name}{moment}"
    for name in ("initMargin", "maintMargin", "equityWithLoan")
    for moment in ("Before", "Change", "After")
)


def as_protobuf(value: Any) -> Any:
    """What a text callback looks like over protobuf: exactly the known differences applied."""
    if isinstance(value, dict):
        return {name: _as_protobuf_field(name, item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_protobuf(item) for item in value]
    return value


def _as_protobuf_field(name: str, value: Any) -> Any:
    if name == "right" and value in ("?", "0"):
        return ""
    if name in MARGINS:
        return "" if value in ("", UNSET_TEXT) else float(value)
    if name == "orderComboLegs" and value and all(leg["price"] == UNSET for leg in value):
        return None  # over protobuf every leg gets one
    if name in SAID_BY_TEXT_ALONE and value == SAID_BY_TEXT_ALONE[name][0]:
        return SAID_BY_TEXT_ALONE[name][1]
    if name in ("algoParams", "smartComboRoutingParams") and value:
        return sorted(map(str, value))
    return as_protobuf(value)


def _different(version: int, reply: Reply) -> list[str]:
    """Where the callbacks of a version differ from those of text beyond what is known."""
    ours, text = told(version, reply), told(LAST_TEXT, reply)
    if [name for name, _ in ours] != [name for name, _ in text]:
        return [f"{ours} is not {text}"]
    return list(_differences(as_protobuf(ours), as_protobuf(text), ""))


def _differences(ours: Any, text: Any, path: str) -> Iterator[str]:
    if isinstance(ours, dict) and isinstance(text, dict) and set(ours) == set(text):
        for name in ours:
            yield from _differences(ours[name], text[name], f"{path}.{name}")
    elif isinstance(ours, list) and isinstance(text, list) and len(ours) == len(text):
        for index, pair in enumerate(zip(ours, text, strict=True)):
            yield from _differences(*pair, f"{path}[{index}]")
    elif ours != text:
        yield f"{path}: {ours!r} is not {text!r}"


@pytest.mark.parametrize("kind", OF, ids=lambda kind: kind.__name__)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), version=ANY_VERSION)
def test_a_reply_calls_the_same_callbacks_at_every_version(
    kind: type[Reply], data: st.DataObject, version: int
) -> None:
    reply = data.draw(reply_of(kind))

    assert _different(version, reply) == []
    assert told(version, reply)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(pair=pairs, asked_at=st.sampled_from([LAST_TEXT, LAST]), version=ANY_VERSION, data=st.data())
def test_any_order_reads_the_same_to_clients_of_every_version(
    pair: tuple[Any, Any], asked_at: int, version: int, data: st.DataObject
) -> None:
    request: Any = asked(asked_at, "placeOrder", 1, *pair)
    on = st.just(request.contract) if request.contract.sec_type == "BAG" else contracts
    working = data.draw(working_orders(st.just(request.order), on))
    open_order, completed = say.OpenOrder(working), say.CompletedOrder(working, "when")

    for reply in (open_order, completed):
        assert _different(version, reply) == []


def test_every_reply_has_a_layout_a_gate_and_a_test() -> None:
    assert set(ENCODERS) == set(TEXT_ENCODERS) == set(OF)
    assert {message_id for message_id, _ in ENCODERS.values()} == set(gates.REPLIES) - {108}


@pytest.mark.parametrize("version", range(FIRST, LAST + 1))
@pytest.mark.parametrize(
    ("reply", "message_id", "since"),
    [
        (say.ExecutionsEnd(1), 55, 201),
        (say.OpenOrderEnd(), 53, 203),
        (say.CompletedOrdersEnd(), 102, 204),
        (say.ContractDetailsEnd(1), 52, 205),
        (say.TickSize(1, 0, 100.0), 2, 206),
        (say.PositionEnd(), 62, 207),
        (say.HeadTimestamp(1, "0"), 88, 208),
        (say.PnLSingle(1, None), 95, 210),
        (say.CommissionReport(Commission("a", 1.0, "USD", None)), 59, 211),
        (say.ChainEnd(1), 76, 212),
        (say.NextOrderId(1), 9, 213),
    ],
)
def test_a_theme_becomes_protobuf_at_its_version(
    reply: Reply, message_id: int, since: int, version: int
) -> None:
    (payload,) = codec_for(version).encode(reply)

    expected = message_id + 200 if version >= since else message_id
    assert int.from_bytes(payload[:4], "big") == expected


def test_text_bodies_follow_the_binary_id_as_recorded_at_version_206() -> None:
    """A positions-multi frame of a live Gateway at 206: id 0x00000047, then text fields."""
    stock = Contract(
        con_id=45602025,
        symbol="MELI",
        sec_type="STK",
        exchange="NASDAQ",
        currency="USD",
        local_symbol="MELI",
        trading_class="NMS",
    )
    held = Holding(
        account="U1",
        contract=stock,
        quantity=1.0,
        average_cost=1581.09,
        market_price=0.0,
        market_value=0.0,
        unrealized=0.0,
        realized=0.0,
    )
    fields = ["1", "1", "U1", "45602025", "MELI", "STK", "", "0.0", "", "", "NASDAQ", "USD"]
    fields += ["MELI", "NMS", "1", "1581.09", ""]

    (payload,) = codec_for(206).encode(say.PositionMulti(1, "", held))

    assert payload == b"\0\0\0\x47" + "".join(f"{field}\0" for field in fields).encode()


def _order(**fields: Any) -> WorkingOrder:
    order = Order(action="BUY", quantity=1.0, order_type="MKT", **fields)
    contract = Contract(con_id=1, symbol="A", sec_type="STK", exchange="SMART", currency="USD")
    return WorkingOrder(
        order_id=1, client_id=1, perm_id=1, contract=contract, order=order, status="Submitted"
    )


def test_an_opening_trade_has_no_realized_profit_and_ibapi_makes_it_zero() -> None:
    """IB's decoder, not the wire: the field is absent, the callback reads 0.0."""
    reply = say.CommissionReport(Commission("a", 1.0, "USD", None))

    ((_, (text,)),) = told(LAST_TEXT, reply)
    ((_, (proto,)),) = told(LAST, reply)

    assert text["realizedPNL"] == UNSET
    assert proto["realizedPNL"] == 0.0


def test_values_that_are_not_there_stay_absent() -> None:
    commission, opened = CommissionAndFeesReport(), OpenOrder()
    reply = say.CommissionReport(Commission("a", 1.0, "USD", None))
    commission.ParseFromString(codec_for(LAST).encode(reply)[0][4:])
    opened.ParseFromString(codec_for(LAST).encode(say.OpenOrder(_order()))[0][4:])

    assert not commission.HasField("realizedPNL")
    assert not opened.contract.HasField("right")
    for name in ("trailStopPrice", "trailingPercent", "minQty", "volatility", "hedgeType"):
        assert not opened.order.HasField(name)
    assert not opened.orderState.HasField("initMarginBefore")


NEWER = {
    216: {"postOnly": True, "deactivate": True, "allowPreOpen": True, "ignoreOpenAuction": True},
    217: {"seekPriceImprovement": 1, "whatIfType": 2, "routeMarketableToBbo": 1},
    226: {"conditionsIncludeOvernight": True},
}


@pytest.mark.parametrize(("since", "fields"), NEWER.items())
def test_fields_newer_than_protobuf_are_said_from_their_version_on(
    since: int, fields: dict[str, Any]
) -> None:
    raw = {name: str(int(value)) for name, value in fields.items()}
    reply = say.OpenOrder(_order(raw=raw))

    ((_, (_, _, before, _)),) = told(since - 1, reply)
    ((_, (_, _, after, _)),) = told(since, reply)

    assert {name: after[name] for name in fields} == fields
    assert not any(before[name] for name in fields if before[name] != UNSET_INTEGER)


def test_the_size_of_a_hedge_is_said_from_223_on() -> None:
    reply = say.OpenOrder(_order(raw={"hedgeType": "D", "hedgeMaxSize": "5"}))

    sizes = [told(version, reply)[0][1][2]["hedgeMaxSize"] for version in (222, 223)]

    assert sizes == [UNSET_INTEGER, 5]


@pytest.mark.parametrize(("version", "expected"), [(213, ""), (214, "Z"), (226, "Z")])
def test_utc_times_are_marked_from_214_on(version: int, expected: str) -> None:
    utc, local = "20260406-13:30:00", "20260406 09:30:00 US/Eastern"

    assert told(version, say.HeadTimestamp(1, utc)) == [("headTimestamp", (1, utc + expected))]
    assert told(version, say.HeadTimestamp(1, local)) == [("headTimestamp", (1, local))]


def test_times_of_a_schedule_are_in_its_zone_and_never_marked() -> None:
    session = say.TradingSession("20260406-09:30:00", "20260406-16:00:00", "20260406")
    reply = say.HistoricalSchedule(1, "US/Eastern", (session,))

    assert told(LAST, reply) == told(LAST_TEXT, reply)


@given(order_id=ids)
def test_what_follows_bars_is_their_end(order_id: int) -> None:
    frames = codec_for(LAST).encode(say.HistoricalBars(order_id, (), "from", "to"))

    assert heard(LAST, *frames) == [("historicalDataEnd", (order_id, "from", "to"))]


def test_a_computation_not_made_is_none_not_a_number() -> None:
    nothing = Computation(
        **dict.fromkeys(("implied_volatility", "delta", "option_price", "dividends_pv")),
        **dict.fromkeys(("gamma", "vega", "theta", "underlying_price")),
    )

    assert told(LAST, say.TickComputation(1, 13, nothing)) == [
        ("tickOptionComputation", (1, 13, 0, *[None] * 8))
    ]


def test_a_margin_condition_with_a_fraction_loses_it_over_protobuf() -> None:
    """IB's schema holds whole percents; a text client may have asked for half of one."""
    kept = "1\x1f4\x1fa\x1f1\x1f0.5"

    ((_, (_, _, order, _)),) = told(LAST, say.OpenOrder(_order(raw={"conditions": kept})))

    assert order["conditions"][0]["percent"] == 0

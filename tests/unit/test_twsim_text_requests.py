"""Whatever the real ibapi client writes at versions 176 to 200, the text codec reads it whole."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ibapi.client import EClient
from ibapi.contract import ComboLeg, Contract
from ibapi.execution import ExecutionFilter
from ibapi.order import COMPETE_AGAINST_BEST_OFFSET_UP_TO_MID, Order, OrderComboLeg
from ibapi.order_cancel import OrderCancel
from ibapi.order_condition import Create
from ibapi.softdollartier import SoftDollarTier
from ibapi.tag_value import TagValue

from tests.unit.ibapi_paper import written
from twsim.codec_text import TextCodec, requests
from twsim.codec_text.fields import Fields, split
from twsim.framing import Unreadable
from twsim.messages import Malformed
from twsim.messages import requests as ask

VERSIONS = range(176, 201)


def _read(server_version: int, call: Callable[[EClient], None]) -> Any:
    """Decodes and asserts that no field is left, but options and the like at the end."""
    payload = written(server_version, call)
    values = split(payload)
    fields = Fields(values[1:], server_version)
    request = requests.DECODERS[int(values[0])](fields)
    assert request == TextCodec(server_version).decode(payload)
    return request, fields.left


def _stock() -> Contract:
    contract = Contract()
    contract.symbol, contract.secType, contract.exchange = "AAPL", "STK", "SMART"
    contract.currency, contract.primaryExchange = "USD", "NASDAQ"
    return contract


def _order(**fields: Any) -> Order:
    order = Order()
    order.action, order.totalQuantity, order.orderType = "BUY", Decimal(10), "LMT"
    order.lmtPrice, order.tif = 100.5, "DAY"
    for name, value in fields.items():
        setattr(order, name, value)
    return order


def _place(server_version: int, contract: Contract, order: Order) -> ask.OrderPlaced:
    request, left = _read(server_version, lambda client: client.placeOrder(7, contract, order))
    assert left == 0
    assert isinstance(request, ask.OrderPlaced)
    assert request.order_id == 7
    return request


@pytest.mark.parametrize("version", VERSIONS)
def test_a_plain_order_is_read_to_its_last_field(version: int) -> None:
    order = _place(version, _stock(), _order(account="DU1", outsideRth=True)).order
    assert (order.action, order.quantity, order.order_type) == ("BUY", 10.0, "LMT")
    assert (order.limit_price, order.aux_price, order.tif) == (100.5, None, "DAY")
    assert (order.account, order.outside_rth, order.transmit) == ("DU1", True, True)
    assert (order.trail_stop_price, order.cash_qty, order.limit_price_offset) == (None, None, None)


CONDITIONS: dict[int, dict[str, object]] = {
    1: {"triggerMethod": 4, "conId": 265598, "exchange": "SMART", "isMore": True, "price": 300.0},
    3: {"isMore": True, "time": "20300101 09:30:00 US/Eastern"},
    4: {"isMore": False, "percent": 30},
    5: {"secType": "STK", "exchange": "SMART", "symbol": "MSFT"},
    6: {"conId": 265598, "exchange": "SMART", "isMore": True, "volume": 100},
    7: {"conId": 265598, "exchange": "SMART", "isMore": True, "changePercent": 2.5},
}


def _condition(kind: int) -> Any:
    condition = Create(kind)
    for name, value in CONDITIONS[kind].items():
        setattr(condition, name, value)
    return condition


@pytest.mark.parametrize("version", [176, 188, 200])
@pytest.mark.parametrize(
    "fields",
    [
        {"orderType": "PEG BENCH", "referenceContractId": 1, "peggedChangeAmount": 0.5},
        {"orderType": "PEG BEST", "minCompeteSize": 100, "competeAgainstBestOffset": 0.02},
        {
            "orderType": "PEG BEST",
            "competeAgainstBestOffset": COMPETE_AGAINST_BEST_OFFSET_UP_TO_MID,
            "midOffsetAtWhole": 0.01,
        },
        {"orderType": "PEG MID", "midOffsetAtWhole": 0.01, "midOffsetAtHalf": 0.005},
        {"scalePriceIncrement": 0.1, "scaleInitLevelSize": 5, "scaleRandomPercent": True},
        {"hedgeType": "B", "hedgeParam": "1.2"},
        {"deltaNeutralOrderType": "LMT", "deltaNeutralConId": 5, "volatility": 0.3},
        {"algoStrategy": "Adaptive", "algoParams": [TagValue("adaptivePriority", "Normal")]},
        {"softDollarTier": SoftDollarTier("a", "b", "c"), "cashQty": 1000.0},
        {"conditions": [_condition(1), _condition(5)], "conditionsIgnoreRth": True},
        {"conditions": [_condition(6), _condition(7)]},
        {"conditions": [_condition(3), _condition(4)], "conditionsCancelOrder": True},
        {"orderType": "TRAIL LIMIT", "trailStopPrice": 99.0, "lmtPriceOffset": 0.05},
        {"orderType": "TRAIL", "trailingPercent": 2.0, "whatIf": True, "notHeld": True},
        {"parentId": 3, "ocaGroup": "g", "ocaType": 2, "transmit": False, "solicited": True},
    ],
)
def test_every_optional_part_of_an_order_is_read(version: int, fields: dict[str, Any]) -> None:
    request = _place(version, _stock(), _order(**fields))
    assert request.order.order_type == fields.get("orderType", "LMT")
    assert request.order.trailing_percent == fields.get("trailingPercent")
    assert request.order.trail_stop_price == fields.get("trailStopPrice")
    assert request.order.limit_price_offset == fields.get("lmtPriceOffset")
    assert request.order.parent_id == fields.get("parentId", 0)
    assert request.order.what_if == fields.get("whatIf", False)
    assert request.order.cash_qty == fields.get("cashQty")
    if "algoStrategy" in fields:
        assert request.order.algo_params == (("adaptivePriority", "Normal"),)
    if "hedgeType" in fields:
        assert request.order.raw["hedgeParam"] == "1.2"


@pytest.mark.parametrize("version", [176, 200])
def test_a_combination_with_legs_and_leg_prices_is_read(version: int) -> None:
    leg, priced = ComboLeg(), OrderComboLeg()
    leg.conId, leg.ratio, leg.action, leg.exchange = 1, 1, "BUY", "SMART"
    priced.price = 1.5
    contract = _stock()
    contract.secType, contract.comboLegs = "BAG", [leg, leg]
    order = _order(orderComboLegs=[priced, priced])
    order.smartComboRoutingParams = [TagValue("NonGuaranteed", "1")]
    raw = _place(version, contract, order).order.raw
    assert raw["comboLegs"].split("\x1f")[0] == "2"
    assert raw["smartComboRoutingParams"].split("\x1f") == ["1", "NonGuaranteed", "1"]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_order_on_ibkrats_carries_its_least_quantity(version: int) -> None:
    contract = _stock()
    contract.exchange = "IBKRATS"
    assert _place(version, contract, _order(minTradeQty=5)).order.raw["minTradeQty"] == "5"


@pytest.mark.parametrize("version", VERSIONS)
def test_cancels_are_read(version: int) -> None:
    request = TextCodec(version).decode(
        written(version, lambda client: client.cancelOrder(12, OrderCancel()))
    )
    assert request == ask.OrderCancelled(12)
    everything = written(version, lambda client: client.reqGlobalCancel(OrderCancel()))
    assert TextCodec(version).decode(everything) == ask.AllCancelled()


@pytest.mark.parametrize("version", VERSIONS)
def test_an_execution_filter_is_read(version: int) -> None:
    wanted = ExecutionFilter()
    wanted.clientId, wanted.acctCode, wanted.symbol = 3, "DU1", "AAPL"
    wanted.side, wanted.time = "BUY", "20260401-09:30:00"
    if version == 200:
        wanted.lastNDays, wanted.specificDates = 3, [20260401, 20260402]
    request, left = _read(version, lambda client: client.reqExecutions(9, wanted))
    assert left == 0
    days, dates = (3, (20260401, 20260402)) if version == 200 else (None, ())
    assert request == ask.ExecutionsAsked(
        9,
        ask.ExecutionFilter(
            3, "DU1", "20260401-09:30:00", "AAPL", side="BUY", days=days, dates=dates
        ),
    )


@pytest.mark.parametrize("version", [176, 200])
def test_contract_details_are_asked_with_every_part_of_the_contract(version: int) -> None:
    contract = _stock()
    contract.conId, contract.strike, contract.right, contract.multiplier = 5, 200.5, "C", "100"
    contract.lastTradeDateOrContractMonth, contract.includeExpired = "20260618", True
    contract.localSymbol, contract.tradingClass = "AAPL  X", "AAPL"
    contract.secIdType, contract.secId, contract.issuerId = "ISIN", "US0378331005", "e1"
    request, left = _read(version, lambda client: client.reqContractDetails(1, contract))
    assert left == 0
    read = request.contract
    assert (read.con_id, read.strike, read.right, read.expiry) == (5, 200.5, "C", "20260618")
    assert (read.multiplier, read.exchange, read.primary_exchange) == ("100", "SMART", "NASDAQ")
    assert (read.local_symbol, read.trading_class) == ("AAPL  X", "AAPL")
    assert (read.sec_id_type, read.sec_id, read.issuer_id) == ("ISIN", "US0378331005", "e1")
    assert read.include_expired


NUMBERS = st.one_of(
    st.none(), st.floats(min_value=0.0001, max_value=1e9, allow_nan=False, allow_infinity=False)
)
WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)


@settings(max_examples=60)
@given(
    version=st.sampled_from(list(VERSIONS)),
    limit=NUMBERS,
    aux=NUMBERS,
    quantity=st.integers(1, 10**9),
    reference=WORDS,
    group=WORDS,
    flags=st.tuples(*[st.booleans()] * 5),
)
def test_any_order_comes_over_unchanged(
    version: int,
    limit: float | None,
    aux: float | None,
    quantity: int,
    reference: str,
    group: str,
    flags: tuple[bool, bool, bool, bool, bool],
) -> None:
    given_order = _order(totalQuantity=Decimal(quantity), orderRef=reference, ocaGroup=group)
    if limit is not None:
        given_order.lmtPrice = limit
    if aux is not None:
        given_order.auxPrice = aux
    given_order.transmit, given_order.outsideRth, given_order.hidden = flags[:3]
    given_order.allOrNone, given_order.notHeld = flags[3:]
    order = _place(version, _stock(), given_order).order
    assert order.limit_price == (100.5 if limit is None else limit)
    assert order.aux_price == aux
    assert (order.quantity, order.order_ref, order.oca_group) == (quantity, reference, group)
    assert (order.transmit, order.outside_rth, order.hidden) == flags[:3]
    assert (order.all_or_none, order.not_held) == flags[3:]


@given(st.binary(max_size=200))
def test_no_payload_breaks_the_codec_in_another_way(payload: bytes) -> None:
    try:
        TextCodec(200).decode(payload)
    except (Malformed, Unreadable):
        return


@given(
    st.sampled_from(sorted(requests.DECODERS)),
    st.lists(st.one_of(WORDS, st.integers().map(str), st.just("")), max_size=130),
)
def test_no_fields_break_a_decoder_in_another_way(message_id: int, values: list[str]) -> None:
    try:
        TextCodec(200).decode("".join(f"{v}\0" for v in [str(message_id), *values]).encode())
    except Malformed:
        return


def test_a_frame_that_says_nothing_is_unreadable_and_an_unknown_message_malformed() -> None:
    with pytest.raises(Unreadable):
        TextCodec(200).decode(b"AAPL\0")
    with pytest.raises(Malformed, match="no message 999"):
        TextCodec(200).decode(b"999\0")

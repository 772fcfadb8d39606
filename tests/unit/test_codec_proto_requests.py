"""What IB's client sends as protobuf means the same as what it sends as text."""

import json
import math
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from ibapi.contract import Contract
from ibapi.execution import ExecutionFilter
from ibapi.order import Order
from ibapi.order_cancel import OrderCancel

from tests.environment import golden_folder
from tests.ibapi_offline import asked, codec_for, payloads
from tests.ibapi_values import (
    amounts,
    contracts,
    detail_queries,
    filled,
    flags,
    history_contracts,
    ids,
    pairs,
    prices,
    some,
    words,
)
from twsim.codec_proto import ProtoCodec, gates
from twsim.codec_proto.requests import DECODERS, UNSUPPORTED
from twsim.codec_text.order_parts import MISSING
from twsim.codec_text.requests import DECODERS as TEXT_DECODERS
from twsim.codec_text.requests import UNSUPPORTED as TEXT_UNSUPPORTED
from twsim.framing import Unreadable
from twsim.messages import Malformed
from twsim.messages import requests as ask
from twsim.messages.requests import Request

LAST_TEXT, FIRST, LAST = 200, 201, 226
ANY_VERSION = st.integers(FIRST, LAST)
filters = filled(
    ExecutionFilter,
    some(
        clientId=ids,
        acctCode=words,
        time=words,
        symbol=words,
        secType=words,
        exchange=words,
        side=words,
        lastNDays=st.integers(0, 7),
        specificDates=st.lists(st.integers(20260101, 20261231), max_size=3),
    ),
)
CALLS: dict[str, tuple[st.SearchStrategy[Any], ...]] = {
    "startApi": (),
    "reqIds": (st.integers(-1, 5),),
    "reqCurrentTime": (),
    "reqCurrentTimeInMillis": (),
    "reqManagedAccts": (),
    "setServerLogLevel": (st.integers(1, 5),),
    "reqAccountUpdates": (flags, words),
    "reqAccountSummary": (ids, words, st.sampled_from(["", "A,B", " A , B ", "$LEDGER:ALL"])),
    "cancelAccountSummary": (ids,),
    "reqPositions": (),
    "cancelPositions": (),
    "reqPositionsMulti": (ids, words, words),
    "cancelPositionsMulti": (ids,),
    "reqAccountUpdatesMulti": (ids, words, words, flags),
    "cancelAccountUpdatesMulti": (ids,),
    "reqPnL": (ids, words, words),
    "cancelPnL": (ids,),
    "reqPnLSingle": (ids, words, words, ids),
    "cancelPnLSingle": (ids,),
    "reqContractDetails": (ids, detail_queries),
    "reqMatchingSymbols": (ids, words),
    "reqMarketRule": (ids,),
    "reqSecDefOptParams": (ids, words, words, words, ids),
    "reqMarketDataType": (st.integers(1, 4),),
    "reqMktData": (ids, contracts, words, flags, flags, st.none()),
    "cancelMktData": (ids,),
    "calculateImpliedVolatility": (ids, contracts, prices, prices, st.none()),
    "cancelCalculateImpliedVolatility": (ids,),
    "calculateOptionPrice": (ids, contracts, prices, amounts, st.none()),
    "cancelCalculateOptionPrice": (ids,),
    "reqHistoricalData": (
        *(ids, history_contracts, words, words, words, words),
        *(st.integers(0, 1), st.integers(1, 2), flags, st.none()),
    ),
    "cancelHistoricalData": (ids,),
    "reqHeadTimeStamp": (ids, history_contracts, words, st.integers(0, 1), st.integers(1, 2)),
    "cancelHeadTimeStamp": (ids,),
    "reqRealTimeBars": (ids, contracts, st.just(5), words, flags, st.none()),
    "cancelRealTimeBars": (ids,),
    "reqOpenOrders": (),
    "reqAllOpenOrders": (),
    "reqAutoOpenOrders": (flags,),
    "reqCompletedOrders": (flags,),
    "reqExecutions": (ids, filters),
    "cancelOrder": (ids, st.just(OrderCancel())),
    "reqGlobalCancel": (st.just(OrderCancel()),),
    "reqNewsProviders": (),
    "reqUserInfo": (ids,),
    "reqFamilyCodes": (),
    "reqScannerParameters": (),
    "cancelTickByTickData": (ids,),
    "reqWshMetaData": (ids,),
}


def _number(text: str) -> str | float:
    try:
        value = float(text)
    except ValueError:
        return text
    return value if math.isfinite(value) else text


def meaning(request: Request) -> Request:
    """Without the forms that mean the same: unset fields, 5 for 5.0, the order of a map."""
    if not isinstance(request, ask.OrderPlaced):
        return request
    given = {
        name: tuple(map(_number, value.split("\x1f")))
        for name, value in request.order.raw.items()
        if value.replace("E", "e") not in MISSING
    }
    algo = tuple(sorted(request.order.algo_params))
    order = replace(request.order, raw=given, algo_params=algo)  # type: ignore[arg-type]  # compared only
    return replace(request, order=order)


@pytest.mark.parametrize("name", CALLS)
@settings(max_examples=30, deadline=None)
@given(data=st.data(), version=ANY_VERSION)
def test_a_call_means_the_same_at_every_version(
    name: str, data: st.DataObject, version: int
) -> None:
    arguments = [data.draw(argument) for argument in CALLS[name]]

    assert asked(version, name, *arguments) == asked(LAST_TEXT, name, *arguments)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(order_id=ids, pair=pairs, version=ANY_VERSION)
def test_an_order_means_the_same_at_every_version(
    order_id: int, pair: tuple[Any, Order], version: int
) -> None:
    placed = meaning(asked(version, "placeOrder", order_id, *pair))

    assert placed == meaning(asked(LAST_TEXT, "placeOrder", order_id, *pair))


def test_both_codecs_know_the_same_messages() -> None:
    assert set(DECODERS) - {106} == set(TEXT_DECODERS)
    assert set(UNSUPPORTED) - {107, 108, 109} == set(TEXT_UNSUPPORTED) - {72, 73}
    assert set(gates.REQUESTS) == set(DECODERS) | set(UNSUPPORTED)


@pytest.mark.parametrize("version", range(FIRST, LAST + 1))
def test_a_message_becomes_protobuf_where_the_client_makes_it_so(version: int) -> None:
    for name, arguments in {
        "reqExecutions": (1, ExecutionFilter()),
        "reqOpenOrders": (),
        "reqMarketDataType": (1,),
        "reqPositions": (),
        "cancelHistoricalData": (1,),
        "reqNewsProviders": (),
        "cancelPnL": (1,),
        "cancelCalculateOptionPrice": (1,),
        "reqMarketRule": (1,),
        "reqCurrentTime": (),
    }.items():
        (payload,) = payloads(version, name, *arguments)
        message_id = int.from_bytes(payload[:4], "big")
        assert (message_id > 200) == (version >= gates.REQUESTS[message_id % 200])


@pytest.mark.parametrize("version", [213, 226])
@pytest.mark.golden
def test_recorded_requests_of_the_client_decode_exactly(version: int) -> None:
    folder = golden_folder()
    if folder is None:
        pytest.skip("recorded TWS frames")
    new, old = (
        json.loads((folder / f"client_requests_stable_sv{number}.json").read_text())["requests"]
        for number in (version, LAST_TEXT)
    )
    compared = 0
    for ours, text in zip(new, old, strict=True):
        assert ours["call"] == text["call"]
        for payload, its_text in zip(ours["raw_hex"], text["raw_hex"], strict=True):
            request = codec_for(version).decode(bytes.fromhex(payload))
            expected = codec_for(LAST_TEXT).decode(bytes.fromhex(its_text))
            assert meaning(request) == meaning(expected), ours["call"]
            compared += 1
    assert compared >= 57


def test_requests_newer_than_the_text_protocol_are_understood() -> None:
    assert asked(215, "cancelContractData", 7) == ask.DetailsCancelled(7)
    assert asked(215, "cancelHistoricalTicks", 8) == ask.Unsupported(107, 8)


@pytest.mark.parametrize(
    ("payload", "version"),
    [
        (b"", 226),
        (b"\0\0\0", 226),
        (b"\0\0\0\x3dno end of field", 226),
    ],
)
def test_what_is_no_message_at_all_is_unreadable(payload: bytes, version: int) -> None:
    with pytest.raises(Unreadable):
        ProtoCodec(version).decode(payload)


def _frame(message_id: int, body: bytes = b"") -> bytes:
    return message_id.to_bytes(4, "big") + body


@pytest.mark.parametrize(
    ("payload", "version"),
    [
        (_frame(261, b"\xff"), 226),  # no protobuf
        (_frame(999), 226),  # no such message
        (_frame(72 + 200), 226),  # never was protobuf
        (_frame(261), 206),  # positions are protobuf from 207 on
        (_frame(106 + 200, b"\x08\x01"), 214),
        (_frame(254, b"\x08\x07\x19" + b"\xff" * 8), 226),  # a price that is not a number
    ],
)
def test_what_cannot_be_understood_is_malformed(payload: bytes, version: int) -> None:
    with pytest.raises(Malformed):
        ProtoCodec(version).decode(payload)


@settings(max_examples=300, deadline=None)
@given(
    message_id=st.sampled_from(sorted(gates.REQUESTS)).map(lambda number: number + 200),
    body=st.binary(max_size=40),
)
@example(message_id=203, body=b"")
def test_any_bytes_are_a_request_or_malformed(message_id: int, body: bytes) -> None:
    with suppress(Malformed):
        assert isinstance(ProtoCodec(LAST).decode(_frame(message_id, body)), Request)


def test_a_malformed_order_names_its_id() -> None:
    order = Order()
    order.action, order.orderType, order.totalQuantity, order.slOrderId = "BUY", "MKT", 1, 12
    (payload,) = payloads(218, "placeOrder", 11, Contract(), order)

    with pytest.raises(Malformed, match="attached orders") as caught:
        ProtoCodec(218).decode(payload)

    assert caught.value.req_id == 11


@pytest.mark.parametrize("field", ["parentId", "displaySize"])
def test_no_whole_number_of_a_text_order_is_too_large_for_a_protobuf_client(field: str) -> None:
    order = Order()
    order.action, order.orderType, order.totalQuantity = "BUY", "MKT", 1
    setattr(order, field, 2**31)

    with pytest.raises(Malformed):
        asked(LAST_TEXT, "placeOrder", 1, Contract(), order)

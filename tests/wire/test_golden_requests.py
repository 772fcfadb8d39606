"""What the real client was recorded to send at version 200, read field by field."""

import json
from typing import Any

import pytest

from tests.wire import golden
from twsim.codec_text import TextCodec
from twsim.messages import requests as ask

pytestmark = golden.MARKS


def _calls() -> list[Any]:
    if golden.FOLDER is None:
        return []
    path = golden.FOLDER / "client_requests_stable_sv200.json"
    found: list[Any] = json.loads(path.read_text())["requests"]
    return found


@pytest.mark.parametrize("recorded", _calls(), ids=lambda call: call["call"].split("(")[0])
def test_a_recorded_client_request_is_understood(recorded: Any) -> None:
    (payload,) = [bytes.fromhex(text) for text in recorded["raw_hex"]]
    request = TextCodec(200).decode(payload)
    fields = recorded["decoded"][0]["fields"]
    name = recorded["call"].split("(")[0]
    if isinstance(request, ask.Unsupported):
        assert request.message_id == int(fields[0])
        assert name in NOT_SIMULATED
    elif isinstance(request, ask.OrderPlaced):
        _same_order(request, fields)
        assert request.order.what_if == ("whatIf" in recorded["call"])
    elif isinstance(request, ask.Numbered):
        assert str(request.req_id) in fields[1:3]


NOT_SIMULATED = {
    "reqMktDepth",
    "cancelMktDepth",
    "reqTickByTickData",
    "cancelTickByTickData",
    "reqHistoricalTicks",
    "reqNewsProviders",
    "reqNewsBulletins",
    "reqScannerParameters",
    "reqScannerSubscription",
    "reqFamilyCodes",
}


def _same_order(request: ask.OrderPlaced, fields: list[str]) -> None:
    """Every field by its place in the recorded frame."""
    order, contract = request.order, request.contract
    assert (str(request.order_id), str(contract.con_id)) == (fields[1], fields[2])
    assert [contract.symbol, contract.sec_type, contract.expiry] == fields[3:6]
    assert contract.strike == float(fields[6] or 0)
    assert [contract.right, contract.multiplier, contract.exchange] == fields[7:10]
    assert [contract.primary_exchange, contract.currency] == fields[10:12]
    assert [order.action, f"{order.quantity:g}", order.order_type] == fields[16:19]
    assert [order.limit_price, order.aux_price] == [_number(text) for text in fields[19:21]]
    assert [order.tif, order.oca_group, order.account] == fields[21:24]
    assert [str(int(order.transmit)), str(order.parent_id)] == fields[27:29]
    assert str(int(order.outside_rth)) == fields[33]
    assert str(order.oca_type) == fields[46]
    assert [order.trail_stop_price, order.trailing_percent] == [_number(t) for t in fields[68:70]]
    assert order.raw["imbalanceOnly"] == fields[-1]
    assert order.raw["manualOrderIndicator"] == fields[-2]


def _number(text: str) -> float | None:
    return float(text) if text else None

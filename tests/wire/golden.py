"""Recorded TWS frames, and how twsim's own are held against them."""

import json
import re
from typing import Any

import pytest

from tests.environment import golden_folder
from twsim.codec_text import TextCodec
from twsim.domain.contracts import Contract
from twsim.messages import Reply

FOLDER = golden_folder()
MARKS = [
    pytest.mark.golden,
    pytest.mark.skipif(FOLDER is None, reason="recorded TWS frames are not here"),
]
FORMS = (
    ("empty", r""),
    ("unset double", r"1\.7976931348623157E308"),
    ("whole number", r"-?\d+"),
    ("decimal", r"-?\d+\.\d+(E-?\d+)?"),
    ("zoned time", r"\d{8} \d\d:\d\d:\d\d \S.*"),
    ("UTC time", r"\d{8}-\d\d:\d\d:\d\d"),
    ("text", r".*"),
)


def form(text: str) -> str:
    return next(name for name, shape in FORMS if re.fullmatch(shape, text, re.DOTALL))


def recorded(message_id: str, *, holding: str = "", version: int = 200) -> list[str]:
    """The first recorded frame with this id in which a field reads `holding`."""
    assert FOLDER is not None
    messages = json.loads((FOLDER / "ibkrgo_sv200_messages.json").read_text())["messages"]
    found = (
        list(item["fields"])
        for item in messages
        if item["fields"][0] == message_id and item["server_version"] == version
    )
    return next(fields for fields in found if not holding or holding in fields)


def written(reply: Reply, version: int = 200) -> list[list[str]]:
    payloads = TextCodec(version).encode(reply)
    return [payload.decode().removesuffix("\0").split("\0") for payload in payloads]


def same_layout(written: list[str], recorded: list[str], *, loose: frozenset[int]) -> None:
    """`loose`: places whose form depends on the value alone (a price may be whole)."""
    assert len(written) == len(recorded)
    assert written[0] == recorded[0]
    wrong = [
        f"field {place}: {ours!r} beside {theirs!r}"
        for place, (ours, theirs) in enumerate(zip(written, recorded, strict=True))
        if place not in loose and form(ours) != form(theirs)
    ]
    assert wrong == []


def stock(**fields: Any) -> Contract:
    known: dict[str, Any] = {"con_id": 265598, "symbol": "AAPL", "sec_type": "STK"}
    known |= {"exchange": "SMART", "currency": "USD", "local_symbol": "AAPL"}
    return Contract(**(known | {"trading_class": "NMS"} | fields))

"""The text of the frames a browser gets, apart from quotes, which the gateway has finished."""

import re
from datetime import datetime
from typing import Any

import orjson

from apps.lib.errors import PortalError

SEQ = re.compile(rb'"seq":(\d+)')
HEAD = 300
"""A finished frame names its sequence number within so many bytes."""


def seq_of(frame: bytes) -> int:
    """The sequence number of a finished frame, read without decoding it."""
    found = SEQ.search(frame, 0, HEAD)
    if found is None:
        raise ValueError(f"a frame without a sequence number: {frame[:80]!r}")
    return int(found[1])


def event(topic: str, seq: int, data: dict[str, Any]) -> str:
    return _text({"type": "event", "topic": topic, "from": seq, "seq": seq, "data": data})


def snapshot(topic: str, seq: int, data: dict[str, Any]) -> str:
    return _text({"type": "snapshot", "topic": topic, "seq": seq, "data": data})


def error(topic: str, problem: PortalError) -> str:
    return _text({"type": "error", "topic": topic, **problem.as_dict()})


def beat(at: datetime) -> str:
    return _text({"type": "beat", "at": int(at.timestamp() * 1000)})


def _text(frame: dict[str, Any]) -> str:
    return orjson.dumps(frame).decode()

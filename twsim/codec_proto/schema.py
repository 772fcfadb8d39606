"""IB's protobuf schemas by name, and how their fields are read and written."""

import importlib
import math
from functools import cache
from typing import Any

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # ships no types

from twsim.codec_text.fields import UNSET_DOUBLE, UNSET_INTEGER, UNSET_LONG
from twsim.messages import Malformed

Message = Any
"""A message of ibapi.protobuf, which ships no types."""
UNSET_TEXTS = frozenset({"", UNSET_INTEGER, UNSET_DOUBLE, UNSET_LONG})
_UNSET_INTEGER = int(UNSET_INTEGER)
_HUGE = 1.797e308


@cache
def schema(name: str) -> Any:
    """The class of one message: schema("TickPrice")."""
    return getattr(importlib.import_module(f"ibapi.protobuf.{name}_pb2"), name)


def parse(name: str, body: bytes) -> Message:
    message = schema(name)()
    try:
        message.ParseFromString(body)
    except DecodeError as error:
        raise Malformed(f"the message is no {name}") from error
    return message


def new(name: str, /, **values: Any) -> Message:
    """A message with these fields; None leaves a field absent, which is how unset travels."""
    return schema(name)(**{key: value for key, value in values.items() if value is not None})


def has(message: Message, name: str) -> bool:
    return bool(message.HasField(name))


def integer(message: Message, name: str, absent: int = 0) -> int:
    return int(getattr(message, name)) if has(message, name) else absent


def optional_integer(message: Message, name: str) -> int | None:
    value = integer(message, name, _UNSET_INTEGER)
    return None if value == _UNSET_INTEGER else value


def number(message: Message, name: str) -> float:
    """Absent is 0; Malformed for what is no finite number."""
    return optional(message, name) or 0.0


def optional(message: Message, name: str) -> float | None:
    """None when absent or the largest double; Malformed for what is no finite number."""
    if not has(message, name):
        return None
    given = getattr(message, name)
    try:
        value = float(given)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise Malformed(f"{name} is {str(given)[:40]!r}, not a finite number")
    return None if abs(value) >= _HUGE else value


def scalar(value: Any, name: str) -> str:
    """A scalar field as the text protocol writes it."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        if math.isnan(value):
            raise Malformed(f"{name} is not a number")
        return "Infinity" if value == math.inf else repr(value)
    return str(value)


def put(message: Message, name: str, text: str) -> None:
    """Sets a field from the text protocol's form of it; what is unset there stays absent."""
    if text in UNSET_TEXTS:
        return
    kind = type(getattr(message, name))
    if kind is bool:
        setattr(message, name, int(text) != 0)
    elif kind is int:
        setattr(message, name, int(float(text)))  # a margin of 0.5 % is text alone
    elif kind is float:
        setattr(message, name, float(text))
    else:
        setattr(message, name, text)

"""Tick messages for property tests: usual ones, odd ones and spoiled ones."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from ibapi.protobuf.TickGeneric_pb2 import TickGeneric
from ibapi.protobuf.TickOptionComputation_pb2 import TickOptionComputation
from ibapi.protobuf.TickPrice_pb2 import TickPrice
from ibapi.protobuf.TickSize_pb2 import TickSize
from ibapi.protobuf.TickString_pb2 import TickString

TEXT_VERSIONS = [176, 200]
PROTOBUF_VERSIONS = [206, 226]

WHOLE = st.one_of(
    st.integers(-2, 110).map(str),
    st.integers().map(str),
    st.sampled_from(["", "x", " 7", "1_0", "2147483647", "111", "\\x31", "１"]),
)
FLOAT = st.one_of(
    st.floats().map(repr),
    st.decimals(-5, 500, places=2).map(str),
    st.sampled_from(
        ["", "-1", "-2", "-0.0", "0", "1.7976931348623157E308", "Infinity", "nan", "x"]
    ),
)
SIZE = st.one_of(
    st.integers(-2, 10**6).map(str),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.sampled_from(
        ["", "2147483647", "9223372036854775807", "1.7976931348623157E308", "NaN", "x"]
    ),
)
WORDS = st.one_of(
    st.text(max_size=30), st.sampled_from(["1775484000", "1.5;100;1775484000123;9", "a\\x41", "é"])
)
GOOD = st.integers(0, 110).map(str)
GOOD_FLOAT = st.sampled_from(["-2", "-1", "0", "-0.0", "1.5", "262.41", "-0.25"])
GOOD_SIZE = st.sampled_from(["0", "100", "0.5", "", "2147483647", "-9223372036854775808"])
GOOD_TICKS = st.one_of(
    st.tuples(st.just("1"), GOOD, GOOD, GOOD, GOOD_FLOAT, GOOD_SIZE, GOOD),
    st.tuples(st.just("2"), GOOD, GOOD, GOOD | st.just("111"), GOOD_SIZE),
    st.tuples(st.just("45"), GOOD, GOOD, GOOD, GOOD_FLOAT),
    st.tuples(st.just("46"), GOOD, GOOD, GOOD, WORDS),
    st.tuples(st.just("21"), GOOD, GOOD, GOOD, *[GOOD_FLOAT] * 8),
)
ODD_TICKS = st.one_of(
    st.tuples(st.just("1"), WHOLE, WHOLE, WHOLE, FLOAT, SIZE, WHOLE),
    st.tuples(st.just("2"), WHOLE, WHOLE, WHOLE, SIZE),
    st.tuples(st.just("45"), WHOLE, WHOLE, WHOLE, FLOAT),
    st.tuples(st.just("46"), WHOLE, WHOLE, WHOLE, WORDS),
    st.tuples(st.just("21"), WHOLE, WHOLE, WHOLE, *[FLOAT] * 8),
)
I32 = st.none() | st.integers(-2, 110) | st.integers(-(2**31), 2**31 - 1)
F64 = st.sampled_from([None, 0.0, -0.0, -1.0, -2.0, 1.5, 1.7976931348623157e308]) | st.floats()
FIGURES = ("impliedVol", "delta", "optPrice", "pvDividend", "gamma", "vega", "theta", "undPrice")


def text(fields: Sequence[object]) -> bytes:
    return b"".join(str(field).encode() + b"\0" for field in fields)


def _messages() -> st.SearchStrategy[bytes]:
    line: dict[str, Any] = {"reqId": I32, "tickType": I32}
    size = st.none() | SIZE
    kinds: list[tuple[int, Any, dict[str, Any]]] = [
        (1, TickPrice, line | {"price": F64, "size": size, "attrMask": I32}),
        (2, TickSize, line | {"size": size}),
        (45, TickGeneric, line | {"value": F64}),
        (46, TickString, line | {"value": st.none() | WORDS}),
        (21, TickOptionComputation, line | {"tickAttrib": I32} | dict.fromkeys(FIGURES, F64)),
    ]

    def encode(number: int, message: Any, fields: dict[str, Any]) -> bytes:
        body: bytes = message(**fields).SerializeToString()
        return (200 + number).to_bytes(4, "big") + body

    return st.one_of(
        *[
            st.builds(encode, st.just(number), st.just(message), st.fixed_dictionaries(fields))
            for number, message, fields in kinds
        ]
    )


@st.composite
def spoiled(draw: st.DrawFn, frames: st.SearchStrategy[bytes]) -> bytes:
    """Cut short, lengthened, or with one byte changed; most are left as they are."""
    frame = draw(frames)
    at = draw(st.integers(0, len(frame)))
    way = draw(st.sampled_from(["none", "none", "cut", "insert", "change"]))
    if way == "none":
        return frame
    return frame[:at] + (b"" if way == "cut" else draw(st.binary(max_size=3)) + frame[at + 1 :])


TEXT_FRAMES = GOOD_TICKS.map(text) | spoiled(ODD_TICKS.map(text))
PROTOBUF_FRAMES = _messages() | spoiled(_messages())

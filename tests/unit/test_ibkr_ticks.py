"""Ticks read directly and by ibapi's decoder: the same callbacks of the same bytes."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ibapi.protobuf.TickGeneric_pb2 import TickGeneric
from ibapi.protobuf.TickOptionComputation_pb2 import TickOptionComputation
from ibapi.protobuf.TickPrice_pb2 import TickPrice
from ibapi.protobuf.TickSize_pb2 import TickSize
from ibapi.protobuf.TickString_pb2 import TickString

from ibkr.client.reader import Reader
from ibkr.convert.quotes import TRADES, trade
from ibkr.errors import LinkFailure
from tests.environment import golden_folder
from tests.ibapi_offline import Recorder
from tests.unit.tick_frames import (
    ODD_TICKS,
    PROTOBUF_FRAMES,
    PROTOBUF_VERSIONS,
    TEXT_FRAMES,
    TEXT_VERSIONS,
    text,
)

GOLDEN = golden_folder()


class Listening:
    """A reader with everything it called and every failure, in order."""

    def __init__(self, version: int) -> None:
        self.recorder = Recorder()
        self.failures: list[str] = []
        self.reader = Reader(self.recorder, version, self._failed)

    def _failed(self, _frame: bytes, error: Exception) -> None:
        self.failures.append(type(error).__name__)

    def directly(self, frame: bytes) -> str:
        self.reader.read([frame])
        return self._told()

    def by_ibapi(self, frame: bytes) -> str:
        try:
            self.reader.decode(frame)
        except Exception as error:  # noqa: BLE001  # compared with what the other way raises
            self._failed(frame, error)
        return self._told()

    def _told(self) -> str:
        told = repr((self._stable(self.recorder.heard), self.failures))
        self.recorder.heard, self.failures = [], []
        return told

    @staticmethod
    def _stable(calls: Iterable[tuple[str, tuple[Any, ...]]]) -> list[Any]:
        """ibapi's own complaints carry the time of day."""
        return [name if name == "error" else (name, arguments) for name, arguments in calls]


LISTENING = {version: Listening(version) for version in (*TEXT_VERSIONS, *PROTOBUF_VERSIONS, 203)}


@pytest.mark.parametrize("version", TEXT_VERSIONS)
@given(frame=TEXT_FRAMES)
@example(b"")
@example(b"1\0")
@example(b"45")
@example(text((46, 6, 7, 45, "a\\x41")))
@example(text((46, 6, 7, 45, "é")))
@example(text((2, 6, 7, 111, 5)))
@example(text((1, 6, 7, 1, "1.5", "", 7)))
@example(b"456\x001\x001\x0049\x000\x00")
def test_text_ticks_make_the_callbacks_of_ibapis_decoder(version: int, frame: bytes) -> None:
    listening = LISTENING[version]
    assert listening.directly(frame) == listening.by_ibapi(frame)


@pytest.mark.parametrize("version", [*PROTOBUF_VERSIONS, 203])
@given(frame=PROTOBUF_FRAMES)
@example(b"")
@example(b"\0\0\0\xc9")
@example(b"\0\0\0\xca" + TickSize(reqId=7, tickType=111, size="5").SerializeToString())
@example(b"\0\0\0\xca" + TickSize(reqId=7, size="5").SerializeToString())
@example(b"\0\0\0\xf5" + TickGeneric(reqId=7, tickType=111, value=5).SerializeToString())
@example(b"\0\0\0\xf6" + TickString(reqId=7, tickType=111, value="5").SerializeToString())
@example(b"\0\0\0\xc9" + TickPrice(reqId=7, tickType=1, price=5, size="5").SerializeToString())
def test_protobuf_ticks_make_the_callbacks_of_ibapis_decoder(version: int, frame: bytes) -> None:
    listening = LISTENING[version]
    assert listening.directly(frame) == listening.by_ibapi(frame)


def last_values(calls: Iterable[tuple[str, tuple[Any, ...]]]) -> dict[Any, str]:
    """What a cache of the last value of each field ends with; of trades, of each of their parts."""
    found: dict[Any, str] = {}
    for name, arguments in calls:
        if name == "tickString" and arguments[1] in TRADES:
            parts = trade(arguments[2])
            found |= {(name, arguments[0], part): repr(value) for part, value in parts.items()}
        elif name.startswith("tick"):
            found[(name, *arguments[:2])] = repr(arguments[2:])
    return found


def both_ways(version: int, frames: list[bytes]) -> tuple[Listening, Listening]:
    each, latest = Listening(version), Listening(version)
    each.reader.read(frames)
    latest.reader.read_latest(frames)
    return each, latest


@pytest.mark.parametrize("version", [*TEXT_VERSIONS, *PROTOBUF_VERSIONS])
@given(data=st.data())
def test_reading_only_the_newest_ends_with_the_same_values(version: int, data: Any) -> None:
    kind = TEXT_FRAMES if version in TEXT_VERSIONS else PROTOBUF_FRAMES
    pool = data.draw(st.lists(kind, min_size=1, max_size=6))
    frames = data.draw(st.lists(st.sampled_from(pool), max_size=40))
    each, latest = both_ways(version, frames)
    assert last_values(latest.recorder.heard) == last_values(each.recorder.heard)
    assert set(latest.failures) == set(each.failures)


PRICE = (1, 6, 7, 1, "262.41", 300, 1)


def test_of_one_read_only_the_newest_of_a_tick_is_decoded() -> None:
    bids = [text((1, 6, 7, 1, price, 300, 1)) for price in ("262.41", "262.42", "262.43")]
    _, latest = both_ways(200, bids)
    assert [call[1][2] for call in latest.recorder.heard if call[0] == "tickPrice"] == [262.43]


def test_no_tick_passes_another_kind_of_message() -> None:
    frames = [text(PRICE), text((58, 1, 7, 3)), text(PRICE)]
    _, latest = both_ways(200, frames)
    names = [name for name, _ in latest.recorder.heard]
    assert names == ["tickPrice", "tickSize", "marketDataType", "tickPrice", "tickSize"]


def test_a_size_beside_a_newer_price_stays_the_newer_one() -> None:
    frames = [text(PRICE), text((2, 6, 7, 0, 5)), text((1, 6, 7, 1, "262.42", 900, 1))]
    each, latest = both_ways(200, frames)
    sizes = [call for call in latest.recorder.heard if call[0] == "tickSize"]
    assert sizes[-1][1] == (7, 0, 900)
    assert last_values(latest.recorder.heard) == last_values(each.recorder.heard)


def test_a_trade_without_a_price_does_not_hide_the_one_before() -> None:
    trades = ["262.41;100;1775484000123;5;262.4;true", ";0;1775484000124;5;262.4;true"]
    _, latest = both_ways(200, [text((46, 6, 7, 48, value)) for value in trades])
    assert [call[1][2] for call in latest.recorder.heard] == trades


def test_what_was_read_before_a_broken_length_is_delivered() -> None:
    def frames() -> Iterator[bytes]:
        yield text(PRICE)
        raise LinkFailure("garbled", code="garbled")

    listening = Listening(200)
    with pytest.raises(LinkFailure):
        listening.reader.read_latest(frames())
    assert [name for name, _ in listening.recorder.heard] == ["tickPrice", "tickSize"]


@given(frame=ODD_TICKS.map(lambda tick: int(tick[0]).to_bytes(4, "big") + text(tick[1:])))
def test_text_behind_a_binary_id_is_left_to_ibapi(frame: bytes) -> None:
    listening = LISTENING[203]
    assert listening.directly(frame) == listening.by_ibapi(frame)


USUAL_TEXT = [
    (1, 6, 7, 1, "262.41", 300, 1),
    (2, 6, 7, 8, "123456"),
    (45, 6, 7, 49, "0.0"),
    (46, 6, 7, 48, "262.41;100;1775484000123;123456;262.4;true"),
    (21, 7, 13, 0, "0.25", "0.5", "-1", "0", "0.01", "0.2", "-0.1", "262.4"),
]


@pytest.mark.parametrize("fields", USUAL_TEXT)
def test_usual_text_ticks_do_not_need_ibapis_decoder(fields: tuple[object, ...]) -> None:
    frame, reader = text(fields), LISTENING[200].reader
    assert reader._direct[frame[:2]](frame)
    LISTENING[200]._told()


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (1, TickPrice(reqId=7, tickType=1, price=262.41, size="300", attrMask=0)),
        (2, TickSize(reqId=7, tickType=0, size="300")),
        (45, TickGeneric(reqId=7, tickType=49, value=0.0)),
        (46, TickString(reqId=7, tickType=45, value="1775484000")),
        (21, TickOptionComputation(reqId=7, tickType=13, tickAttrib=0, delta=0.5)),
    ],
)
def test_usual_protobuf_ticks_do_not_need_ibapis_decoder(number: int, message: Any) -> None:
    frame = (200 + number).to_bytes(4, "big") + message.SerializeToString()
    assert LISTENING[226].reader._direct[frame[:4]](frame)
    LISTENING[226]._told()


def test_who_wants_the_raw_messages_gets_them() -> None:
    class Curious(Recorder):
        def tickPriceProtoBuf(self, tickPriceProto: Any) -> None:  # noqa: N802, N803 - ibapi's
            self.heard.append(("raw", (tickPriceProto.price,)))

    curious = Curious()
    tick = TickPrice(reqId=7, tickType=37, price=1.5, size="0", attrMask=0)
    Reader(curious, 226, lambda *_: None).read([b"\0\0\0\xc9" + tick.SerializeToString()])
    assert [name for name, _ in curious.heard] == ["raw", "tickPrice"]


@pytest.mark.golden
@pytest.mark.skipif(GOLDEN is None, reason="recorded TWS frames are absent")
def test_recorded_frames_make_the_callbacks_of_ibapis_decoder() -> None:
    assert GOLDEN is not None
    rows = json.loads((GOLDEN / "ibkrgo_sv200_messages.json").read_text())["messages"]
    ticks = 0
    for row in (row for row in rows if row["server_version"] == 200):
        frame = text(row["fields"])
        ticks += str(row["fields"][0]) in {"1", "2", "21", "45", "46"}
        assert LISTENING[200].directly(frame) == LISTENING[200].by_ibapi(frame)
    assert ticks > 0

"""Ticks read directly and by ibapi's decoder: the same callbacks of the same bytes."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import example, given
from ibapi.protobuf.TickGeneric_pb2 import TickGeneric
from ibapi.protobuf.TickOptionComputation_pb2 import TickOptionComputation
from ibapi.protobuf.TickPrice_pb2 import TickPrice
from ibapi.protobuf.TickSize_pb2 import TickSize
from ibapi.protobuf.TickString_pb2 import TickString

from ibkr.client.reader import Reader
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

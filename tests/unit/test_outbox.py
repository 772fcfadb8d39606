"""A browser's outbox: snapshot first, nothing twice, and no queue for those who are behind."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from apps.lib.errors import NotFound, Unavailable
from ibportal.hub import Outbox, frames
from ibportal.hub.outbox import EVENTS_LIMIT
from ibportal.sockets import text_frame

TOPIC = "quotes:demo"


class Browser:
    """Reads only while `reading` is set; its snapshots count up from `seq`."""

    def __init__(self, *, pushes: bool = False) -> None:
        self.frames: list[dict[str, Any]] = []
        self.news = asyncio.Event()
        self.reading = asyncio.Event()
        self.reading.set()
        self.answering = asyncio.Event()
        self.answering.set()
        self.seq = 10
        self.trouble: Exception | None = None
        self.snapshots = 0
        self.outbox = Outbox(self._send, self._snapshot, self._push if pushes else None)

    async def _send(self, text: str) -> None:
        await self.reading.wait()
        self.frames.append(orjson.loads(text))
        self.news.set()

    def _push(self, frame: bytes) -> bool:
        if not self.reading.is_set():
            return False
        self.frames.append(orjson.loads(frame))
        return True

    async def _snapshot(self, topic: str) -> tuple[int, str]:
        self.snapshots += 1
        seq = self.seq
        await self.answering.wait()
        if self.trouble is not None:
            raise self.trouble
        return seq, frames.snapshot(topic, seq, {"n": seq})

    def event(self, seq: int, topic: str = TOPIC) -> None:
        self.outbox.offer(topic, seq, frames.event(topic, seq, {"n": seq}))

    def finished(self, seq: int) -> None:
        text = frames.event(TOPIC, seq, {"n": seq})
        self.outbox.offer(TOPIC, seq, text, text.encode())

    def told(self) -> list[tuple[str, int]]:
        return [(frame["type"], frame.get("seq", 0)) for frame in self.frames]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    made = Browser()
    task = asyncio.create_task(made.outbox.run())
    yield made
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def pushed() -> AsyncIterator[Browser]:
    """Keeps up, and has its first snapshot."""
    made = Browser(pushes=True)
    task = asyncio.create_task(made.outbox.run())
    made.outbox.add(TOPIC)
    made.outbox.want(TOPIC)
    await settle()
    yield made
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def settle() -> None:
    """Lets every task that can run do so."""
    for _ in range(100):
        await asyncio.sleep(0)


async def test_the_snapshot_comes_first_and_the_events_it_holds_are_dropped(
    browser: Browser,
) -> None:
    browser.outbox.add(TOPIC)
    browser.answering.clear()
    browser.outbox.want(TOPIC)
    await settle()
    for seq in (9, 10, 11, 12):
        browser.event(seq)
    browser.answering.set()
    await settle()

    assert browser.told() == [("snapshot", 10), ("event", 11), ("event", 12)]


async def test_events_of_topics_that_are_not_followed_go_nowhere(browser: Browser) -> None:
    browser.event(1)
    browser.outbox.want(TOPIC)
    await settle()

    assert browser.told() == []


async def test_no_event_goes_ahead_of_the_first_snapshot(browser: Browser) -> None:
    browser.outbox.add(TOPIC)
    browser.event(11)
    await settle()

    assert browser.told() == []


async def test_a_repeated_event_is_sent_once(browser: Browser) -> None:
    browser.outbox.add(TOPIC)
    browser.outbox.want(TOPIC)
    await settle()
    browser.event(11)
    browser.event(11)
    await settle()

    assert browser.told() == [("snapshot", 10), ("event", 11)]


async def test_a_browser_that_does_not_read_gets_one_snapshot_instead_of_a_queue(
    browser: Browser,
) -> None:
    browser.outbox.add(TOPIC)
    browser.outbox.want(TOPIC)
    await settle()
    browser.reading.clear()
    for seq in range(11, 5000):
        browser.event(seq)
        if seq % 100 == 0:
            await settle()
    browser.seq = 4999
    browser.reading.set()
    await settle()
    browser.event(5000)
    await settle()

    assert browser.told()[-2:] == [("snapshot", 4999), ("event", 5000)]
    assert len(browser.frames) <= EVENTS_LIMIT + 3


async def test_a_browser_that_keeps_up_gets_a_finished_event_at_once(pushed: Browser) -> None:
    pushed.finished(11)
    pushed.finished(11)

    assert pushed.told() == [("snapshot", 10), ("event", 11)]
    assert not pushed.outbox.missed(TOPIC, 11)


async def test_a_finished_event_waits_behind_whatever_waits(pushed: Browser) -> None:
    pushed.event(11)
    pushed.finished(12)
    assert pushed.told() == [("snapshot", 10)]
    await settle()
    pushed.reading.clear()
    pushed.finished(13)
    await settle()
    pushed.reading.set()
    pushed.finished(14)
    await settle()
    pushed.finished(15)

    events = [("event", seq) for seq in range(11, 16)]
    assert pushed.told() == [("snapshot", 10), *events]


async def test_no_finished_event_goes_ahead_of_a_snapshot(pushed: Browser) -> None:
    pushed.seq = 20
    pushed.outbox.want(TOPIC)
    pushed.finished(15)
    await settle()
    pushed.finished(20)
    await settle()
    pushed.finished(21)

    assert pushed.told() == [("snapshot", 10), ("snapshot", 20), ("event", 21)]


async def test_nothing_is_pushed_before_the_task_runs() -> None:
    browser = Browser(pushes=True)
    browser.outbox.add(TOPIC)
    browser.outbox.note(frames.beat(datetime.now(UTC)))
    browser.finished(11)

    assert browser.told() == []


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536, 200_000])
def test_a_finished_frame_is_what_a_websocket_client_reads(size: int) -> None:
    client = ClientProtocol(parse_uri("ws://127.0.0.1/"), state=State.OPEN, max_size=None)
    client.receive_data(text_frame(b"x" * size) + text_frame("é".encode()))

    first, second = (event for event in client.events_received() if isinstance(event, Frame))
    assert (first.opcode, first.fin, len(first.data)) == (Opcode.TEXT, True, size)
    assert bytes(second.data).decode() == "é"


async def test_a_loss_is_noticed_only_when_the_event_is_really_missing(browser: Browser) -> None:
    browser.outbox.add(TOPIC)
    browser.outbox.want(TOPIC)
    assert not browser.outbox.missed(TOPIC, 99), "a snapshot is on its way"
    await settle()
    assert not browser.outbox.missed(TOPIC, 10)
    assert browser.outbox.missed(TOPIC, 11)
    browser.reading.clear()
    browser.event(11)
    browser.event(12)
    await settle()
    assert not browser.outbox.missed(TOPIC, 12), "it waits for the browser"


async def test_numbers_that_begin_anew_are_accepted_with_the_snapshot(browser: Browser) -> None:
    browser.outbox.add(TOPIC)
    browser.outbox.want(TOPIC)
    await settle()
    browser.seq = 2
    browser.outbox.want(TOPIC)
    await settle()
    browser.event(3)
    await settle()

    assert browser.told() == [("snapshot", 10), ("snapshot", 2), ("event", 3)]


async def test_an_outage_is_told_and_tried_again(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ibportal.hub.outbox.RETRY", 0.01)
    browser.trouble = Unavailable("Redis does not answer.")
    browser.outbox.add(TOPIC)
    browser.outbox.want(TOPIC)
    await settle()
    assert browser.frames[0]["code"] == "unavailable"
    assert not browser.outbox.missed(TOPIC, 99)
    browser.trouble = None
    browser.frames.clear()
    browser.news.clear()

    await asyncio.wait_for(browser.news.wait(), 5)
    assert browser.told() == [("snapshot", 10)]


async def test_a_topic_that_has_gone_is_told_and_left(browser: Browser) -> None:
    browser.trouble = NotFound("There is no such account.")
    browser.outbox.add(TOPIC)
    browser.outbox.want(TOPIC)
    await settle()
    browser.event(11)
    await settle()

    assert [frame["type"] for frame in browser.frames] == ["error"]
    assert browser.outbox.topics == ()


async def test_closing_sends_the_notes_first_and_nothing_after() -> None:
    browser = Browser()
    browser.outbox.add(TOPIC)
    browser.outbox.want(TOPIC)
    browser.outbox.note(frames.error("", NotFound("why")))
    browser.outbox.close(4401)

    assert await browser.outbox.run() == 4401
    assert [frame["type"] for frame in browser.frames] == ["error"]


def test_a_finished_frame_gives_its_number_without_being_decoded() -> None:
    frame = frames.event(TOPIC, 1767625200001, {"1": {"seq": 5}}).encode()

    assert frames.seq_of(frame) == 1767625200001
    with pytest.raises(ValueError, match="without a sequence number"):
        frames.seq_of(b'{"type":"beat"}')

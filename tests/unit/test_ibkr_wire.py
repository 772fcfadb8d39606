"""Frames of any cut, the heartbeat, the identity of a login, the backoff, and what a link needs."""

import contextlib
import select
import socket
import threading
import time
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibkr.errors import LinkFailure, NotConnected, WrongAccount
from ibkr.pacing import Priority
from ibkr.session import backoff, identity
from ibkr.session.needs import Need, Needs
from ibkr.wire import FrameBuffer, Greeting, Heartbeat, Pump, Sender, pack

PAYLOADS = st.lists(st.binary(max_size=300), max_size=30)


@given(payloads=PAYLOADS, cuts=st.lists(st.integers(1, 500), min_size=1, max_size=20))
def test_frames_survive_any_cut(payloads: list[bytes], cuts: list[int]) -> None:
    stream, buffer, found, turn = b"".join(map(pack, payloads)), FrameBuffer(), [], 0
    while stream:
        size = cuts[turn % len(cuts)]
        found += list(buffer.feed(stream[:size]))
        stream, turn = stream[size:], turn + 1
    assert found == payloads
    assert buffer.pending == 0


def test_a_frame_of_exactly_one_receive_is_not_lost() -> None:
    payload = b"x" * 4092
    assert list(FrameBuffer().feed(pack(payload))) == [payload]


def test_a_backlog_is_cut_without_copying_what_remains() -> None:
    payload = b"y" * 60
    buffer = FrameBuffer()
    count = sum(1 for _ in buffer.feed(pack(payload) * 100_000))
    assert count == 100_000
    assert buffer.pending == 0


class Clumsy:
    """A handler that takes one frame and then makes a mistake."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.lost: list[str] = []
        self.ended = threading.Event()

    def on_frames(self, frames: Iterable[bytes], *, behind: bool) -> None:
        del behind
        for frame in frames:
            self.heard.append(frame)
            raise RuntimeError("a mistake between two frames")

    def on_lost(self, code: str, _sentence: str) -> None:
        self.lost.append(code)
        self.ended.set()

    def on_beat(self) -> None:
        raise AssertionError("nobody has been silent")


def test_a_mistake_that_leaves_frames_unread_ends_the_link(
    caplog: pytest.LogCaptureFixture,
) -> None:
    handler = Clumsy()
    pump = Pump(handler, every=60, limit=60)
    pump.start()
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(pack(b"one") + pack(b"two"))
        pump.attach(Greeting(ours, 200, "", FrameBuffer(), ()))
        assert handler.ended.wait(5)
    pump.end()
    assert pump.join(5)
    assert (handler.heard, handler.lost) == ([b"one"], ["internal"])
    assert "a mistake between two frames" in caplog.text


def test_an_impossible_length_is_refused() -> None:
    with pytest.raises(LinkFailure) as caught:
        list(FrameBuffer().feed(b"HTTP/1.1 400 Bad Request"))
    assert caught.value.code == "garbled"


def test_an_incomplete_frame_stays_pending() -> None:
    buffer = FrameBuffer()
    assert list(buffer.feed(pack(b"whole") + b"\0\0\0\x09half")) == [b"whole"]
    assert buffer.pending == 8


def test_the_heartbeat_asks_every_interval_and_gives_up_after_the_limit() -> None:
    heartbeat = Heartbeat(every=5, limit=10, now=0)
    assert not heartbeat.due(4.9)
    assert heartbeat.due(5)
    assert not heartbeat.due(5.1)
    heartbeat.heard(6)
    assert not heartbeat.dead(15.9)
    assert heartbeat.dead(16)


@given(st.lists(st.floats(0.1, 9.9), max_size=50))
def test_a_link_that_is_heard_in_time_is_never_dead(gaps: list[float]) -> None:
    heartbeat, now = Heartbeat(every=5, limit=10, now=0), 0.0
    for gap in gaps:
        now += gap
        assert not heartbeat.dead(now)
        heartbeat.heard(now)
        assert 0 <= heartbeat.wait(now) <= 10


@pytest.mark.parametrize(
    ("mode", "accounts", "pinned"),
    [
        ("paper", ["DU1234567"], []),
        ("paper", ["DU1234567", "DU7654321"], ["DU7654321"]),
        ("live", ["U1234567"], ["U1234567"]),
        ("live", ["F1234567", "U1234567"], []),
    ],
)
def test_the_right_login_is_accepted(mode: str, accounts: list[str], pinned: list[str]) -> None:
    identity.check(accounts, pinned=pinned, mode=mode)


@pytest.mark.parametrize(
    ("mode", "accounts", "pinned"),
    [
        ("paper", ["U1234567"], []),
        ("paper", ["DU1234567", "U1234567"], ["DU1234567"]),
        ("live", ["DU1234567"], []),
        ("live", ["U1234567", "DU1234567"], ["U1234567"]),
        ("paper", ["DU1234567"], ["DU7654321"]),
        ("live", ["U1234567"], ["U7654321"]),
    ],
)
def test_the_wrong_login_is_refused_with_a_masked_sentence(
    mode: str, accounts: list[str], pinned: list[str]
) -> None:
    with pytest.raises(WrongAccount) as caught:
        identity.check(accounts, pinned=pinned, mode=mode)
    assert caught.value.code == "identity"
    assert not any(account in caught.value.sentence for account in (*accounts, *pinned))


@given(st.integers(0, 10_000))
def test_the_backoff_grows_to_its_limit_and_stays_there(attempt: int) -> None:
    full = min(60.0, 2.0 ** min(attempt, 30))
    assert 0.75 * full <= backoff.delay(attempt, first=1, last=60) <= full


def _after(*codes: int) -> Needs:
    needs = Needs()
    needs.meet()
    for code in codes:
        needs.hear(code)
    return needs


def test_a_broken_link_waits_for_repair_and_then_reconciles() -> None:
    assert _after(1100).now is Need.REPAIR
    assert _after(1100, 2104).now is Need.REPAIR
    assert _after(1100, 1102).now is Need.RECONCILE
    assert _after(2110, 2104).now is Need.RECONCILE
    assert _after(2103, 2104).now is Need.NOTHING


@given(st.lists(st.sampled_from([1100, 1101, 1102, 2104, 2110]), max_size=12))
def test_lost_data_is_remembered_until_everything_was_asked_for_anew(codes: list[int]) -> None:
    needs = _after(*codes)
    assert needs.meet() is (1101 in codes)
    assert needs.meet() is False
    assert needs.now is Need.NOTHING


def test_orders_and_cancels_are_on_the_wire_when_the_call_returns_and_none_twice() -> None:
    ours, theirs = socket.socketpair()
    failures: list[str] = []
    with ours, theirs:
        theirs.settimeout(5)
        sender = Sender(ours, per_second=1000, on_failure=failures.append)
        sender.put(Priority.CANCEL, b"cancel;", key=1)
        assert theirs.recv(100, socket.MSG_DONTWAIT) == b"cancel;"  # before the thread even runs
        sender.put(Priority.ORDER, b"first;", key=7)
        assert theirs.recv(100, socket.MSG_DONTWAIT) == b"first;"
        sender.put(Priority.CONTROL, b"later;")
        assert not select.select([theirs], [], [], 0)[0]  # what is not urgent is the thread's

        sender.start()
        sender.put(Priority.ORDER, b"order;", key=2)
        sender.put(Priority.CANCEL, b"end;", key=2)
        got = b""
        while len(got) < len(b"later;order;end;"):
            got += theirs.recv(100)
        order, end = got.index(b"order;"), got.index(b"end;")
        assert order < end  # a cancel never overtakes its own order
        sender.close()
        sender.join(5)
    assert failures == []


def test_a_cancel_does_not_wait_for_a_peer_that_does_not_read() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        sender = Sender(ours, per_second=1000, on_failure=lambda _: None)
        ours.settimeout(0)
        with contextlib.suppress(BlockingIOError):
            while True:
                ours.send(b"x" * 1024)
        began = time.monotonic()
        sender.put(Priority.CANCEL, b"cancel", key=1)
        assert time.monotonic() - began < 5
        assert sender.close() == 1  # it still waits to be sent


def test_a_frame_that_did_not_fit_is_finished_before_anything_else_goes() -> None:
    ours, theirs = socket.socketpair()
    long = b"c" * 4_000_000
    with ours, theirs:
        theirs.settimeout(5)
        sender = Sender(ours, per_second=1000, on_failure=lambda _: None)
        sender.put(Priority.CANCEL, long, key=1)  # returns although nobody has read yet
        sender.start()
        sender.put(Priority.CANCEL, b"next;", key=2)
        sender.put(Priority.ORDER, b"order;", key=3)
        wanted = long + b"next;order;"
        got = b""
        while len(got) < len(wanted):
            got += theirs.recv(1 << 20)
        assert got == wanted
        sender.close()
        sender.join(5)


def test_a_peer_that_never_reads_ends_the_link_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ibkr.wire.sender.SEND_TIMEOUT", 0.2)
    ours, theirs = socket.socketpair()
    failures: list[str] = []
    with ours, theirs:
        sender = Sender(ours, per_second=1000, on_failure=failures.append)
        sender.start()
        sender.put(Priority.CANCEL, b"c" * 4_000_000, key=1)
        sender.put(Priority.ORDER, b"order;", key=2)
        sender.join(5)
        assert failures == ["timed out"]
        with pytest.raises(NotConnected):
            sender.put(Priority.ORDER, b"order;", key=3)
        assert sender.close() == 2


def test_a_cancel_on_a_broken_socket_ends_the_link_once() -> None:
    ours, theirs = socket.socketpair()
    failures: list[str] = []
    with ours:
        sender = Sender(ours, per_second=1000, on_failure=failures.append)
        theirs.close()
        sender.put(Priority.CANCEL, b"cancel", key=1)
        assert len(failures) == 1
        with pytest.raises(NotConnected):
            sender.put(Priority.CANCEL, b"cancel", key=1)


def test_cancels_and_orders_of_many_threads_reach_the_wire_whole() -> None:
    ours, theirs = socket.socketpair()
    count = 200
    with ours, theirs:
        theirs.settimeout(10)
        sender = Sender(ours, per_second=100_000, on_failure=lambda _: None)
        sender.start()

        def talk(letter: bytes, priority: Priority) -> None:
            for number in range(count):
                sender.put(priority, letter * 40, key=(letter, number))

        threads = [
            threading.Thread(target=talk, args=(letter, priority))
            for letter, priority in ((b"c", Priority.CANCEL), (b"o", Priority.ORDER)) * 2
        ]
        for thread in threads:
            thread.start()
        got = b""
        while len(got) < 4 * count * 40:
            got += theirs.recv(65536)
        for thread in threads:
            thread.join(10)
        sender.close()
        sender.join(5)
    frames = [got[at : at + 40] for at in range(0, len(got), 40)]
    assert set(frames) <= {b"c" * 40, b"o" * 40}
    assert frames.count(b"o" * 40) == frames.count(b"c" * 40) == 2 * count

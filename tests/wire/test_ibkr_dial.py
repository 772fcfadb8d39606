"""Connecting to what is no TWS, or a broken one: bounded in time, and said in a sentence."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from ibkr.errors import NotConnected
from ibkr.types import LinkState
from ibkr.wire.pump import RECEIVE
from tests.wire.live_session import FAST, Live, running

Talk = Callable[[socket.socket], None]


def frame(*fields: object) -> bytes:
    body = b"".join(str(field).encode() + b"\0" for field in fields)
    return struct.pack("!I", len(body)) + body


GREETING = frame(200, "20260405 23:49:26 UTC")
LOGIN = frame(15, 1, "DU1234567") + frame(9, 1, 7)


@contextmanager
def server(talk: Talk) -> Iterator[int]:
    """Plays `talk` to every client until the test ends; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    opened: list[socket.socket] = []

    def play(client: socket.socket) -> None:
        try:
            talk(client)
        except OSError:
            return

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            opened.append(client)
            threading.Thread(target=play, args=(client,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
        for client in opened:
            client.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _silence(client: socket.socket) -> None:
    client.recv(1)
    threading.Event().wait(60)


def _hang_up(client: socket.socket) -> None:
    client.recv(100)
    client.close()


def _http(client: socket.socket) -> None:
    client.recv(100)
    client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    client.recv(100)


def _chatter(client: socket.socket) -> None:
    client.recv(100)
    client.sendall(frame("hello", "there", "you"))
    threading.Event().wait(60)


def _old(client: socket.socket) -> None:
    client.recv(100)
    client.sendall(frame(150, "20200405 23:49:26 UTC"))
    client.recv(100)


def _no_accounts(client: socket.socket) -> None:
    client.recv(100)
    client.sendall(GREETING)
    while client.recv(100):
        pass


@pytest.mark.parametrize(
    ("talk", "code", "words"),
    [
        (_silence, "silent", "stays silent"),
        (_hang_up, "wrong_port", "closed the connection"),
        (_http, "wrong_port", "another protocol"),
        (_chatter, "wrong_port", "no TWS greeting"),
        (_old, "503", "Update TWS"),
        (_no_accounts, "no_login", "did not name its accounts"),
    ],
)
def test_what_is_no_working_tws_is_said_in_time(talk: Talk, code: str, words: str) -> None:
    with server(talk) as port, running(port, connect_timeout=0.5) as live:
        started = time.monotonic()
        link = live.down(code, seconds=30)
        assert link.state is LinkState.DISCONNECTED
        assert words in link.sentence
        assert time.monotonic() - started < 15


def test_a_closed_port_is_said_with_host_and_port() -> None:
    port = _free_port()
    with running(port) as live:
        assert f"Nothing listens on 127.0.0.1:{port}" in live.down("502").sentence
        with pytest.raises(NotConnected):
            live.port.current_time()
        assert live.port.accounts == ()


def test_an_unknown_host_is_said() -> None:
    with running(4002, host="no-such-host.invalid") as live:
        assert "no-such-host.invalid" in live.down("host").sentence


def _byte_by_byte(client: socket.socket) -> None:
    client.recv(100)
    for byte in GREETING + LOGIN:
        client.sendall(bytes([byte]))
    while client.recv(100):
        client.sendall(frame(49, 1, 1781163646))


def test_a_greeting_in_single_bytes_is_understood() -> None:
    with server(_byte_by_byte) as port, running(port) as live:
        live.ready()
        assert live.port.accounts == ("DU1234567",)
        assert live.port.current_time().year == 2026


def test_everything_in_one_segment_is_understood() -> None:
    def talk(client: socket.socket) -> None:
        client.recv(100)
        client.sendall(GREETING + LOGIN)
        while client.recv(100):
            client.sendall(frame(49, 1, 1781163646))

    with server(talk) as port, running(port) as live:
        live.ready()
        assert live.port.next_order_id() == 7


@pytest.mark.parametrize("full", [4096, RECEIVE])
def test_a_receive_that_fills_its_buffer_before_a_pause_loses_nothing(full: int) -> None:
    """ibapi's own reader throws such a segment of 4096 bytes away; ours asks for more at once."""
    row = frame(63, 1, 5, "DU1234567", "Cushion", "0.8", "")
    empty = frame(63, 1, 5, "DU1234567", "Leverage", "", "")
    filling = "1" * (full - len(LOGIN) - len(row) - len(empty))
    block = LOGIN + frame(63, 1, 5, "DU1234567", "Leverage", filling, "") + row
    assert len(block) == full

    def talk(client: socket.socket) -> None:
        client.recv(100)
        client.sendall(GREETING)
        client.recv(100)
        client.sendall(block)
        while client.recv(100):
            client.sendall(frame(49, 1, 1781163646))

    with server(talk) as port, running(port) as live:
        live.ready()
        live.until(lambda: any(getattr(e, "tag", "") == "Cushion" for e in live.events))


def test_garbage_later_on_drops_the_link_and_says_so() -> None:
    def talk(client: socket.socket) -> None:
        client.recv(100)
        client.sendall(GREETING + LOGIN)
        client.recv(100)
        client.sendall(b"\xff" * 64)
        client.recv(100)

    with server(talk) as port, running(port) as live:
        assert live.down("garbled").state is LinkState.DISCONNECTED


def test_stopping_while_connecting_takes_no_time() -> None:
    with server(_silence) as port, running(port, connect_timeout=60) as live:
        live.until(lambda: live.session.link.state is LinkState.CONNECTING)
        started = time.monotonic()
        live.session.stop()
        assert time.monotonic() - started < 15
    assert live.session.link.code == "stopped"


def test_stopping_while_resting_and_stopping_twice_are_harmless() -> None:
    with running(_free_port(), backoff_first=60, backoff_last=60) as live:
        live.down("502")
        started = time.monotonic()
        live.session.stop()
        live.session.stop()
        assert time.monotonic() - started < 15


def test_a_session_that_was_never_started_can_be_stopped() -> None:
    live = Live(replace(FAST, port=_free_port()), lambda _port: None)
    live.session.stop()
    assert live.session.link.state is LinkState.DISCONNECTED
    with pytest.raises(NotConnected):
        live.port.open_orders()

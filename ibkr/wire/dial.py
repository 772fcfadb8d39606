"""Opens a connection to TWS and agrees on a version, bounded in time and tolerant of split bytes.

ibapi's own connect() waits for ever on a silent server and loses a reply that arrives in two
segments; so this library makes the handshake itself.
"""

import errno
import os
import selectors
import socket
import time
from dataclasses import dataclass
from typing import Any

from ibapi.server_versions import MAX_CLIENT_VER, MIN_CLIENT_VER

from ibkr.errors import LinkFailure, NotConnected
from ibkr.wire.frames import FrameBuffer, pack
from ibkr.wire.wakeup import Wakeup

HELLO = b"API\0" + pack(f"v{MIN_CLIENT_VER}..{MAX_CLIENT_VER}".encode())
OLDEST = 176
"""The oldest server version that the library speaks and is tested against."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """A connected socket, the version agreed on, and what already came behind the greeting."""

    connection: socket.socket
    version: int
    connected_at: str
    """The server's own clock as text, `20260405 23:49:26 Central European Standard Time`."""
    buffer: FrameBuffer
    frames: tuple[bytes, ...]


def dial(host: str, port: int, *, timeout: float, cancel: Wakeup) -> Greeting:
    """Connects and greets within `timeout` seconds; LinkFailure says what went wrong.

    Setting `cancel` from another thread ends the attempt at once with NotConnected.
    """
    deadline = time.monotonic() + timeout
    connection = _connect(host, port, deadline, cancel)
    try:
        connection.sendall(HELLO)
        return _greet(connection, f"{host}:{port}", deadline, cancel)
    except OSError as error:
        connection.close()
        raise _not_tws(f"{host}:{port}", f"closed the connection ({error})") from error
    except BaseException:
        connection.close()
        raise


def _connect(host: str, port: int, deadline: float, cancel: Wakeup) -> socket.socket:
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise LinkFailure(f"The host name {host} is not known: {error}.", code="host") from error
    failure = LinkFailure(f"The host name {host} has no address.", code="host")
    for family, kind, protocol, _, address in addresses:
        connection = socket.socket(family, kind, protocol)
        try:
            _reach(connection, address, deadline, cancel, f"{host}:{port}")
        except LinkFailure as error:
            connection.close()
            failure = error
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise failure


def _reach(
    connection: socket.socket, address: Any, deadline: float, cancel: Wakeup, name: str
) -> None:
    connection.settimeout(0)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    number = connection.connect_ex(address)
    if number in (errno.EINPROGRESS, errno.EWOULDBLOCK):
        _wait(connection, selectors.EVENT_WRITE, deadline, cancel, name)
        number = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if number == errno.ECONNREFUSED:
        raise LinkFailure(
            f"Nothing listens on {name}. Is TWS or IB Gateway running, with the API socket"
            " enabled on that port?",
            code="502",
        )
    if number:
        raise LinkFailure(f"{name} cannot be reached: {os.strerror(number)}.", code="unreachable")


def _greet(connection: socket.socket, name: str, deadline: float, cancel: Wakeup) -> Greeting:
    buffer = FrameBuffer()
    heard = False
    while True:
        _wait(connection, selectors.EVENT_READ, deadline, cancel, name, heard=heard)
        data = connection.recv(65536)
        if not data:
            raise _not_tws(name, "closed the connection during the greeting")
        heard = True
        try:
            frames = tuple(buffer.feed(data))
        except LinkFailure as error:
            raise _not_tws(name, "answered in another protocol") from error
        for number, frame in enumerate(frames):
            version, connected_at = _parse(frame)
            if version:
                _check(version, name)
                rest = frames[number + 1 :]
                return Greeting(connection, version, connected_at, buffer, rest)


def _parse(frame: bytes) -> tuple[int, str]:
    """Version 0 for a frame that is no greeting: TWS may send news before it."""
    fields = frame.split(b"\0")[:-1]
    if len(fields) != 2 or not fields[0].isdigit():
        return 0, ""
    return int(fields[0]), fields[1].decode("utf-8", "replace")


def _check(version: int, name: str) -> None:
    if version < OLDEST:
        raise LinkFailure(
            f"The program on {name} speaks API version {version}; at least {OLDEST} is needed."
            " Update TWS or IB Gateway.",
            code="503",
        )


def _wait(
    connection: socket.socket,
    events: int,
    deadline: float,
    cancel: Wakeup,
    name: str,
    *,
    heard: bool = False,
) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(connection, events)
        selector.register(cancel, selectors.EVENT_READ)
        ready = selector.select(max(0.0, deadline - time.monotonic()))
    if any(key.fileobj is cancel for key, _ in ready):
        raise NotConnected("The attempt to connect was given up.")
    if not ready:
        raise _too_slow(name, events, heard=heard)


def _too_slow(name: str, events: int, *, heard: bool) -> LinkFailure:
    if events == selectors.EVENT_WRITE:
        return LinkFailure(
            f"{name} does not answer. Is the host right, and does a firewall block the port?",
            code="unreachable",
        )
    if heard:
        return _not_tws(name, "sent something, but no TWS greeting")
    return LinkFailure(
        f"{name} accepts connections but stays silent. TWS may be waiting on a dialog, or the"
        " port belongs to another program.",
        code="silent",
    )


def _not_tws(name: str, what: str) -> LinkFailure:
    return LinkFailure(
        f"The program on {name} {what}. Is that the API port of TWS or IB Gateway, is the API"
        " enabled, and is this host among the trusted addresses?",
        code="wrong_port",
    )

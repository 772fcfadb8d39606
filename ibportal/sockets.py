"""uvicorn's WebSocket protocol with a short send queue: what a slow browser gets is not old.

A frame for everybody is made once and pushed to each socket that keeps up, without a task to wake.

Run as `uvicorn --ws ibportal.sockets:ShortQueue`. The kernel would otherwise keep megabytes for a
browser that does not read, long before the stream notices that it is behind.
"""

import socket
from asyncio import Transport
from asyncio.transports import BaseTransport
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

UNSENT_LIMIT = 16_384
"""Bytes the kernel takes over and has not sent yet."""
UNTAKEN_LIMIT = 32_768
"""Bytes the kernel did not take over, above which the stream waits."""
PUSH = "ibportal.push"
"""The extension of the ASGI scope that holds `push`."""


def text_frame(data: bytes) -> bytes:
    """A finished WebSocket text frame of a server (RFC 6455, 5.2), not compressed."""
    size = len(data)
    if size < 126:
        return b"\x81%c%b" % (size, data)
    if size < 65_536:
        return b"\x81\x7e%b%b" % (size.to_bytes(2, "big"), data)
    return b"\x81\x7f%b%b" % (size.to_bytes(8, "big"), data)


class ShortQueue(WebSocketsSansIOProtocol):
    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        if isinstance(transport, Transport):
            transport.set_write_buffer_limits(high=UNTAKEN_LIMIT)
        # uvloop's socket object cannot set options; a duplicate of the descriptor can.
        given = transport.get_extra_info("socket")
        option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
        if option is None or given.family not in (socket.AF_INET, socket.AF_INET6):
            return
        with socket.fromfd(given.fileno(), given.family, given.type) as same:
            same.setsockopt(socket.IPPROTO_TCP, option, UNSENT_LIMIT)

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if not self.close_sent:
            self.scope["extensions"][PUSH] = {"push": self.push}

    def push(self, frame: bytes) -> bool:
        """Sends a finished frame at once; False, with nothing sent, where that has to wait."""
        if not self.writable.is_set() or not self.handshake_complete:
            return False
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return False
        self.transport.write(frame)
        return True

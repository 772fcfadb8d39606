"""One client's socket: greeting, version, START_API, then frames to and from its conversation."""

import asyncio
import logging
import socket
from typing import TYPE_CHECKING, cast

from twsim import versions
from twsim.codec_proto import ProtoCodec
from twsim.codec_text import TextCodec
from twsim.conversation import Conversation
from twsim.conversation.pacing import MessageRate
from twsim.framing import Greeting, Incoming, Unreadable, frame
from twsim.messages import Codec, Malformed, Reply, Request
from twsim.messages import replies as say
from twsim.messages import requests as ask
from twsim.outbox import Outbox

if TYPE_CHECKING:
    from twsim.server import Server

log = logging.getLogger("twsim.connection")
IN_USE = "Unable to connect as the client id is already in use. Retry with a unique client id."
RATE = "Max rate of messages per second has been exceeded:max={} rec={} (1)"


class Connection(asyncio.Protocol):
    """Reads pieces of any size; every error ends at most this connection."""

    outbox: Outbox
    conversation: Conversation | None = None

    def __init__(self, server: "Server") -> None:
        self._server = server
        self._incoming = Incoming()
        self._codec: Codec | None = None
        self._rate = MessageRate(server.settings.messages_per_second)
        self._transport: asyncio.Transport | None = None
        self._resume: asyncio.TimerHandle | None = None

    # from the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        plain = transport.get_extra_info("socket")
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server = self._server
        self.outbox = Outbox(
            self._transport, limit=server.settings.unread_bytes, rng=server.desk.rng
        )
        server.connections.add(self)
        if len(server.connections) > server.settings.clients:
            log.warning("a client more than the %d allowed", server.settings.clients)
            self.abort()

    def data_received(self, data: bytes) -> None:
        self._incoming.feed(data)
        try:
            codec = self._codec = self._codec or self._greet()
            if codec is None:
                return
            for payload in self._incoming.frames():
                if self._transport is None or self._transport.is_closing():
                    return
                self._receive(codec, payload)
        except Unreadable as error:
            log.warning("closing a client whose stream cannot be read: %s", error)
            self.abort()
            return
        self._server.flush()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._transport = None
        if self._resume is not None:
            self._resume.cancel()
        self._server.connections.discard(self)
        if self.conversation is not None:
            self.conversation.close()
            self._server.clients.pop(self.conversation.client_id, None)
            self.conversation = None

    # for the server

    def send(self, reply: Reply) -> None:
        if self._codec is not None:
            for payload in self._codec.encode(reply):
                self.outbox.put(payload)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def silence(self, seconds: float) -> None:
        """Neither reads nor writes for so long, with the socket open."""
        loop = asyncio.get_running_loop()
        self.outbox.silent_until = loop.time() + seconds
        if self._transport is not None:
            self._transport.pause_reading()
            self._resume = loop.call_later(seconds, self._listen_again)

    def _listen_again(self) -> None:
        self._resume = None
        if self._transport is not None:
            self._transport.resume_reading()
            self.outbox.flush()

    # steps of a connection

    def _greet(self) -> Codec | None:
        """Answers the greeting once it is whole; a client from before our layouts is refused."""
        greeting = self._incoming.greeting()
        if greeting is None:
            return None
        version = min(greeting.highest, self._server.settings.server_version)
        refused = _refusal(greeting, version)
        shown = versions.LOWEST if refused else version
        text = f"{shown}\0{self._server.connection_time()}\0"
        self.outbox.raw(frame(text.encode()))
        if refused:
            log.warning("refused a client: %s", refused)
            self.outbox.close_soon()
            return None
        return ProtoCodec(version) if version >= versions.PROTOBUF else TextCodec(version)

    def _receive(self, codec: Codec, payload: bytes) -> None:
        if not self._rate.allows(asyncio.get_running_loop().time()):
            limit = self._server.settings.messages_per_second
            self._error(-1, 100, RATE.format(limit, limit + 1))
            if self._rate.exhausted:
                self.outbox.close_soon()
            return
        try:
            request = codec.decode(payload)
        except Malformed as error:
            text = f"Server error when reading an API client request. {error.sentence}"
            self._error(error.req_id, 320, text)
            return
        self._handle(request)

    def _handle(self, request: Request) -> None:
        if self.conversation is not None:
            self.conversation.handle(request)
        elif isinstance(request, ask.StartApi):
            self._start(request.client_id)
        else:
            log.warning("a %s before START_API is not answered", type(request).__name__)

    def _start(self, client_id: int) -> None:
        if client_id in self._server.clients:
            self._error(-1, 326, IN_USE)
            self.outbox.close_soon()
            return
        self.conversation = self._server.open(client_id, self)
        self.conversation.start()

    def _error(self, req_id: int, code: int, text: str) -> None:
        self.send(say.Error(req_id, code, text, int(self._server.broker.now() * 1000)))


def _refusal(greeting: Greeting, version: int) -> str:
    if version < versions.LOWEST_SERVED:
        return f"it understands server versions up to {greeting.highest} only"
    if greeting.lowest > version:
        return f"it needs server version {greeting.lowest} or newer"
    return ""

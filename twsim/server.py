"""The listening TWS: accepts clients on loopback, beats the market, passes events to clients."""

import asyncio
import logging
import random

from twsim.broker import Broker
from twsim.connection import Connection
from twsim.conversation import Beat, Context, Conversation, Desk
from twsim.conversation.pacing import HistoryPacing
from twsim.domain.events import SimEvent
from twsim.settings import Settings

LOOPBACK = "127.0.0.1"
log = logging.getLogger("twsim.server")


class Server:
    """One broker, any number of clients, one thread."""

    def __init__(self, broker: Broker, settings: Settings, *, seed: int) -> None:
        self.broker = broker
        self.settings = settings
        self.desk = Desk(HistoryPacing(settings.history_requests), random.Random(seed))
        self.connections: set[Connection] = set()
        self.clients: dict[int, Conversation] = {}
        self.port = 0
        self._listener: asyncio.Server | None = None
        self._reopen: asyncio.Task[None] | None = None
        self._beats: asyncio.Task[None] | None = None
        broker.listen(self._on_event)

    # life

    async def start(self, port: int) -> None:
        """OSError when the port is taken; port 0 picks a free one."""
        await self._listen(port)
        self._beats = asyncio.create_task(self._beat())

    async def stop(self) -> None:
        for task in (self._beats, self._reopen):
            if task is not None:
                task.cancel()
        await self._deafen()
        for connection in list(self.connections):
            connection.abort()

    async def wait(self) -> None:
        """Until stopped; raises what broke the beat."""
        if self._beats is not None:
            await self._beats

    async def _listen(self, port: int) -> None:
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(lambda: Connection(self), LOOPBACK, port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def _deafen(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self.settings.step)
            changed = self.broker.step()
            beat = Beat(changed, self.broker.now())
            for conversation in list(self.clients.values()):
                conversation.on_step(beat)
            self.flush()

    # clients

    def open(self, client_id: int, connection: Connection) -> Conversation:
        context = Context(self.broker, self.settings, self.desk, client_id, connection.send)
        conversation = Conversation(context)
        self.clients[client_id] = conversation
        return conversation

    def connection_time(self) -> str:
        context = Context(self.broker, self.settings, self.desk, -1, lambda _: None)
        return context.moment(self.broker.now())

    def flush(self) -> None:
        for connection in list(self.connections):
            connection.outbox.flush()

    def tell(self, code: int, text: str) -> None:
        """An error with id -1 to everyone who has started the API."""
        for connection in self.connections:
            if connection.conversation is not None:
                connection.conversation.tell(code, text)

    def _on_event(self, event: SimEvent) -> None:
        for conversation in list(self.clients.values()):
            conversation.on_event(event)

    # for faults

    def chosen(self, client_id: int | None) -> list[Connection]:
        """The connections of one client, or all of them."""
        if client_id is None:
            return list(self.connections)
        wanted = self.clients.get(client_id)
        return [item for item in self.connections if item.conversation is wanted and wanted]

    def drop(self, client_id: int | None = None) -> None:
        for connection in self.chosen(client_id):
            connection.abort()

    def refuse(self, seconds: float) -> None:
        """Nothing listens for so long: new clients get a refused connection."""
        if self._reopen is not None:
            self._reopen.cancel()
        self._reopen = asyncio.create_task(self._refuse(seconds))

    async def _refuse(self, seconds: float) -> None:
        await self._deafen()
        await asyncio.sleep(seconds)
        while True:
            try:
                await self._listen(self.port)
            except OSError as error:
                log.warning("cannot listen on %d again yet: %s", self.port, error)
                await asyncio.sleep(0.2)
            else:
                return

"""What the portal's stream is held against: a bare hub on ASGI, and Channels groups."""

import asyncio
import gc
import json
import os
from collections.abc import Awaitable, Callable
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.core.asgi import get_asgi_application
from redis.asyncio import Redis

from apps.lib import redis as store

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

get_asgi_application()
READY: Message = {"type": "websocket.send", "text": '{"type":"snapshot","seq":0}'}


class BareHub:
    """One Redis subscription, and a loop over everyone's `send`: no login, no topics, no limits."""

    def __init__(self) -> None:
        self._sends: set[Send] = set()
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await _nothing(send)
        elif scope["type"] == "lifespan":
            await _live(receive, send)
        else:
            await self._serve(receive, send)

    async def _serve(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        if self._task is None:
            self._task = asyncio.create_task(self._listen())
        self._sends.add(send)
        await send(READY)
        while (await receive())["type"] != "websocket.disconnect":
            pass
        self._sends.discard(send)

    async def _listen(self) -> None:
        client: Redis = Redis.from_url(settings.REDIS_URL)
        async with client, client.pubsub() as pubsub:
            await pubsub.subscribe(store.channel_quotes(os.environ["BENCH_SLUG"]))
            while True:
                message = await pubsub.get_message(timeout=1.0)
                if message is not None and message["type"] == "message":
                    await self._broadcast(message["data"].decode())

    async def _broadcast(self, text: str) -> None:
        frame = {"type": "websocket.send", "text": text}
        for send in tuple(self._sends):
            await send(frame)


class GroupConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels ships no types
    """A Channels group at its best: its messages carry text that is finished already."""

    async def connect(self) -> None:
        await self.channel_layer.group_add(os.environ["BENCH_SLUG"], self.channel_name)
        await self.accept()
        await self.send(READY["text"])

    async def disconnect(self, code: int) -> None:
        del code
        await self.channel_layer.group_discard(os.environ["BENCH_SLUG"], self.channel_name)

    async def quotes(self, event: Message) -> None:
        await self.send(text_data=event["text"])


class StockConsumer(GroupConsumer):
    """As the tutorial of Channels has it: the message is data, each consumer makes its JSON."""

    async def quotes(self, event: Message) -> None:
        await self.send(text_data=json.dumps(event["message"]))


class Group:
    def __init__(self, consumer: type[GroupConsumer]) -> None:
        self._consumer = consumer.as_asgi()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await _nothing(send)
        elif scope["type"] == "lifespan":
            await _live(receive, send)
        else:
            await self._consumer(scope, receive, send)


async def _nothing(send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def _live(receive: Receive, send: Send) -> None:
    kind = ""
    while kind != "lifespan.shutdown":
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})


bare, stock, group = BareHub(), Group(StockConsumer), Group(GroupConsumer)
# As the portal does: its collections must not be an advantage.
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 50, 50)

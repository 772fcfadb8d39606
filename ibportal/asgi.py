"""What the ASGI server runs: Django for HTTP, the stream for WebSockets."""

import asyncio
import gc
import os
from collections.abc import Awaitable, Callable
from typing import Any

import django
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ibportal.settings")
django.setup(set_prefix=False)

from apps.lib import realtime  # noqa: E402  # likewise
from ibportal import databases, hub  # noqa: E402  models load after Django's setup
from ibportal.handler import OneHopHandler  # noqa: E402
from ibportal.stream import StreamConsumer  # noqa: E402


async def lifespan(
    _scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """The hub begins with the server and ends with it; without a lifespan it begins when needed.

    Kept database connections are a server's too, and so is a thread that tells browsers what has
    changed: whoever asked for the change has its answer sooner.
    """
    while True:
        kind = (await receive())["type"]
        if kind == "lifespan.startup":
            databases.share()
            realtime.publish_aside()
            hub.current()
        elif kind == "lifespan.shutdown":
            await hub.close()
            await asyncio.to_thread(realtime.publish_at_once)
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


websocket = AllowedHostsOriginValidator(
    AuthMiddlewareStack(URLRouter([path("ws/stream/", StreamConsumer.as_asgi())]))
)
application = ProtocolTypeRouter(
    {"http": OneHopHandler(), "websocket": websocket, "lifespan": lifespan}
)

# What start-up made stays: collections that walk it cost p99 tens of milliseconds.
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 50, 50)

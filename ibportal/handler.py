"""HTTP requests of the ASGI server, each answered whole on one of a few threads that are kept."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, cast

from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

THREADS = 32
"""Requests at the same time, and so the database connections of a web process. Some wait ten
seconds for the broker; those that stop trading must find a thread."""


class OneHopHandler(ASGIHandler):
    """Our middleware and views are synchronous: a request goes to its thread once and back once.

    The framework's own handler goes there for its signals, for the request and for its end, each
    time to a thread made for it, which opens a database connection of its own. Kept threads keep
    their connections and what is prepared on them.
    """

    def __init__(self) -> None:
        super().__init__()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="request")

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002  # Django's signature
        super().load_middleware(is_async=False)

    async def handle(self, scope: Message, receive: Receive, send: Send) -> None:
        try:
            body: Any = await self.read_body(receive)
        except RequestAborted:
            return
        with body:
            response = await self._on_a_thread(self._answered, scope, body)
            await self.send_response(response, send)
            if response.streaming:
                await self._on_a_thread(response.close)

    async def _on_a_thread(self, work: Any, *arguments: Any) -> Any:
        """In a context of its own: what a request sets (its language) ends with it."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, copy_context().run, work, *arguments)

    def _answered(self, scope: Message, body: Any) -> HttpResponseBase:
        """Ended already where it stands in memory whole."""
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=type(self), scope=scope)
        request, refusal = self.create_request(scope, body)
        response: HttpResponseBase = refusal or self.get_response(cast("HttpRequest", request))
        response._handler_class = type(self)  # type: ignore[attr-defined]  # noqa: SLF001  # as the framework's own handler
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        if not response.streaming:
            response.close()
        return response

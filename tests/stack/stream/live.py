"""A real ASGI server in this process and browsers' ends of its WebSocket."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import uvicorn
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from apps.accounts.patches import patched
from tests.portal import eventually

Frame = dict[str, Any]


class Server:
    """uvicorn with the portal's options on a free port, on its own thread and event loop."""

    def __init__(self) -> None:
        config = uvicorn.Config(
            "ibportal.asgi:application",
            host="127.0.0.1",
            port=0,
            ws="ibportal.sockets:ShortQueue",
            loop="uvloop",
            http="httptools",
            lifespan="on",
            log_config=None,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=2,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="uvicorn")

    def start(self) -> None:
        self._thread.start()
        eventually(lambda: self._server.started, within=30, what="uvicorn to listen")

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(30)
        assert not self._thread.is_alive()

    @property
    def port(self) -> int:
        return int(self._server.servers[0].sockets[0].getsockname()[1])


@contextmanager
def served() -> Iterator[Server]:
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)  # whitenoise warns without it
    server = Server()
    # This process's own connections are open already, and not from a pool.
    with patch("ibportal.databases.share"):
        server.start()
        try:
            yield server
        finally:
            server.stop()


def cookie_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return f"sessionid={client.cookies['sessionid'].value}"


class Browser:
    """Keeps every frame and applies them to the state of each topic, as a page does."""

    def __init__(
        self,
        port: int,
        cookie: str = "",
        *,
        origin: str | None = None,
        sock: socket.socket | None = None,
        max_queue: int = 16,
    ) -> None:
        self.frames: list[Frame] = []
        self.states: dict[str, Any] = {}
        self.last: dict[str, int] = {}
        self.gaps = 0
        self._open = ExitStack()
        opening = connect(
            f"ws://127.0.0.1:{port}/ws/stream/",
            origin=Origin(origin or f"http://127.0.0.1:{port}"),
            additional_headers={"Cookie": cookie} if cookie else {},
            compression=None,
            sock=sock,
            max_queue=max_queue,
        )
        self.socket: ClientConnection = self._open.enter_context(opening)

    def send(self, op: str, *topics: str) -> None:
        self.socket.send(json.dumps({"op": op, "topics": topics}))

    def read(self, timeout: float = 30.0) -> Frame:
        frame: Frame = json.loads(self.socket.recv(timeout))
        self.frames.append(frame)
        self._take(frame)
        return frame

    def until(self, found: Callable[[Frame], bool], *, within: float = 30.0) -> Frame:
        """Reads until a frame is the one; raises TimeoutError."""
        end = time.monotonic() + within
        while True:
            frame = self.read(max(0.0, end - time.monotonic()))
            if found(frame):
                return frame

    def until_state(self, topic: str, found: Callable[[Any], bool], *, within: float = 30.0) -> Any:
        if topic not in self.states or not found(self.states[topic]):
            self.until(lambda _: topic in self.states and found(self.states[topic]), within=within)
        return self.states[topic]

    def types(self, topic: str) -> list[str]:
        return [frame["type"] for frame in self.frames if frame.get("topic") == topic]

    def close(self) -> None:
        self._open.close()

    def _take(self, frame: Frame) -> None:
        topic = frame.get("topic", "")
        if frame["type"] == "snapshot":
            self.states[topic], self.last[topic] = frame["data"], frame["seq"]
        elif frame["type"] == "event" and frame["seq"] > self.last[topic]:
            self.gaps += frame["from"] > self.last[topic] + 1
            self.states[topic] = patched(self.states[topic], frame["data"])
            self.last[topic] = frame["seq"]

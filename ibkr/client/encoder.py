"""ibapi's client used as what it is good at: writing each request in the server's dialect."""

import logging
import threading
from typing import Any

from ibapi.client import EClient

from ibkr.errors import RequestRefused

# ibapi logs every message, with account ids, at INFO.
logging.getLogger("ibapi").setLevel(logging.WARNING)


class _Capture:
    """Stands where ibapi expects its socket, and keeps what it would have sent."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    def isConnected(self) -> bool:
        return True

    def sendMsg(self, frame: bytes) -> int:
        self.frames.append(frame)
        return len(frame)


class _Refusals:
    """Stands where ibapi expects its wrapper, and keeps what it refuses to send."""

    def __init__(self) -> None:
        self.found: list[RequestRefused] = []

    def error(self, _id: int, _time: int, code: int, text: str, _advanced: str = "") -> None:
        self.found.append(RequestRefused(code, text))


class Encoder(EClient):
    """Turns one call of ibapi's client into one frame; thread-safe."""

    def __init__(self, version: int, client_id: int) -> None:
        self._refusals = _Refusals()
        super().__init__(self._refusals)
        self._capture = _Capture()
        self._lock = threading.Lock()
        self.conn = self._capture
        self.serverVersion_ = version
        self.clientId = client_id
        self.setConnState(EClient.CONNECTED)

    def frame(self, call: str, *arguments: Any) -> bytes:
        """The bytes of `call`; RequestRefused when ibapi will not send it to this server."""
        with self._lock:
            self._capture.frames.clear()
            self._refusals.found.clear()
            getattr(self, call)(*arguments)
            if self._refusals.found:
                raise self._refusals.found[0]
            (frame,) = self._capture.frames
            return frame

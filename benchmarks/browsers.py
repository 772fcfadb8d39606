"""Many browsers' ends of a WebSocket in one process, as cheap as Python allows.

The handshake is the `websockets` library's; frames are then read by hand, because the client must
not be what is measured. Every frame is noted with its number and the time it was read; the text of
each number is kept once.
"""

import json
import re
import select
import socket
import sys
import time
from typing import Any

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

SEQ = re.compile(rb'"seq": ?(\d+)')
SMALL = 4096
OPEN_WITHIN = 20.0


class Browser:
    def __init__(self, plan: dict[str, Any]) -> None:
        self._reads = plan["read"]
        self._socket = socket.socket()
        if not self._reads:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        self._socket.settimeout(OPEN_WITHIN)
        self._socket.connect(("127.0.0.1", plan["port"]))
        self._protocol = ClientProtocol(
            parse_uri(f"ws://127.0.0.1:{plan['port']}/ws/stream/"),
            origin=f"http://127.0.0.1:{plan['port']}",  # type: ignore[arg-type]  # a plain str
            max_size=None,
        )
        self._rest = b""
        self._open(plan)
        self._socket.settimeout(0)

    def fileno(self) -> int:
        return self._socket.fileno()

    def _open(self, plan: dict[str, Any]) -> None:
        request = self._protocol.connect()
        request.headers["Cookie"] = plan["cookie"]
        self._protocol.send_request(request)
        self._flush()
        while self._protocol.state.name == "CONNECTING":
            self._protocol.receive_data(self._socket.recv(65536))
        if self._protocol.handshake_exc is not None:
            raise self._protocol.handshake_exc
        if plan["topic"]:
            order = {"op": "subscribe", "topics": [plan["topic"]]}
            self._protocol.send_text(json.dumps(order).encode())
            self._flush()
        while not any(self._first(event) for event in self._protocol.events_received()):
            self._protocol.receive_data(self._socket.recv(65536))

    @staticmethod
    def _first(event: Any) -> bool:
        return isinstance(event, Frame) and b'"snapshot"' in bytes(event.data)

    def read(self) -> list[bytes]:
        """The finished data frames of one receive; answers pings."""
        data = self._rest + self._socket.recv(1 << 20)
        found, start, end = [], 0, len(data)
        while True:
            span = _span(data, start, end)
            if span is None:
                break
            body, after = span
            code = data[start] & 15
            if code == Opcode.TEXT:
                found.append(data[body:after])
            elif code == Opcode.PING:
                self._protocol.send_pong(data[body:after])
                self._flush()
            start = after
        self._rest = data[start:]
        return found

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            self._socket.sendall(data)


def _span(data: bytes, start: int, end: int) -> tuple[int, int] | None:
    """Where the payload of the frame at `start` begins and ends; None while it is not complete."""
    if end - start < 2:
        return None
    size, body = data[start + 1] & 127, start + 2
    if size > 125:
        body += 2 if size == 126 else 8
        size = int.from_bytes(data[start + 2 : body], "big")
    return (body, body + size) if body + size <= end else None


class Readers:
    """Reads them all until told to report."""

    def __init__(self, browsers: list[Browser]) -> None:
        self._browsers = {browser.fileno(): browser for browser in browsers}
        self._poll = select.epoll()
        for number in self._browsers:
            self._poll.register(number, select.EPOLLIN)
        self._poll.register(sys.stdin.fileno(), select.EPOLLIN)
        self._clear()

    def _clear(self) -> None:
        self._heard: dict[int, list[float]] = {}
        self._texts: dict[int, bytes] = {}
        self._snapshots = 0

    def run(self) -> None:
        stdin = sys.stdin.fileno()
        while True:
            for number, _ in self._poll.poll():
                if number != stdin:
                    self._take(self._browsers[number].read(), time.perf_counter())
                elif not self._report(sys.stdin.readline()):
                    return

    def _take(self, frames: list[bytes], at: float) -> None:
        for frame in frames:
            found = SEQ.search(frame, 0, 200)
            if found is None:
                continue  # a beat
            if frame.startswith(b'{"type":"snapshot"'):
                self._snapshots += 1
            seq = int(found[1])
            if seq not in self._heard:
                self._heard[seq] = []
                self._texts[seq] = frame
            self._heard[seq].append(at)

    def _report(self, order: str) -> bool:
        if not order:
            return False
        texts = {seq: text.decode() for seq, text in self._texts.items()} if "t" in order else {}
        report = {
            "heard": self._heard,
            "texts": texts,
            "snapshots": self._snapshots,
            "cpu": time.process_time(),
        }
        self._clear()
        print(json.dumps(report), flush=True)
        return True


def main() -> None:
    plan = json.loads(sys.stdin.readline())
    browsers = [Browser(plan) for _ in range(plan["count"])]
    print(json.dumps("ready"), flush=True)
    if plan["read"]:
        Readers(browsers).run()
    else:
        sys.stdin.readline()


if __name__ == "__main__":
    main()

"""A process that greets one client as TWS does and sends ticks at an even rate, each price a stamp.

A price is the moment of its sending in seconds (the monotonic clock that all processes of the
machine share), so whoever shows it knows how old it is. One tick in four is a size.
"""

import itertools
import json
import socket
import sys
import threading
import time

from benchmarks.decode_feeder import drain, greet
from benchmarks.decode_ticks import INSTRUMENTS, frame

VERSION = 226
KINDS = (1, 2, 0, 4)
"""Bid, ask, bid size, last."""


def run(connection: socket.socket, first: int, rate: float, seconds: float) -> int:
    """Sends what is due every millisecond; returns how many ticks have gone out."""
    lines = itertools.cycle(range(first, first + INSTRUMENTS))
    kinds = itertools.cycle(kind for kind in KINDS for _ in range(INSTRUMENTS))
    began, sent = time.perf_counter(), 0
    while (now := time.perf_counter()) < began + seconds:
        due = int((now - began) * rate) - sent
        connection.sendall(b"".join(_tick(next(lines), next(kinds)) for _ in range(due)))
        sent += due
        time.sleep(0.001)
    return sent


def _tick(line: int, kind: int) -> bytes:
    if kind == 0:
        return frame(VERSION, (2, line, 0, str(int(time.perf_counter() * 1e4) % 90_000)))
    return frame(VERSION, (1, line, kind, round(time.perf_counter(), 6), "100", 0))


def main() -> None:
    sys.stdin.readline()
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        connection, _ = server.accept()
    with connection:
        greet(connection, VERSION)
        threading.Thread(target=drain, args=(connection,), daemon=True).start()
        print(json.dumps("greeted"), flush=True)
        for line in sys.stdin:
            print(run(connection, **json.loads(line)), flush=True)


if __name__ == "__main__":
    main()

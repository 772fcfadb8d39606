"""A process that greets one client as TWS does and then sends it ticks, encoded beforehand."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.decode_ticks import PROTOBUF_FROM, frame, marker, mixed, pack, text

ACCOUNT = "DU1234567"


class Feeder:
    """The other side of this module: starts the process and tells it what to send.

    `ahead` blocks may be under way that the client has not acknowledged; 0 sends all at once.
    """

    def __init__(self, version: int) -> None:
        command = [sys.executable, "-m", "benchmarks.decode_feeder", str(version)]
        self._process = subprocess.Popen(  # noqa: S603  # our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            cwd=Path(__file__).parents[1],
        )
        assert self._process.stdin is not None  # noqa: S101  # both are pipes
        assert self._process.stdout is not None  # noqa: S101
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self.port = int(self._stdout.readline())

    def start(self, **plan: Any) -> None:
        """`first` request id, `blocks`, messages in a `block`, `ahead`, seconds of `rest`."""
        self._stdin.write(json.dumps(plan).encode() + b"\n")

    def acknowledge(self) -> None:
        self._stdin.write(b".")

    def close(self) -> list[float]:
        """When each block was sent, on the clock of time.perf_counter()."""
        self._stdin.close()
        sent_at: list[float] = json.loads(self._stdout.readline())
        self._process.wait(10)
        self._stdout.close()
        return sent_at


def greet(connection: socket.socket, version: int) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.recv(4096)
    connection.sendall(pack(text(version, "20260406 09:30:00 EST")))
    connection.recv(4096)
    first, accounts = (1, 1), (1, ACCOUNT)
    if version >= PROTOBUF_FROM:
        login = ((9, first), (15, accounts))
        frames = [
            pack(number.to_bytes(4, "big") + b"".join(f"{f}\0".encode() for f in fields))
            for number, fields in login
        ]
    else:
        frames = [pack(text(9, *first)), pack(text(15, *accounts))]
    connection.sendall(b"".join(frames))


def drain(connection: socket.socket) -> None:
    try:
        while connection.recv(65536):
            pass
    except OSError:
        return  # the client has gone, as it should at the end


def _blocks(version: int, first: int, blocks: int, block: int) -> list[bytes]:
    ticks, end = mixed(first), marker(version)
    return [
        b"".join(frame(version, tick) for tick in islice(ticks, block)) + end for _ in range(blocks)
    ]


def _send(connection: socket.socket, data: list[bytes], ahead: int, rest: float) -> list[float]:
    sent_at, credit = [], ahead
    for block in data:
        while ahead and not credit:
            credit += len(os.read(0, 1024))
        time.sleep(rest)
        sent_at.append(time.perf_counter())
        connection.sendall(block)
        credit -= 1
    return sent_at


def main(version: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        connection, _ = server.accept()
    with connection:
        greet(connection, version)
        threading.Thread(target=drain, args=(connection,), daemon=True).start()
        line = b""
        while not line.endswith(b"\n"):
            line += os.read(0, 1)
        plan = json.loads(line)
        data = _blocks(version, plan["first"], plan["blocks"], plan["block"])
        if plan["ahead"] == 0:
            data = [b"".join(data)]
        sent_at = _send(connection, data, plan["ahead"], plan["rest"])
        while os.read(0, 4096):
            pass
    print(json.dumps(sent_at), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))

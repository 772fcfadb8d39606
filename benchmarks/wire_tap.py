"""A process between the gateway worker and the simulator: says when an order's bytes arrive, or a
cancel's.

The simulator's own stamps also hold the time until its event loop gets to the bytes.
"""

import json
import socket
import struct
import sys
import threading
import time

TEXT = {3: "place", 4: "cancel", 58: "global cancel"}
"""Numbers of the messages placeOrder, cancelOrder and reqGlobalCancel."""
KINDS = TEXT | {number + 200: kind for number, kind in TEXT.items()}
"""As text and as protobuf."""


class Tap:
    def __init__(self, port: int) -> None:
        self._port = port
        self.listener = socket.create_server(("127.0.0.1", 0))

    def run(self) -> None:
        while True:
            client, _ = self.listener.accept()
            server = socket.create_connection(("127.0.0.1", self._port))
            for each in (client, server):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for work in ((_pass_on, server, client), (_listen, client, server)):
                threading.Thread(target=work[0], args=work[1:], daemon=True).start()


def _pass_on(server: socket.socket, client: socket.socket) -> None:
    while data := server.recv(1 << 16):
        client.sendall(data)
    client.close()


def _listen(client: socket.socket, server: socket.socket) -> None:
    waiting = b""
    while data := client.recv(1 << 16):
        at = time.time()
        server.sendall(data)
        waiting = _say(waiting + data, at)
    server.close()


def _say(data: bytes, at: float) -> bytes:
    """What is left over of the last frame."""
    data = data.removeprefix(b"API\0")
    while len(data) >= 4 and len(data) >= 4 + (length := struct.unpack(">I", data[:4])[0]):
        kind = KINDS.get(_number(data[4 : 4 + length]))
        if kind is not None:
            print(json.dumps([kind, at]), flush=True)
        data = data[4 + length :]
    return data


def _number(payload: bytes) -> int:
    """Of a message: four bytes from server version 201 on, digits before."""
    if payload[:1] == b"\0":
        return int(struct.unpack(">I", payload[:4])[0])
    head = payload.partition(b"\0")[0]
    return int(head) if head.isdigit() else -1


def main() -> None:
    tap = Tap(json.loads(sys.stdin.readline())["port"])
    print(json.dumps(tap.listener.getsockname()[1]), flush=True)
    tap.run()


if __name__ == "__main__":
    main()

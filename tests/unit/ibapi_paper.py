"""The bytes that the real ibapi client would send, without a socket."""

from collections.abc import Callable

from ibapi.client import EClient
from ibapi.wrapper import EWrapper


class Paper:
    """Takes the place of ibapi's connection and keeps what is written."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def sendMsg(self, data: bytes) -> int:  # noqa: N802 - ibapi's name
        self.sent.append(data[4:])
        return len(data)


def written(server_version: int, call: Callable[[EClient], None]) -> bytes:
    paper, client = Paper(), EClient(EWrapper())
    client.serverVersion = lambda: server_version
    client.isConnected = lambda: True
    client.conn = paper
    call(client)
    assert len(paper.sent) == 1, "the client refused to write it"
    return paper.sent[0]

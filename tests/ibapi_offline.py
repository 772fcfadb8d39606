"""The real ibapi client and decoder without a socket: what a call sends, what a frame calls."""

import inspect
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from typing import Any

from ibapi import comm
from ibapi.client import EClient
from ibapi.decoder import Decoder
from ibapi.wrapper import EWrapper

from twsim.codec_proto import ProtoCodec
from twsim.codec_text import TextCodec
from twsim.messages import Codec
from twsim.messages.replies import Reply
from twsim.messages.requests import Request

PROTOBUF = 201
Call = tuple[str, tuple[Any, ...]]


class Recorder(EWrapper):  # type: ignore[misc]  # ibapi ships no types
    """Remembers every callback except those that hand over the raw protobuf message."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Call] = []


def _recorder(name: str) -> Callable[..., None]:
    def heard(self: Recorder, *arguments: Any) -> None:
        self.heard.append((name, tuple(plain(argument) for argument in arguments)))

    return heard


for _name, _ in inspect.getmembers(EWrapper, inspect.isfunction):
    if not _name.startswith("_") and _name != "logAnswer" and not _name.endswith("ProtoBuf"):
        setattr(Recorder, _name, _recorder(_name))


def plain(value: Any) -> Any:
    """ibapi's objects as dicts, so that two of them can be compared."""
    if isinstance(value, Decimal | Enum) or value is None:
        return value
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if hasattr(value, "__dict__"):
        return {"is": type(value).__name__} | plain(vars(value))
    return value


class _Wire:
    """Stands where the socket is: keeps the payloads."""

    def __init__(self) -> None:
        self.payloads: list[bytes] = []

    def isConnected(self) -> bool:  # noqa: N802 - ibapi's name
        return True

    def sendMsg(self, message: bytes) -> None:  # noqa: N802
        self.payloads.append(message[4:])


def codec_for(version: int) -> Codec:
    return ProtoCodec(version) if version >= PROTOBUF else TextCodec(version)


def payloads(version: int, name: str, *arguments: Any) -> list[bytes]:
    """What the client's method of this name sends to a server of this version."""
    wrapper = Recorder()
    client, wire = EClient(wrapper), _Wire()
    client.conn, client.serverVersion_, client.clientId = wire, version, 7
    client.setConnState(EClient.CONNECTED)
    getattr(client, name)(*arguments)
    assert wrapper.heard == []
    return wire.payloads


def asked(version: int, name: str, *arguments: Any) -> Request:
    """The request that our codec makes of what the client sends."""
    (payload,) = payloads(version, name, *arguments)
    return codec_for(version).decode(payload)


def heard(version: int, *frames: bytes) -> list[Call]:
    """The callbacks of frames, told apart as the client's own loop does."""
    wrapper = Recorder()
    decoder = Decoder(wrapper, version)
    decoder.discoverParams()
    for payload in frames:
        if version >= PROTOBUF:
            message_id, body = int.from_bytes(payload[:4], "big"), payload[4:]
        else:
            head, _, body = payload.partition(b"\0")
            message_id = int(head)
        if message_id > 200:
            decoder.processProtoBuf(body, message_id - 200)
        else:
            decoder.interpret(comm.read_fields(body), message_id)
    return wrapper.heard


def told(version: int, reply: Reply) -> list[Call]:
    """The callbacks that our codec's frames for a reply lead to."""
    return heard(version, *codec_for(version).encode(reply))

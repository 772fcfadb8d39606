"""The protobuf codec: server versions 201 to 226, a four-byte message id before every body.

An id above 200 announces protobuf (of message id − 200), any other the text fields of that
message. Which theme became protobuf at which version is in `gates`.
"""

import struct

from twsim import versions
from twsim.codec_proto import gates
from twsim.codec_proto.replies import ENCODERS, HISTORY_END
from twsim.codec_proto.replies.history import history_end
from twsim.codec_proto.requests import DECODERS, UNSUPPORTED, read_unsupported
from twsim.codec_proto.schema import Message, has, parse
from twsim.codec_text import TextCodec
from twsim.framing import Unreadable
from twsim.messages import Malformed
from twsim.messages import replies as say
from twsim.messages.replies import Reply
from twsim.messages.requests import Request

__all__ = ["ProtoCodec"]

ID = struct.Struct("!I")
PROTOBUF = 200
"""Added to the id of a message that travels as protobuf."""


class ProtoCodec:
    """Layout of one server version; what is not protobuf there yet goes through the text codec."""

    def __init__(self, server_version: int) -> None:
        self.server_version = server_version
        self._text = TextCodec(server_version)

    def decode(self, payload: bytes) -> Request:
        if len(payload) < ID.size:
            raise Unreadable("a frame without a message id")
        message_id, body = ID.unpack_from(payload)[0], payload[ID.size :]
        if message_id <= PROTOBUF:
            return self._text.decode(f"{message_id}\0".encode() + body)
        message_id -= PROTOBUF
        if self.server_version < gates.REQUESTS.get(message_id, versions.HIGHEST + 1):
            raise Malformed(f"message {message_id} is not protobuf at this version")
        if message_id in UNSUPPORTED:
            return read_unsupported(message_id, parse(UNSUPPORTED[message_id], body))
        return _decode(message_id, body)

    def encode(self, reply: Reply) -> tuple[bytes, ...]:
        message_id, encoder = ENCODERS[type(reply)]
        if self.server_version < gates.REPLIES[message_id]:
            return tuple(_with_binary_id(payload) for payload in self._text.encode(reply))
        head = _frame(message_id, encoder(reply, self.server_version))
        if isinstance(reply, say.HistoricalBars):
            return head, _frame(HISTORY_END, history_end(reply, self.server_version))
        return (head,)


def _decode(message_id: int, body: bytes) -> Request:
    name, decoder = DECODERS[message_id]
    message = parse(name, body)
    try:
        return decoder(message)
    except Malformed as error:
        raise Malformed(error.sentence, _id_of(message)) from error


def _id_of(message: Message) -> int:
    names = [field.name for field, _ in message.ListFields()]
    found = next((name for name in ("reqId", "orderId") if name in names), None)
    return int(getattr(message, found)) if found and has(message, found) else -1


def _frame(message_id: int, message: Message) -> bytes:
    return ID.pack(message_id + PROTOBUF) + bytes(message.SerializeToString())


def _with_binary_id(payload: bytes) -> bytes:
    message_id, _, body = payload.partition(b"\0")
    return ID.pack(int(message_id)) + body

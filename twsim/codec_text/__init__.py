"""The text codec: server versions 165 to 200, fields separated by NUL."""

from twsim import versions
from twsim.codec_text.fields import Fields, join, split
from twsim.codec_text.replies import ENCODERS
from twsim.codec_text.requests import DECODERS, UNSUPPORTED, read_unsupported
from twsim.framing import Unreadable
from twsim.messages import Malformed
from twsim.messages import replies as say
from twsim.messages.replies import Reply
from twsim.messages.requests import Request

__all__ = ["TextCodec"]


class TextCodec:
    """Layout of one server version."""

    def __init__(self, server_version: int) -> None:
        self.server_version = server_version

    def decode(self, payload: bytes) -> Request:
        values = split(payload)
        try:
            message_id = int(values[0])
        except ValueError:
            raise Unreadable("a frame without a message id") from None
        fields = Fields(values[1:], self.server_version)
        if message_id in DECODERS:
            return DECODERS[message_id](fields)
        if message_id in UNSUPPORTED:
            return read_unsupported(message_id, UNSUPPORTED[message_id], fields)
        raise Malformed(f"there is no message {message_id}")

    def encode(self, reply: Reply) -> tuple[bytes, ...]:
        if isinstance(reply, say.CurrentTimeMillis) and not self._has(versions.CURRENT_TIME_MILLIS):
            return ()
        head = join(ENCODERS[type(reply)](reply, self.server_version))
        if isinstance(reply, say.HistoricalBars) and self._has(versions.HISTORICAL_DATA_END):
            return head, join(["108", str(reply.req_id), reply.start, reply.end])
        return (head,)

    def _has(self, version: int) -> bool:
        return self.server_version >= version

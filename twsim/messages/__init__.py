"""Requests and replies between the wire and the broker, and the seam that codecs fill."""

from typing import Protocol

from twsim.messages import replies, requests
from twsim.messages.replies import Reply
from twsim.messages.requests import Request


class Malformed(Exception):
    """A frame that was cut well and cannot be understood; req_id -1 when it was not reached."""

    def __init__(self, sentence: str, req_id: int = -1) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.req_id = req_id


class Codec(Protocol):
    """One server version's layout. A protobuf codec stands beside the text codec behind this."""

    server_version: int

    def decode(self, payload: bytes) -> Request:
        """Malformed when it cannot be understood; Unreadable when it is no message at all."""

    def encode(self, reply: Reply) -> tuple[bytes, ...]:
        """The frames' payloads that say it, none when this version has no words for it."""


__all__ = ["Codec", "Malformed", "Reply", "Request", "replies", "requests"]

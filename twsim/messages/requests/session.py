"""Requests about the session itself, and the bases of all requests."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Request:
    """Base of all requests; `req_id` where the message carries one."""


@dataclass(frozen=True, slots=True)
class Numbered(Request):
    req_id: int


@dataclass(frozen=True, slots=True)
class StartApi(Request):
    client_id: int
    capabilities: str = ""


@dataclass(frozen=True, slots=True)
class Ids(Request):
    pass


@dataclass(frozen=True, slots=True)
class Time(Request):
    pass


@dataclass(frozen=True, slots=True)
class TimeMillis(Request):
    pass


@dataclass(frozen=True, slots=True)
class ManagedAccountsAsked(Request):
    pass


@dataclass(frozen=True, slots=True)
class LogLevel(Request):
    level: int


@dataclass(frozen=True, slots=True)
class Unsupported(Request):
    """A message TWS knows and this simulator does not play; req_id -1 where it has none."""

    message_id: int
    req_id: int = -1

"""What can go wrong with the broker: exceptions, and one table that explains every code."""

from ibkr.errors.exceptions import (
    IbkrError,
    LinkFailure,
    NotConnected,
    NotReady,
    RequestRefused,
    RequestTimeout,
    WrongAccount,
)
from ibkr.errors.table import LANGUAGES, CodeInfo, Explanation, Kind, Severity, explain, known_codes

__all__ = [
    "LANGUAGES",
    "CodeInfo",
    "Explanation",
    "IbkrError",
    "Kind",
    "LinkFailure",
    "NotConnected",
    "NotReady",
    "RequestRefused",
    "RequestTimeout",
    "Severity",
    "WrongAccount",
    "explain",
    "known_codes",
]

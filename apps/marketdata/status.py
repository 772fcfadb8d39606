"""What the lines of a connection add up to, in one status and one sentence; pure."""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from apps.marketdata.lines import Line, LineState
from ibkr.types import MarketDataType, PriceKind


class StreamStatus(StrEnum):
    STARTING = "starting"
    CONNECTED = "connected"
    DEGRADED = "degraded"
    STOPPED = "stopped"
    FAILED = "failed"


DELAYED = (MarketDataType.DELAYED, MarketDataType.DELAYED_FROZEN)
DELAYED_KINDS = (PriceKind.DELAYED, PriceKind.DELAYED_FROZEN)


def summary(lines: Iterable[Line], preferred: MarketDataType) -> tuple[StreamStatus, str]:
    """For an enabled stream on a link that is up."""
    found = list(lines)
    count = Counter(line.state for line in found)
    streaming, refused = count[LineState.STREAMING], count[LineState.REFUSED]
    waiting, asked = count[LineState.WAITING], count[LineState.REQUESTED]
    delayed = _delayed(found, preferred)
    if not found:
        return StreamStatus.CONNECTED, "Nothing to stream: no positions and no watchlists."
    parts = [
        f"{streaming} of {len(found)} instruments stream",
        f"{delayed} of them delayed" if delayed else "",
        f"{asked} without data so far" if asked else "",
        f"{waiting} wait for a line" if waiting else "",
        f"{refused} refused" if refused else "",
    ]
    sentence = ", ".join(part for part in parts if part) + "."
    if refused == len(found):
        return StreamStatus.FAILED, sentence
    if refused or waiting or delayed or any(line.code is not None for line in found):
        return StreamStatus.DEGRADED, sentence
    return (StreamStatus.STARTING if asked == len(found) else StreamStatus.CONNECTED), sentence


def _delayed(lines: Iterable[Line], preferred: MarketDataType) -> int:
    """Delayed although something better is wanted."""
    if preferred in DELAYED:
        return 0
    return sum(line.state is LineState.STREAMING and line.kind in DELAYED_KINDS for line in lines)

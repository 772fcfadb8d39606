"""What the lines of a connection add up to, in one status; pure."""

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


def summary(lines: Iterable[Line], preferred: MarketDataType) -> StreamStatus:
    """For an enabled stream on a link that is up."""
    found = list(lines)
    count = Counter(line.state for line in found)
    if not found:
        return StreamStatus.CONNECTED
    if count[LineState.REFUSED] == len(found):
        return StreamStatus.FAILED
    troubled = count[LineState.REFUSED] or count[LineState.WAITING] or _delayed(found, preferred)
    if troubled or any(line.code is not None for line in found):
        return StreamStatus.DEGRADED
    asked = count[LineState.REQUESTED]
    return StreamStatus.STARTING if asked == len(found) else StreamStatus.CONNECTED


def _delayed(lines: Iterable[Line], preferred: MarketDataType) -> int:
    """Delayed although something better is wanted."""
    if preferred in DELAYED:
        return 0
    return sum(line.state is LineState.STREAMING and line.kind in DELAYED_KINDS for line in lines)

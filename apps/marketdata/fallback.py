"""What to try when a kind of data is refused or nothing comes: live, delayed, close; pure."""

from dataclasses import dataclass
from datetime import timedelta

from ibkr.types import MarketDataType

NO_DATA = 0
"""Our own code: the line is open and nothing has come, though the market is."""
DELAYED_SHOWN = 10167
"""TWS goes on with delayed data by itself: the line stays."""
COMPETING = 10197

NOT_PERMITTED = frozenset({354, 10089, 10090, DELAYED_SHOWN, 10168, 10186})
CODES = NOT_PERMITTED | {COMPETING, NO_DATA}

RETRY = {COMPETING: timedelta(minutes=1), NO_DATA: timedelta(minutes=5)}
RETRY_PERMISSION = timedelta(minutes=30)
"""A subscription that was bought meanwhile counts from the next attempt."""

DELAYED_TWIN = {
    MarketDataType.LIVE: MarketDataType.DELAYED,
    MarketDataType.FROZEN: MarketDataType.DELAYED_FROZEN,
}


@dataclass(frozen=True, slots=True)
class Step:
    """`ask` None: no kind is left, the last close stands in.

    `again` says that the line has to be asked for anew, `retry_in` when to try the preferred
    kind the next time.
    """

    ask: MarketDataType | None
    again: bool
    retry_in: timedelta


def next_step(asked: MarketDataType, code: int) -> Step | None:
    """None when the code is not about the kind of data: then no other kind would help."""
    if code not in CODES:
        return None
    retry_in = RETRY.get(code, RETRY_PERMISSION)
    if code == DELAYED_SHOWN:
        return Step(DELAYED_TWIN.get(asked, asked), again=False, retry_in=retry_in)
    twin = DELAYED_TWIN.get(asked)
    return Step(twin, again=twin is not None, retry_in=retry_in)

"""The tables of the marketdata app; ticks are not among them, they live in Redis."""

from apps.marketdata.models.bars import Bar, BarDownload, BarRange, Source
from apps.marketdata.models.instrument import Instrument, MarketRule
from apps.marketdata.models.stream import StreamConfig, StreamTarget
from apps.marketdata.models.watchlist import Watchlist, WatchlistItem

__all__ = [
    "Bar",
    "BarDownload",
    "BarRange",
    "Instrument",
    "MarketRule",
    "Source",
    "StreamConfig",
    "StreamTarget",
    "Watchlist",
    "WatchlistItem",
]

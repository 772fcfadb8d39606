"""REST views of market data: they parse, call selectors and services, and answer."""

from apps.marketdata.api.bars import DownloadList, InstrumentBars
from apps.marketdata.api.instruments import (
    InstrumentChain,
    InstrumentDetail,
    InstrumentFetch,
    InstrumentList,
    InstrumentOptions,
    InstrumentResolve,
    InstrumentSearch,
)
from apps.marketdata.api.quotes import QuoteList
from apps.marketdata.api.streams import StreamDetail, StreamList, StreamStart, StreamStop
from apps.marketdata.api.watchlists import (
    WatchlistDetail,
    WatchlistItemDetail,
    WatchlistItems,
    WatchlistList,
)

__all__ = [
    "DownloadList",
    "InstrumentBars",
    "InstrumentChain",
    "InstrumentDetail",
    "InstrumentFetch",
    "InstrumentList",
    "InstrumentOptions",
    "InstrumentResolve",
    "InstrumentSearch",
    "QuoteList",
    "StreamDetail",
    "StreamList",
    "StreamStart",
    "StreamStop",
    "WatchlistDetail",
    "WatchlistItemDetail",
    "WatchlistItems",
    "WatchlistList",
]

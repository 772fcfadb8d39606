"""Writes of the marketdata app: for people, for schedules, and for the gateway process."""

from apps.marketdata.services.bars import bars_keep, bars_next, bars_request, bars_resume
from apps.marketdata.services.closes import closes_fetch
from apps.marketdata.services.fmp import fmp_closes_fetch
from apps.marketdata.services.instruments import (
    Ambiguous,
    Query,
    UnknownInstrument,
    instrument_fetch,
    instrument_resolve,
    instruments_search,
    nearest,
    option_chain,
    options_fetch,
)
from apps.marketdata.services.latest import bars_latest_ask, bars_latest_fetch
from apps.marketdata.services.streaming import Streams, register, streams_of
from apps.marketdata.services.streams import (
    stream_config,
    stream_save,
    stream_start,
    stream_stop,
    stream_targets_set,
    stream_view,
    stream_wake,
    streams_check,
)
from apps.marketdata.services.watchlists import (
    watchlist_add,
    watchlist_arrange,
    watchlist_create,
    watchlist_delete,
    watchlist_remove,
    watchlist_rename,
)

__all__ = [
    "Ambiguous",
    "Query",
    "Streams",
    "UnknownInstrument",
    "bars_keep",
    "bars_latest_ask",
    "bars_latest_fetch",
    "bars_next",
    "bars_request",
    "bars_resume",
    "closes_fetch",
    "fmp_closes_fetch",
    "instrument_fetch",
    "instrument_resolve",
    "instruments_search",
    "nearest",
    "option_chain",
    "options_fetch",
    "register",
    "stream_config",
    "stream_save",
    "stream_start",
    "stream_stop",
    "stream_targets_set",
    "stream_view",
    "stream_wake",
    "streams_check",
    "streams_of",
    "watchlist_add",
    "watchlist_arrange",
    "watchlist_create",
    "watchlist_delete",
    "watchlist_remove",
    "watchlist_rename",
]

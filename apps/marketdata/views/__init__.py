"""The pages of the marketdata app: quotes, instrument, option chain and streams."""

from apps.marketdata.views.chain import options
from apps.marketdata.views.instrument import history, instrument, latest
from apps.marketdata.views.notes import notes, twigs, viewed
from apps.marketdata.views.quotes import (
    quotes,
    watchlist_add,
    watchlist_edit,
    watchlist_items,
    watchlist_new,
    watchlist_search,
)
from apps.marketdata.views.streams import stream_switch, streams

__all__ = [
    "history",
    "instrument",
    "latest",
    "notes",
    "options",
    "quotes",
    "stream_switch",
    "streams",
    "twigs",
    "viewed",
    "watchlist_add",
    "watchlist_edit",
    "watchlist_items",
    "watchlist_new",
    "watchlist_search",
]

"""Reads of the marketdata app: quotes from Redis, everything else from rows."""

from apps.marketdata.selectors.bars import (
    bars_covered,
    bars_of,
    closes_since,
    downloads_open,
    downloads_visible,
)
from apps.marketdata.selectors.closes import last_closes
from apps.marketdata.selectors.instruments import (
    details_due,
    instrument_get,
    instruments_known,
    options_of,
    rule_get,
    rules_due,
    rules_of,
)
from apps.marketdata.selectors.lines import troubles_of
from apps.marketdata.selectors.prices import (
    NO_BROKER,
    price_in,
    quotes_and_link,
    quotes_judged,
    quotes_of,
)
from apps.marketdata.selectors.quotes import quotes_frame, quotes_snapshot, quotes_state
from apps.marketdata.selectors.streams import (
    explained,
    market_data_type,
    stream_state,
    viewed,
    wanted,
    workers_held,
)
from apps.marketdata.selectors.watchlists import watchlist_get, watchlists_of

__all__ = [
    "NO_BROKER",
    "bars_covered",
    "bars_of",
    "closes_since",
    "details_due",
    "downloads_open",
    "downloads_visible",
    "explained",
    "instrument_get",
    "instruments_known",
    "last_closes",
    "market_data_type",
    "options_of",
    "price_in",
    "quotes_and_link",
    "quotes_frame",
    "quotes_judged",
    "quotes_of",
    "quotes_snapshot",
    "quotes_state",
    "rule_get",
    "rules_due",
    "rules_of",
    "stream_state",
    "troubles_of",
    "viewed",
    "wanted",
    "watchlist_get",
    "watchlists_of",
    "workers_held",
]

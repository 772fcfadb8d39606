"""Prices of instruments over all connections a reader may see: value, kind, time, stale or not."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
import redis
from django.conf import settings

from apps.accounts.links import Link
from apps.accounts.models import Connection
from apps.accounts.selectors import link_keys, link_read, link_unknown, links_effective
from apps.lib import redis as store
from apps.marketdata.models import Instrument
from apps.marketdata.pipeline.conflate import STALE
from apps.marketdata.staleness import Price, price_of
from ibkr.types import PriceKind, Session

log = logging.getLogger(__name__)

Quote = dict[str, Any]
NO_BROKER = "1100"
"""TWS answers but has lost Interactive Brokers: no price can come; static/js/price.js agrees."""
RANK = {kind.value: rank for rank, kind in enumerate(PriceKind)}
"""Live first, missing last."""


def quotes_of(slugs: Sequence[str], con_ids: Iterable[int]) -> dict[int, tuple[str, Quote]]:
    """The best quote of each instrument and the connection it is from; absent where none has one.

    One Redis pipeline. Quotes whose gateway has fallen silent are stale and of kind missing.
    """
    wanted = list(con_ids)
    if not wanted or not slugs:
        return {}
    with store.client().pipeline(transaction=False) as pipe:
        for slug in slugs:
            pipe.hmget(store.QUOTES.format(slug=slug), [str(con_id) for con_id in wanted])
            pipe.exists(store.QUOTES_ALIVE.format(slug=slug))
        answers = pipe.execute()
    best: dict[int, tuple[str, Quote]] = {}
    for slug, raws, alive in zip(slugs, answers[::2], answers[1::2], strict=True):
        for con_id, raw in zip(wanted, raws, strict=True):
            if raw is not None:
                quote = _tended(orjson.loads(raw), alive=bool(alive))
                if con_id not in best or _rank(quote) < _rank(best[con_id][1]):
                    best[con_id] = (slug, quote)
    return best


def quotes_and_link(
    connection: Connection, con_ids: Iterable[int]
) -> tuple[dict[int, Quote], Link]:
    """The quotes of one connection, absent where it has none, and how its link is; read at once.

    Without Redis there are no quotes and nothing is known of the link. Quotes whose gateway has
    fallen silent are stale and of kind missing.
    """
    slug, wanted = connection.slug, list(con_ids)
    alive_key = store.QUOTES_ALIVE.format(slug=slug)
    try:
        with store.client().pipeline(transaction=False) as pipe:
            pipe.mget(alive_key, *link_keys(connection))
            pipe.hmget(store.QUOTES.format(slug=slug), wanted)
            (alive, *link), raws = pipe.execute()
    except (redis.RedisError, OSError) as error:
        log.warning("quotes and link not readable: %s", error)
        return {}, link_unknown(connection)
    told = zip(wanted, raws, strict=True)
    quotes = {
        con_id: _tended(orjson.loads(raw), alive=alive is not None)
        for con_id, raw in told
        if raw is not None
    }
    return quotes, link_read(connection, *link)


def quotes_judged(slugs: Sequence[str], con_ids: Iterable[int]) -> dict[int, tuple[str, Quote]]:
    """Likewise, for people: stale too where TWS has lost its broker, so others go before these."""
    links = links_effective(list(Connection.objects.filter(slug__in=slugs)))
    cut = {slug for slug, link in links.items() if link.code == NO_BROKER}
    wanted = list(con_ids)
    best = quotes_of([slug for slug in slugs if slug not in cut], wanted)
    for con_id, (slug, quote) in quotes_of([slug for slug in slugs if slug in cut], wanted).items():
        if con_id not in best or best[con_id][1].get("kind") == PriceKind.MISSING.value:
            best[con_id] = (slug, quote | {STALE: True})
    return best


def price_in(quote: Quote, instrument: Instrument | None, now: datetime) -> Price:
    """Unknown instruments have unknown hours: their prices go stale around the clock."""
    sessions: tuple[Session, ...] = () if instrument is None else instrument.liquid_sessions
    limit = timedelta(seconds=settings.QUOTE_STALE_SECONDS)
    return price_of(quote, sessions=sessions, now=now, limit=limit)


def _tended(quote: Quote, *, alive: bool) -> Quote:
    return quote if alive else quote | {STALE: True, "kind": PriceKind.MISSING.value}


def _rank(quote: Quote) -> tuple[int, int]:
    return RANK.get(quote.get("kind", ""), len(RANK)), -int(quote.get("at", 0))

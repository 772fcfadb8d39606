"""What a connection has to stream, and what its gateway says about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.models import Connection
from apps.accounts.selectors import contracts_held
from apps.lib import redis as store
from apps.marketdata.budget import Reason, Want
from apps.marketdata.fallback import NO_DATA
from apps.marketdata.lines import LineState
from apps.marketdata.models import Instrument, StreamConfig, StreamTarget, WatchlistItem
from apps.marketdata.saying import sentences_of, taken_sentence
from apps.marketdata.status import StreamStatus
from ibkr.errors import explain
from ibkr.types import Contract, MarketDataType

State = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Instruments to stream: positions first, then targets, watchlists, what pages look at."""

    wants: tuple[Want, ...]
    contracts: dict[int, Contract]
    known: dict[int, Instrument]
    """Rows with details, for those that have been looked up."""


def wanted(config: StreamConfig, at: datetime) -> Wanted:
    """Everything the connection should stream now, whether or not it fits."""
    slug = config.connection.slug
    held = _held(config.connection) if config.positions else {}
    wants = [Want(con_id, Reason.POSITION) for con_id in held]
    if config.targets:
        wants += [Want(con_id, Reason.TARGET) for con_id in _targets(config.connection)]
    if config.watchlists:
        wants += [Want(con_id, Reason.WATCHLIST) for con_id in _watched(config.connection)]
    wants += [Want(con_id, Reason.BROWSING) for con_id in viewed(slug, at)]
    known = Instrument.objects.in_bulk({want.con_id for want in wants})
    contracts = {con_id: row.contract for con_id, row in known.items()} | held
    return Wanted(tuple(w for w in wants if w.con_id in contracts), contracts, known)


def market_data_type(connection: Connection) -> MarketDataType:
    """What the stream prefers: its own choice, or else the connection's."""
    config = StreamConfig.objects.filter(connection=connection).first()
    chosen = None if config is None else config.market_data_type
    return MarketDataType(chosen or connection.market_data_type)


def viewed(slug: str, at: datetime) -> list[int]:
    """Instruments that open pages have asked for a short while ago."""
    key = store.VIEWED.format(slug=slug)
    found: Any = store.client().zrangebyscore(key, at.timestamp(), "+inf")
    return [int(member) for member in found]


def workers_held(slugs: Iterable[str]) -> dict[str, bool]:
    """Whether a gateway worker holds each connection; raises RedisError when nobody can tell."""
    names = list(slugs)
    with store.client().pipeline(transaction=False) as pipe:
        for slug in names:
            pipe.exists(store.LEASE.format(name=f"connection:{slug}"))
        return dict(zip(names, map(bool, pipe.execute()), strict=True))


def stream_state(config: StreamConfig) -> State:
    """State of the topic `streams:<slug>`: status, counts, and one entry for each instrument."""
    slug = config.connection.slug
    with store.client().pipeline(transaction=False) as pipe:
        pipe.exists(store.LEASE.format(name=f"connection:{slug}"))
        pipe.get(store.STREAMS.format(slug=slug))
        held, raw = pipe.execute()
    return compose(config, orjson.loads(raw) if raw else None, held=bool(held))


def compose(config: StreamConfig, told: State | None, *, held: bool) -> State:
    """`told` is what the gateway wrote last; without a worker nothing of it is true any more."""
    state = _bare(config, told, held=held)
    return {**state, "sentences": sentences_of(state)}


def _bare(config: StreamConfig, told: State | None, *, held: bool) -> State:
    if not config.enabled:
        return {"enabled": False, "status": StreamStatus.STOPPED.value, "lines": {}}
    if not held:
        return {"enabled": True, "status": StreamStatus.FAILED.value, "lines": {}}
    if told is None or told["status"] == StreamStatus.STOPPED.value:
        return {"enabled": True, "status": StreamStatus.STARTING.value, "lines": {}}
    return {"enabled": True, **told}


def explained(line: State) -> State:
    """One entry of `lines` with sentence and remedy in the reader's language."""
    code, state = line.get("code"), line["state"]
    if code == NO_DATA:
        sentence = _("Nothing has come on this line although the market is open.")
        remedy = _("Look whether the data farm is connected and the data is subscribed.")
    elif code is not None:
        text = explain(code, line.get("text", ""))
        words = text.explanation(translation.get_language() or "en")
        sentence, remedy = words.meaning, words.remedy
    elif state == LineState.WAITING:
        sentence = taken_sentence(line.get("taken", {}))
        remedy = _("Stream fewer instruments, or book more lines and raise the limit here.")
    else:
        sentence = remedy = ""
    return {**line, "sentence": sentence, "remedy": remedy}


def _held(connection: Connection) -> dict[int, Contract]:
    held = contracts_held(connection)
    return {c.con_id: c for contracts in held.values() for c in contracts}


def _targets(connection: Connection) -> list[int]:
    rows = StreamTarget.objects.filter(connection=connection)
    return list(rows.values_list("instrument_id", flat=True))


def _watched(connection: Connection) -> list[int]:
    """What the connection's users watch: those with an account on it, and superusers."""
    users = get_user_model().objects.filter(
        Q(is_superuser=True) | Q(account_grants__account__connection=connection), is_active=True
    )
    rows = WatchlistItem.objects.filter(watchlist__user__in=users.values("pk"))
    return list(rows.order_by("position", "id").values_list("instrument_id", flat=True))

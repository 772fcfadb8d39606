"""Reads of the marketdata app: the last quotes, which live in Redis and not in the database."""

from typing import Any

import orjson

from apps.lib import redis as store
from apps.marketdata.pipeline.conflate import STALE
from apps.marketdata.pipeline.publish import SEQ
from ibkr.types import PriceKind

RawQuotes = dict[bytes, bytes]


def quotes_snapshot(slug: str) -> tuple[int, dict[str, Any]]:
    """Sequence number and state of the topic `quotes:<slug>`; 0 and nothing where none exist.

    When the gateway that wrote them has fallen silent, every quote is marked `"stale": true` and
    its kind is `missing`: the values are the last known ones and none of them is live.
    """
    with store.client().pipeline(transaction=True) as pipe:
        pipe.hgetall(store.QUOTES.format(slug=slug))
        pipe.exists(store.QUOTES_ALIVE.format(slug=slug))
        raw, alive = pipe.execute()
    return quotes_state(raw, alive=bool(alive))


def quotes_state(raw: RawQuotes, *, alive: bool) -> tuple[int, dict[str, Any]]:
    """The same from a Redis hash that somebody has read already."""
    seq, quotes = _split(raw)
    state = {con_id.decode(): orjson.loads(quote) for con_id, quote in quotes.items()}
    if not alive:
        for quote in state.values():
            quote |= {STALE: True, "kind": PriceKind.MISSING.value}
    return seq, state


def quotes_frame(slug: str, raw: RawQuotes, *, alive: bool) -> tuple[int, str]:
    """The snapshot of `quotes_state` as the text a page gets; live quotes are not decoded."""
    if alive:
        seq, quotes = _split(raw)
        data = b",".join(b'"%s":%s' % item for item in quotes.items())
    else:
        seq, state = quotes_state(raw, alive=False)
        data = orjson.dumps(state)[1:-1]
    head = f'{{"type":"snapshot","topic":"quotes:{slug}","seq":{seq},"data":{{'
    return seq, f"{head}{data.decode()}}}}}"


def _split(raw: RawQuotes) -> tuple[int, RawQuotes]:
    name = SEQ.encode()
    return int(raw.get(name, 0)), {key: value for key, value in raw.items() if key != name}

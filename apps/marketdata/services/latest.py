"""The newest bars fetched anew when one has ended: what a page makes of ticks is a likeness."""

from datetime import datetime

from apps.accounts.models import Connection
from apps.lib import redis as store
from apps.lib.queue import enqueue, gateway_queue
from apps.marketdata import selectors
from apps.marketdata.barplan import RECENT, SIZES, Span, whole_bars
from apps.marketdata.models import Instrument
from apps.marketdata.routing import bar_content
from apps.marketdata.services.bars import bars_store, routed_contract
from ibkr.port import BrokerPort

FETCH = "marketdata.bars_latest"
GOOD_FOR = 60.0
WINDOW, LIMIT = 600, 20
"""A third of IB's requests for history in ten minutes: downloads must get on, too."""


def bars_latest_ask(
    *, connection: Connection, instrument: Instrument, size: str, at: datetime
) -> bool:
    """Once for each bar that ended, however many pages ask; False when nothing was sent."""
    seconds = int(SIZES[size].length.total_seconds())
    moment = int(at.timestamp())
    bar = f"{connection.slug}:{instrument.con_id}:{size}:{moment // seconds}"
    if not store.client().set(store.LATEST.format(name=bar), 1, nx=True, ex=seconds + WINDOW):
        return False
    if _spent(connection.slug, moment // WINDOW) > LIMIT:
        return False
    queue, con_id = gateway_queue(connection.slug), instrument.con_id
    enqueue(FETCH, queue=queue, expires=GOOD_FOR, slug=connection.slug, con_id=con_id, size=size)
    return True


def bars_latest_fetch(port: BrokerPort, *, con_id: int, size: str, at: datetime) -> int:
    """In the gateway process; how many bars came. Raises IbkrError."""
    instrument = selectors.instrument_get(con_id)
    what = bar_content(instrument.sec_type)
    bars = port.bars(
        routed_contract(instrument),
        end_at=None,
        duration=RECENT[size],
        bar_size=size,
        what=what,
    )
    first_at = min((bar.start_at for bar in bars), default=at)
    covered = whole_bars(Span(first_at, at), SIZES[size])
    forward = covered.start_at < covered.end_at
    bars_store(con_id=con_id, size=size, what=what, bars=bars, covered=covered if forward else None)
    return len(bars)


def _spent(slug: str, window: int) -> int:
    key = store.LATEST.format(name=f"{slug}:{window}")
    with store.client().pipeline(transaction=False) as pipe:
        pipe.incr(key)
        pipe.expire(key, 2 * WINDOW)
        return int(pipe.execute()[0])

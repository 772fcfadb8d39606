"""Fetches last closes for instruments that do not stream, from the broker."""

import logging
from collections.abc import Iterable
from datetime import datetime

from apps.marketdata.barplan import Span
from apps.marketdata.models import Instrument
from apps.marketdata.routing import bar_content
from apps.marketdata.services.bars import bars_store, routed_contract
from ibkr.errors import RequestRefused
from ibkr.port import BrokerPort

log = logging.getLogger(__name__)

SIZE, DURATION = "1 day", "5 D"


def closes_fetch(port: BrokerPort, *, con_ids: Iterable[int], at: datetime) -> list[int]:
    """Stores the newest daily bars; returns those the broker gives none of. Raises IbkrError.

    That they reach up to `at` is stored with them: it tells later whether the newest one was
    final when it was fetched.
    """
    refused = []
    for instrument in Instrument.objects.filter(pk__in=list(con_ids)):
        what = bar_content(instrument.sec_type)
        try:
            bars = port.bars(
                routed_contract(instrument),
                end_at=None,
                duration=DURATION,
                bar_size=SIZE,
                what=what,
            )
        except RequestRefused as error:
            log.info("no close of %s from the broker: %s", instrument, error)
            refused.append(instrument.con_id)
            continue
        first_at = min((bar.start_at for bar in bars), default=at)
        covered = Span(first_at, at) if first_at < at else None
        bars_store(con_id=instrument.con_id, size=SIZE, what=what, bars=bars, covered=covered)
    return refused

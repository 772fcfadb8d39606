"""Fetches last closes for instruments that do not stream, from the broker."""

import logging
from collections.abc import Iterable

from apps.marketdata.models import Instrument
from apps.marketdata.routing import bar_content
from apps.marketdata.services.bars import bars_store, routed_contract
from ibkr.errors import RequestRefused
from ibkr.port import BrokerPort

log = logging.getLogger(__name__)

SIZE, DURATION = "1 day", "5 D"


def closes_fetch(port: BrokerPort, *, con_ids: Iterable[int]) -> list[int]:
    """Stores the newest daily bars; returns those the broker gives none of. Raises IbkrError."""
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
        bars_store(con_id=instrument.con_id, size=SIZE, what=what, bars=bars, covered=None)
    return refused

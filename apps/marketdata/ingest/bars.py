"""Historical bars: written once, overwritten when a bar that was still being made comes again."""

from collections.abc import Iterable
from decimal import Decimal

from django.db.models import Q

from apps.accounts.numbers import rounded
from apps.marketdata.models import Bar, Source
from ibkr.types import Bar as ToldBar

BATCH = 500
VALUES = ["open", "high", "low", "close", "volume", "average", "count", "source"]


def on_bars(
    *, con_id: int, size: str, what: str, bars: Iterable[ToldBar], source: Source = Source.IB
) -> int:
    """How many were written. Another source's bars never replace the broker's own."""
    rows = {bar.start_at: _row(con_id, size, what, bar, source) for bar in bars}
    if source is not Source.IB:
        own = Bar.objects.filter(
            Q(start_at__in=rows), instrument=con_id, size=size, what=what, source=Source.IB
        )
        for start_at in own.values_list("start_at", flat=True):
            del rows[start_at]
    Bar.objects.bulk_create(
        rows.values(),
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["instrument", "size", "what", "start_at"],
        update_fields=VALUES,
    )
    return len(rows)


def _price(value: Decimal) -> Decimal:
    return rounded(value, 8) or Decimal(0)


def _row(con_id: int, size: str, what: str, bar: ToldBar, source: Source) -> Bar:
    return Bar(
        instrument_id=con_id,
        size=size,
        what=what,
        start_at=bar.start_at,
        open=_price(bar.open),
        high=_price(bar.high),
        low=_price(bar.low),
        close=_price(bar.close),
        volume=rounded(bar.volume, 4),
        average=rounded(bar.average, 8),
        count=bar.count,
        source=source,
    )

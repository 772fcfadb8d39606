"""What an order would do before anybody sends it: the gate's verdicts and a rough value."""

from decimal import Decimal
from typing import Any

from apps.accounts.numbers import plain
from apps.lib import clock
from apps.marketdata.models import Instrument
from apps.marketdata.selectors import quotes_of
from apps.risk.services import gate_preview
from apps.risk.types import OrderIntent, Verdict
from apps.trading.shapes import Shape


def preview(fields: dict[str, Any]) -> list[Verdict]:
    """Refusals first, then warnings, then what passed."""
    verdicts = gate_preview(intent=OrderIntent(**fields), at=clock.now())
    return sorted(verdicts, key=lambda v: (v.passed, not v.warning))


def worth(shape: Shape, instrument: Instrument, slug: str) -> str | None:
    """What the order is worth in the instrument's currency; None without any price."""
    price = shape.limit_price or shape.stop_price or _quoted(shape.side, instrument, slug)
    if price is None:
        return None
    return plain(abs(price) * shape.quantity * (instrument.multiplier or Decimal(1)))


def _quoted(side: str, instrument: Instrument, slug: str) -> Decimal | None:
    _slug, quote = quotes_of([slug], [instrument.con_id]).get(instrument.con_id, ("", {}))
    for name in ("ask" if side == "BUY" else "bid", "last", "close"):
        if name in quote:
            return Decimal(str(quote[name]))
    return None

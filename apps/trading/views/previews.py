"""What an order would do before anybody sends it: the gate's verdicts and a rough value."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from apps.accounts.numbers import plain
from apps.lib import clock
from apps.marketdata.models import Instrument
from apps.marketdata.selectors import quotes_of
from apps.risk.services import gate_preview
from apps.risk.types import OrderIntent, Verdict
from apps.trading.shapes import Shape
from ibkr.types import MarginImpact

AskMargin = Callable[[], MarginImpact | None]
BUYING_POWER = "buying_power"


def preview(fields: dict[str, Any], ask_margin: AskMargin) -> list[Verdict]:
    """Refusals first, then warnings, then what passed.

    `ask_margin` asks the broker what the order would need, and is only called where the gate
    cannot judge without the answer.
    """
    intent, now = OrderIntent(**fields), clock.now()
    verdicts = gate_preview(intent=intent, at=now)
    if any(verdict.code == BUYING_POWER and not verdict.passed for verdict in verdicts):
        verdicts = gate_preview(intent=intent, at=now, margin=ask_margin())
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

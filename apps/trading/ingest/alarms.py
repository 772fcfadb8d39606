"""What a person must see of an order at once: an alert, and a line in the log."""

import logging
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.risk.services.alerts import alert_raise
from apps.trading.models import Order

log = logging.getLogger(__name__)

CONTRADICTION = "contradiction"
OVERFILLED = "overfilled"
BUST = "bust"
UNKNOWN = "order_unknown"

SENTENCES: dict[str, str | Promise] = {
    CONTRADICTION: _("The broker has it, although it was thought never to be sent."),
    OVERFILLED: _("It is filled beyond its quantity."),
    BUST: _("The broker has taken an execution back."),
}
WARNINGS = (BUST,)


def tell(order: Order, code: str, at: datetime) -> None:
    """In the transaction that found it; codes without a sentence here have the order's reason."""
    sentence = str(SENTENCES.get(code, order.reason))
    log.error("order %d: %s: %s", order.pk, code, sentence)
    alert_raise(
        code=code,
        severity="warning" if code in WARNINGS else "critical",
        account=order.account,
        sentence=f"{order.side} {order.quantity.normalize():f} {order.instrument}: {sentence}",
        data={"order": order.pk},
        key=str(order.pk),
        at=at,
    )

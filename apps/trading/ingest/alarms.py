"""What a person must see of an order at once: an alert, and a line in the log."""

import logging
from datetime import datetime

from django.utils.translation import gettext_noop as _n

from apps.risk.alerts.said import Said
from apps.risk.services.alerts import alert_raise, alert_recover
from apps.trading.models import Order

log = logging.getLogger(__name__)

CONTRADICTION = "contradiction"
OVERFILLED = "overfilled"
BUST = "bust"
UNKNOWN = "order_unknown"

ABOUT = _n("Order %(side)s %(quantity)s %(instrument)s: %(why)s")
SENTENCES = {
    CONTRADICTION: _n("The broker has it, although it was thought never to be sent."),
    OVERFILLED: _n("It is filled beyond its quantity."),
    BUST: _n("The broker has taken an execution back."),
}
WARNINGS = (BUST,)


def tell(order: Order, code: str, at: datetime) -> None:
    """In the transaction that found it; codes without a sentence here have the order's reason."""
    sentence = SENTENCES.get(code, order.reason)
    log.error("order %d: %s: %s", order.pk, code, sentence)
    alert_raise(
        code=code,
        severity="warning" if code in WARNINGS else "critical",
        account=order.account,
        sentence=Said(
            ABOUT,
            {
                "side": order.side,
                "quantity": f"{order.quantity.normalize():f}",
                "instrument": str(order.instrument),
                "why": sentence,
            },
        ),
        data={"order": order.pk},
        key=str(order.pk),
        at=at,
    )


def over(order: Order, code: str, at: datetime) -> None:
    """What was told of this order holds no more: whoever heard of it hears so."""
    alert_recover(code=code, account=order.account, key=str(order.pk), at=at)

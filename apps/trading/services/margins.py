"""The broker's what-if answer for an order that is about to be accepted, where the gate asks."""

import logging
from collections.abc import Callable

from apps.lib.errors import PortalError
from apps.lib.queue import ask
from apps.trading.models import Order
from apps.trading.services.terms import SHAPE_FIELDS
from apps.trading.whatif import WHAT_IF, impact_from, told
from ibkr.types import MarginImpact

log = logging.getLogger(__name__)

WITHIN = 5.0


def asks(order: Order) -> Callable[[], MarginImpact | None]:
    """Not asked yet: the gate calls it only for orders it cannot judge without."""

    def margin() -> MarginImpact | None:
        terms = told({name: getattr(order, name) for name in SHAPE_FIELDS})
        try:
            answer = ask(
                WHAT_IF,
                slug=order.connection.slug,
                timeout=WITHIN,
                account_id=order.account_id,
                con_id=order.instrument_id,
                terms=terms,
            )
        except PortalError as error:
            log.warning("no what-if answer: %s", error)
            return None
        return impact_from(answer)

    return margin

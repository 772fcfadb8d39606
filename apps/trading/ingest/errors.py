"""Errors that carry an order's id: rejects, refused changes and cancels, warnings, lies (10349)."""

from datetime import datetime

from django.db import transaction

from apps.trading.evidence import is_reject
from apps.trading.fsm import ASKS_FOR_A_LOOK, REFUSES_A_CHANGE
from apps.trading.ingest.dossier import Dossier
from apps.trading.ingest.finding import Names, find, locked
from apps.trading.ingest.terms import refuse_change
from ibkr.types import BrokerError


def on_order_error(connection_id: int, error: BrokerError, client_id: int, at: datetime) -> bool:
    """Whether only a look at open and completed orders can tell what it means."""
    if error.order_id is None:
        return False
    names = Names(perm_id=0, client_id=client_id, order_id=error.order_id)
    with transaction.atomic():
        pk = find(connection_id, names)
        if pk is None:
            return False
        dossier = Dossier(locked(pk), at)
        look = hear_error(dossier, error)
        dossier.write()
        return look


def hear_error(dossier: Dossier, error: BrokerError) -> bool:
    """As on_order_error, of an order that is at hand."""
    told = {"code": error.code, "text": error.text, "advanced_reject": error.advanced_reject}
    if error.code in REFUSES_A_CHANGE or is_reject(error.code):
        refused = refuse_change(dossier, error.code, error.text)
        if refused:
            dossier.record("change_refused", told)
        if refused is not False:
            return False
    dossier.evidence = dossier.evidence.hear_code(error.code, error.text, dossier.at)
    dossier.take("message", told)
    return error.code in ASKS_FOR_A_LOOK

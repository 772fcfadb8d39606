"""Rows for what the broker has and the portal did not send: shown, never touched by itself."""

import logging
from datetime import UTC, datetime
from typing import Any

from apps.accounts.ingest.accounts import PSEUDO_ACCOUNTS, on_accounts
from apps.accounts.models import BrokerAccount
from apps.marketdata.ingest import on_contract_details
from apps.marketdata.models import Instrument
from apps.trading.ingest.dossier import Dossier
from apps.trading.models import Execution, Order, Source
from apps.trading.refs import FOREIGN, is_ours
from apps.trading.states import OrderState
from ibkr.types import Contract, ContractDetails, OrderRequest

log = logging.getLogger(__name__)

NEVER_DETAILED = datetime(1970, 1, 1, tzinfo=UTC)
"""The details of an instrument that is known from an order only are fetched when next wanted."""


def adopt(
    *,
    connection_id: int,
    contract: Contract,
    request: OrderRequest,
    perm_id: int,
    client_id: int | None,
    order_id: int | None,
    at: datetime,
) -> Dossier | None:
    """A new external row, not saved yet; None where it has no identity, account or size."""
    account = account_of(connection_id, request.account, at)
    instrument = instrument_of(contract)
    if not perm_id or account is None or instrument is None or request.quantity <= 0:
        log.warning("an order of another program is left out: permId %d", perm_id)
        return None
    order = Order(
        account=account,
        connection_id=connection_id,
        instrument=instrument,
        source=Source.EXTERNAL,
        state=OrderState.SENT,
        client_id=client_id,
        ib_order_id=order_id,
        perm_id=perm_id,
        accepted_at=at,
        **_terms(request),
    )
    return Dossier(order, at)


def _terms(request: OrderRequest) -> dict[str, Any]:
    """TWS has types and times that the portal does not place: they are shown as they are."""
    return {
        "ref": request.order_ref[:64],
        "side": "BUY" if request.action == "BUY" else "SELL",
        "quantity": request.quantity,
        "order_type": request.order_type[:20],
        "tif": request.tif[:8],
        "limit_price": request.limit_price,
        "stop_price": request.stop_price,
        "trailing_percent": request.trailing_percent,
        "trail_stop_price": request.trail_stop_price,
        "outside_rth": request.outside_rth,
        "good_till_at": request.good_till_at,
        "algo_strategy": request.algo_strategy[:20],
        "algo_params": [list(pair) for pair in request.algo_params],
        "oca_group": request.oca_group[:64],
        "oca_type": request.oca_type,
        "transmit": request.transmit,
    }


def welcome(dossier: Dossier) -> None:
    """After its first save: its executions join it, and a ref of ours raises the alarm."""
    order = dossier.order
    orphans = Execution.objects.filter(
        connection_id=order.connection_id, perm_id=order.perm_id, order__isnull=True
    )
    if orphans.update(order=order):
        dossier.look_again()
        dossier.count()
        dossier.save("fill", {})
    if is_ours(order.ref):
        dossier.alarm(FOREIGN)
        dossier.write()


def account_of(connection_id: int, code: str, at: datetime) -> BrokerAccount | None:
    """Created when first seen; None for an account of another connection."""
    found = BrokerAccount.objects.filter(code=code).first()
    if found is None and code not in PSEUDO_ACCOUNTS:
        found = on_accounts(connection_id=connection_id, codes=[code], at=at)[0]
    return found if found is not None and found.connection_id == connection_id else None


def instrument_of(contract: Contract) -> Instrument | None:
    if not contract.con_id:
        return None
    found = Instrument.objects.filter(pk=contract.con_id).first()
    if found is None:
        told = ContractDetails(contract=contract)
        found = on_contract_details(details=[told], at=NEVER_DETAILED)[0]
    return found

"""Margin and commission an order would cost, asked of the broker; nothing is placed."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Unpack

from django.contrib.auth.models import User

from apps.accounts.models import BrokerAccount
from apps.lib.queue import ask
from apps.marketdata.models import Instrument
from apps.trading.models import Order
from apps.trading.permissions import check_may_trade
from apps.trading.services.orders import order_ref
from apps.trading.services.terms import SHAPE_FIELDS, contract_of, request_from, shape_of
from apps.trading.wanted import Terms
from apps.trading.whatif import WHAT_IF, heard, impact_from, plain, told
from ibkr.port import BrokerPort
from ibkr.types import MarginImpact


def order_what_if(
    *,
    user: User | None,
    account: BrokerAccount,
    instrument: Instrument,
    at: datetime,
    **terms: Unpack[Terms],
) -> MarginImpact:
    """None where the broker did not say. Raises Invalid, NotAllowed, Unavailable, NoAnswer or
    Answered with the broker's refusal."""
    if user is not None:
        check_may_trade(user, account)
    shape = shape_of(terms, instrument=instrument, at=at)
    answer = ask(
        WHAT_IF,
        slug=account.connection.slug,
        account_id=account.pk,
        con_id=instrument.con_id,
        terms=told({name: getattr(shape, name) for name in SHAPE_FIELDS}),
    )
    return impact_from(answer)


def what_if_here(
    port: BrokerPort, *, account_id: int, con_id: int, terms: dict[str, Any]
) -> dict[str, Any]:
    """In the gateway worker: asks and waits; raises IbkrError."""
    order = Order(ref=order_ref(), **heard(terms))
    order.account = BrokerAccount.objects.get(pk=account_id)
    order.instrument = Instrument.objects.get(pk=con_id)
    impact = port.what_if(contract_of(order.instrument), request_from(order))
    return {name: plain(value) for name, value in asdict(impact).items()}

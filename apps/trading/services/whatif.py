"""Margin and commission an order would cost, asked of the broker; nothing is placed."""

from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
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
from ibkr.port import BrokerPort
from ibkr.types import MarginImpact

WHAT_IF = "trading.what_if"
TIMES = ("good_till_at",)


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
    told = {name: _plain(getattr(shape, name)) for name in SHAPE_FIELDS}
    answer = ask(
        WHAT_IF,
        slug=account.connection.slug,
        account_id=account.pk,
        con_id=instrument.con_id,
        terms={name: value for name, value in told.items() if value is not None},
    )
    return MarginImpact(**{name: _amount(name, value) for name, value in answer.items()})


def what_if_here(
    port: BrokerPort, *, account_id: int, con_id: int, terms: dict[str, Any]
) -> dict[str, Any]:
    """In the gateway worker: asks and waits; raises IbkrError."""
    fields = {name: _value(name, value) for name, value in terms.items()}
    order = Order(ref=order_ref(), **fields)
    order.account = BrokerAccount.objects.get(pk=account_id)
    order.instrument = Instrument.objects.get(pk=con_id)
    impact = port.what_if(contract_of(order.instrument), request_from(order))
    return {name: _plain(value) for name, value in asdict(impact).items()}


NUMBERS = frozenset(
    {"quantity", "limit_price", "stop_price", "trailing_percent", "trail_stop_price"}
)
WORDS = frozenset({"commission_currency", "warning"})


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat()
    return [list(pair) for pair in value] if isinstance(value, tuple) else value


def _value(name: str, value: Any) -> Any:
    if name in NUMBERS:
        return Decimal(value)
    return datetime.fromisoformat(value) if name in TIMES else value


def _amount(name: str, value: Any) -> Any:
    return value if value is None or name in WORDS else Decimal(value)

"""What a person asks for, made into what can be sent: checked, rounded, and put to the gate."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from apps.accounts.models import BrokerAccount
from apps.lib.errors import Invalid
from apps.lib.prepared import Asked
from apps.marketdata.models import Instrument
from apps.marketdata.routing import routed
from apps.marketdata.selectors import quotes_of, rule_get
from apps.marketdata.selectors.instruments import rule_asked
from apps.risk.types import OrderIntent
from apps.trading.models import Order
from apps.trading.shapes import Shape, normal, problems, rounded
from ibkr.types import Contract, OrderRequest

SHAPE_FIELDS = tuple(Shape.__dataclass_fields__)

_rule_before: dict[int, int] = {}
"""By conId the rule that applied when it was last asked for: only to ask for it early."""


def contract_of(instrument: Instrument) -> Contract:
    """With the exchange the order goes to."""
    return routed(instrument.contract, listed=instrument.exchange) or instrument.contract


def shape_of(terms: Mapping[str, Any], *, instrument: Instrument, at: datetime) -> Shape:
    """Complete and on the market's price steps; raises Invalid with sentences by field."""
    given = {name: terms[name] for name in SHAPE_FIELDS if terms.get(name) is not None}
    shape = normal(Shape(**given))
    lot, least = instrument.lot, instrument.least
    found = problems(shape, at=at, lot=lot, least=least, sec_type=instrument.sec_type)
    if found:
        raise Invalid(
            _("The order cannot be sent like this."),
            fields={name: [_(text) for text in texts] for name, texts in found.items()},
        )
    stepped = rounded(shape, lambda price: step_at(instrument, price))
    if stepped.limit_price == 0 or stepped.stop_price == 0:
        raise Invalid(
            _("The order cannot be sent like this."),
            fields={"limit_price": [_("The price is below the smallest step of the market.")]},
        )
    return stepped


def rules_asked(con_id: int) -> list[Asked]:
    """The question that `step_at` is likely to ask of the instrument, for `together`."""
    rule_id = _rule_before.get(con_id)
    return [] if rule_id is None else [rule_asked(rule_id)]


def step_at(instrument: Instrument, price: Decimal) -> Decimal | None:
    """The market rule's step on the exchange the order goes to, else the smallest step known."""
    rule_id = instrument.rule_id(contract_of(instrument).exchange)
    if rule_id is not None:
        _rule_before[instrument.con_id] = rule_id
    rule = rule_get(rule_id) if rule_id is not None else None
    found = rule.increment_at(price) if rule is not None else None
    return found or instrument.min_tick


def shape_from(order: Order) -> Shape:
    """What an order row asks the broker for."""
    fields = {name: getattr(order, name) for name in SHAPE_FIELDS}
    fields["algo_params"] = tuple((str(tag), str(value)) for tag, value in order.algo_params)
    return Shape(**fields)


def request_from(order: Order, *, parent_id: int = 0) -> OrderRequest:
    """What goes on the wire; the account is selected with the order."""
    shape = shape_from(order)
    return OrderRequest(
        account=order.account.code,
        action=shape.side,
        quantity=shape.quantity,
        order_type=shape.order_type,
        tif=shape.tif,
        order_ref=order.ref,
        limit_price=shape.limit_price,
        stop_price=shape.stop_price,
        trailing_percent=shape.trailing_percent,
        trail_stop_price=shape.trail_stop_price,
        outside_rth=shape.outside_rth,
        good_till_at=shape.good_till_at,
        parent_id=parent_id,
        oca_group=shape.oca_group,
        oca_type=shape.oca_type,
        transmit=order.transmit,
        algo_strategy=shape.algo_strategy,
        algo_params=shape.algo_params,
    )


def intent_from(order: Order) -> OrderIntent:
    """The question to the gate about a row, its own row left out of what is working.

    What it has filled already is in the position: what is left is judged.
    """
    return OrderIntent(
        account_id=order.account_id,
        con_id=order.instrument_id,
        side=order.side,
        quantity=order.remaining or order.quantity,
        order_type=order.order_type,
        tif=order.tif,
        source=order.source,
        limit_price=order.limit_price,
        stop_price=order.stop_price,
        outside_rth=order.outside_rth,
        algo_strategy=order.algo_strategy,
        strategy=order.strategy,
        idempotency_key=order.idempotency_key,
        plan_line_id=order.plan_line_id,
        order_id=order.pk,
        oca_group=order.oca_group,
        parent_signed=_signed(order.parent),
    )


def _signed(parent: Order | None) -> Decimal:
    """What a parent still has to fill before its children may."""
    if parent is None:
        return Decimal(0)
    return parent.remaining if parent.side == "BUY" else -parent.remaining


def arrival_price(account: BrokerAccount, instrument: Instrument) -> Decimal | None:
    """Middle of bid and ask right now, for slippage; None without both, or when they are stale."""
    slug = account.connection.slug
    _slug, quote = quotes_of([slug], [instrument.con_id]).get(instrument.con_id, ("", {}))
    bid, ask = quote.get("bid"), quote.get("ask")
    if bid is None or ask is None or quote.get("stale"):
        return None
    return (Decimal(str(bid)) + Decimal(str(ask))) / 2

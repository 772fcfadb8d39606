"""Orders from a person's intent to a committed row: checked, rounded, gated, and then enqueued."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Unpack
from uuid import uuid4

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import BrokerAccount
from apps.accounts.services import audit_append
from apps.accounts.services.audit import audit_event
from apps.lib.errors import Invalid
from apps.lib.prepared import Asked, Whole, insert
from apps.marketdata.models import Instrument
from apps.risk.models import GateDecision
from apps.risk.services.gate import decision_keep
from apps.trading import topics
from apps.trading.models import Order
from apps.trading.permissions import check_may_trade
from apps.trading.refs import PREFIX
from apps.trading.services.asked_at_once import keys_taken, placed_at_once, possible
from apps.trading.services.gating import passed
from apps.trading.services.margins import asks
from apps.trading.services.steps import event_first, event_made
from apps.trading.services.terms import (
    SHAPE_FIELDS,
    arrival_price,
    intent_from,
    rules_asked,
    shape_of,
)
from apps.trading.services.wake import wake
from apps.trading.shapes import Shape
from apps.trading.states import OrderState
from apps.trading.wanted import Placing

SUBMIT = "trading.submit"
TRIES = 3
"""Against others who write into the audit, before it is locked for several statements."""
KEYED = Whole(
    Order,
    lambda account_id, key: Order.objects.filter(
        account_id=account_id, idempotency_key=key
    ).order_by(),
)


def order_ref() -> str:
    """Ours for ever: it comes back with every order, execution and completed order."""
    return f"{PREFIX}{uuid4().hex[:26]}"


def known_asked(account_id: int, con_id: int, key: str) -> list[Asked]:
    """Questions that `order_place` asks before the gate does, for `together`."""
    return [*rules_asked(con_id), KEYED.asked(account_id=account_id, key=key)]


def order_place(
    *,
    user: User | None,
    account: BrokerAccount,
    instrument: Instrument,
    source: str,
    at: datetime,
    **terms: Unpack[Placing],
) -> Order:
    """The one door for a new order; `user` is None where the portal acts by itself (runs).

    Raises Invalid, NotAllowed or GateRefused. The same idempotency key of an account again gives
    the first order; with another content it raises Invalid.
    """
    asked = _Asked(user, account, instrument, source, at)
    if user is not None:
        check_may_trade(user, account)
    order = _prepared(asked, terms)
    if not order.pk:
        order.decision = passed(intent_from(order), at=at, ask_margin=asks(order))
    return order if order.pk else _accept_all([order])[0]


def bracket_place(
    *,
    take_profit: Decimal,
    stop_loss: Decimal,
    user: User | None,
    account: BrokerAccount,
    instrument: Instrument,
    source: str,
    at: datetime,
    **terms: Unpack[Placing],
) -> tuple[Order, Order, Order]:
    """An entry with its exits: the broker starts them together, and one exit ends the other.

    The gate judges each of the three, the exits as what closes the entry. Raises as order_place
    does, before anything is stored.
    """
    asked = _Asked(user, account, instrument, source, at)
    if user is not None:
        check_may_trade(user, account)
    key = terms.get("idempotency_key", "")
    entry = _prepared(asked, terms | {"transmit": False})
    exits: Placing = {
        "side": "SELL" if entry.side == "BUY" else "BUY",
        "quantity": entry.quantity,
        "order_type": "LMT",
        "tif": "GTC",
        "parent": entry,
        "strategy": entry.strategy,
    }
    profit = exits | {"limit_price": take_profit, "transmit": False}
    loss = exits | {"order_type": "STP", "stop_price": stop_loss}
    family = [entry, _prepared(asked, _keyed(profit, key, "profit"))]
    family.append(_prepared(asked, _keyed(loss, key, "loss")))
    if not entry.pk:
        for order in family:
            order.decision = passed(intent_from(order), at=at, ask_margin=asks(order))
        family = _accept_all(family)
    return family[0], family[1], family[2]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who asks for what, through which door, when."""

    user: User | None
    account: BrokerAccount
    instrument: Instrument
    source: str
    at: datetime


def _keyed(terms: Placing, key: str, part: str) -> Placing:
    return terms | {"idempotency_key": f"{key}/{part}" if key else ""}


def _prepared(asked: _Asked, terms: Placing) -> Order:
    """A complete row that is not stored yet, or the stored one of the same idempotency key."""
    shape = shape_of(terms, instrument=asked.instrument, at=asked.at)
    found = _known(asked, shape, terms.get("idempotency_key", ""))
    if found is not None:
        return found
    return Order(
        account=asked.account,
        connection=asked.account.connection,
        instrument=asked.instrument,
        source=asked.source,
        placed_by=asked.user,
        accepted_at=asked.at,
        ref=order_ref(),
        state=OrderState.ACCEPTED,
        parent=terms.get("parent"),
        transmit=terms.get("transmit", True),
        strategy=terms.get("strategy", ""),
        plan_line=terms.get("plan_line"),
        idempotency_key=terms.get("idempotency_key", ""),
        arrival_price=arrival_price(asked.account, asked.instrument),
        **{name: getattr(shape, name) for name in SHAPE_FIELDS},
    )


def _known(asked: _Asked, shape: Shape, key: str) -> Order | None:
    """The order that came with this key before; raises Invalid when it was another one."""
    if not key:
        return None
    found = KEYED.first(account_id=asked.account.pk, key=key)
    if found is None:
        return None
    same = all(_same(getattr(found, name), getattr(shape, name)) for name in SHAPE_FIELDS)
    if not same or found.instrument_id != asked.instrument.con_id:
        raise Invalid(
            _("This key was used before, for another order."),
            fields={"idempotency_key": [_("Use a new key for a new order.")]},
        )
    return found


def _same(stored: Any, wanted: Any) -> bool:
    if isinstance(stored, list):
        return [tuple(pair) for pair in stored] == [tuple(pair) for pair in wanted]
    return bool(stored == wanted)


def _accept_all(family: list[Order]) -> list[Order]:
    """In one transaction; its first order wakes the gateway worker, which sends all of them."""
    first = family[0]
    try:
        if len(family) > 1 or not _accept_at_once(first):
            _accept_in_steps(family)
    except IntegrityError:
        # Somebody else came with the same key at the same moment.
        _keep_decisions(family)
        found = Order.objects.filter(account=first.account, idempotency_key=first.idempotency_key)
        if not first.idempotency_key or not found.exists():
            raise
        return [
            Order.objects.get(account=first.account, idempotency_key=order.idempotency_key)
            for order in family
        ]
    return family


def _accept_at_once(order: Order) -> bool:
    """False where it takes several statements; then nothing is stored."""
    decision = order.decision
    if decision is None or not possible():
        return False
    done = any(_stored_at_once(order, decision) for _ in range(TRIES))
    if done:
        _tell([order])
    return done


def _stored_at_once(order: Order, decision: GateDecision) -> bool:
    """False, with nothing stored, where another was quicker with the audit."""
    keys, done = keys_taken(), False
    if keys is None:
        return False
    order.pk, decision.pk, head = keys
    order.decision = decision
    event = event_made(order.pk, kind="accepted", after=order.state, at=order.accepted_at)
    try:
        done = placed_at_once(order, decision, event, audit_event(head=head, **_audited(order)))
    finally:
        if not done:
            order.pk = decision.pk = None
    return done


def _accept_in_steps(family: list[Order]) -> None:
    with transaction.atomic():
        for order in family:
            _accept(order)
        _tell(family)
        for order in family:
            audit_append(**_audited(order))


def _tell(family: list[Order]) -> None:
    """On commit, the worker that sends them before the browsers that show them."""
    wake(SUBMIT, slug=family[0].connection.slug, order_id=family[0].pk)
    for order in family:
        topics.order_changed(order)


def _accept(order: Order) -> None:
    _keep_decisions([order])
    # By now they have keys.
    order.decision, order.parent = order.decision, order.parent
    insert(order)
    event_first(order.pk, kind="accepted", after=order.state, at=order.accepted_at)


def _keep_decisions(family: list[Order]) -> None:
    """The gate's answers are kept whatever becomes of the orders."""
    for order in family:
        if order.decision is not None:
            decision_keep(order.decision)


def _audited(order: Order) -> dict[str, Any]:
    """What the audit says of it: its arguments."""
    told = {
        "ref": order.ref,
        "con_id": order.instrument_id,
        "side": order.side,
        "quantity": order.quantity,
        "type": order.order_type,
        "tif": order.tif,
        "limit": order.limit_price,
        "stop": order.stop_price,
        "source": order.source,
        "decision": order.decision_id,
    }
    return {
        "actor": order.placed_by,
        "action": "order.place",
        "subject": f"order {order.pk}",
        "account": order.account,
        "data": told,
        "at": order.accepted_at,
    }

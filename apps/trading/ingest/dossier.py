"""One locked order: hear what is new, then `save` writes the difference, its event, and tells."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from apps.accounts.numbers import rounded
from apps.trading import evidence as words
from apps.trading import topics
from apps.trading.evidence import Evidence, Terms
from apps.trading.fills import Fill, Paid, tally
from apps.trading.fsm import NEVER_AT_THE_BROKER
from apps.trading.ingest import alarms
from apps.trading.models import CommissionReport, Order, OrderEvent
from apps.trading.refs import FOREIGN, is_ours
from apps.trading.states import ENDED, OrderState

BROKER, RECONCILE, PORTAL = "broker", "reconcile", "portal"


class Dossier:
    """Use inside a transaction, on an order that `finding.locked` gave."""

    def __init__(self, order: Order, at: datetime, origin: str = BROKER) -> None:
        self.order = order
        self.at = at
        self.origin = origin
        self.evidence: Evidence = words.load(order.evidence)
        self._new = order.pk is None
        self.before = "" if self._new else order.state
        self._stored = _fields(order)

    @property
    def terms(self) -> Terms:
        return Terms(self.order.tif, self.order.quantity, self.order.filled)

    def name(self, *, perm_id: int, client_id: int, order_id: int) -> None:
        """Takes over the ids that the broker has given."""
        order = self.order
        if perm_id and order.perm_id is None:
            order.perm_id = perm_id
        if order.ib_order_id is None and order_id:
            order.client_id, order.ib_order_id = client_id, order_id

    def count(self) -> None:
        """Filled, average and commission anew from all executions."""
        rows = list(self.order.executions.all())
        reports = CommissionReport.objects.filter(
            connection_id=self.order.connection_id, exec_id__in=[row.exec_id for row in rows]
        )
        done = tally(
            [Fill(r.base, r.revision, r.exec_id, r.quantity, r.price) for r in rows],
            [Paid(r.exec_id, r.amount, r.currency) for r in reports],
        )
        self.order.filled = done.filled
        self.order.average_price = rounded(done.average, 10)
        self.order.commission = rounded(done.commission, 8)
        self.order.commission_currency = done.currency

    def save(self, kind: str, data: Mapping[str, Any]) -> bool:
        """Whether anything changed; a repetition writes nothing."""
        self._settle()
        changed = [n for n, value in _fields(self.order).items() if value != self._stored[n]]
        if not changed and not self._new:
            return False
        self.order.save(update_fields=None if self._new else changed)
        self._new, self._stored = False, _fields(self.order)
        kind = self._kind(kind)
        self.note(kind, data)
        self._watch(kind, changed)
        self.before = self.order.state
        topics.order_changed(self.order)
        return True

    def alarm(self, code: str) -> None:
        """An event, an alert and a line in the log."""
        self.note("alarm", {"code": code})
        alarms.tell(self.order, code, self.at)

    def note(self, kind: str, data: Mapping[str, Any]) -> None:
        """An event of this order; the lock on its row keeps the numbers apart."""
        newest = OrderEvent.objects.filter(order=self.order).aggregate(n=Max("number"))["n"]
        OrderEvent.objects.create(
            order=self.order,
            number=(newest or 0) + 1,
            kind=kind,
            before=self.before,
            after=self.order.state,
            origin=self.origin,
            data={name: _plain(value) for name, value in data.items()},
            at=self.at,
        )

    def _settle(self) -> None:
        """State, status, reason and times as the evidence has them."""
        order, evidence = self.order, self.evidence
        state = words.state_of(evidence, self.terms)
        order.evidence = words.dump(evidence)
        order.broker_status = words.status_of(evidence)[:20]
        order.why_held = words.why_held_of(evidence)[:60]
        if state is not None:
            order.state = state
            order.acknowledged_at = order.acknowledged_at or self.at
            order.ended_at = (order.ended_at or self.at) if state in ENDED else None
        if state is not None or evidence.said:
            code, text = self._reason(state)
            order.reason_code, order.reason = code[:40], text[:500]

    def _reason(self, state: OrderState | None) -> tuple[str, str]:
        if self.order.external and is_ours(self.order.ref):
            return FOREIGN, _(
                "The broker has an order with a reference of this portal, and the portal has no "
                "row of it: the database is older than the order, or it was sent twice."
            )
        return words.reason_of(self.evidence, state)

    def _kind(self, kind: str) -> str:
        if self.before in NEVER_AT_THE_BROKER and self.order.state != self.before:
            return alarms.CONTRADICTION
        return kind

    def _watch(self, kind: str, changed: list[str]) -> None:
        """What must not be, and what takes back what was believed."""
        order = self.order
        if kind in (alarms.CONTRADICTION, alarms.BUST):
            self.alarm(kind)
        if "filled" in changed and order.filled > order.quantity:
            self.alarm(alarms.OVERFILLED)
        if order.state == OrderState.UNKNOWN and "state" in changed:
            self.alarm(alarms.UNKNOWN)
        elif self.before == OrderState.UNKNOWN and "state" in changed:
            alarms.over(order, alarms.UNKNOWN, self.at)


def _fields(order: Order) -> dict[str, Any]:
    """Values of the columns by name; JSON columns are replaced here, never changed in place."""
    return {f.attname: getattr(order, f.attname) for f in order._meta.concrete_fields}


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | list | None) else str(value)

"""One locked order: hear what is new, `take` each message, then `write` the difference and tell."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from apps.accounts.numbers import rounded
from apps.lib.prepared import insert_all, update
from apps.trading import evidence as words
from apps.trading import topics
from apps.trading.evidence import Evidence, Terms
from apps.trading.fills import Fill, Paid, tally
from apps.trading.fsm import NEVER_AT_THE_BROKER
from apps.trading.ingest import alarms
from apps.trading.ingest.known import Known, changes_of, known_of, report_of
from apps.trading.models import CommissionReport, Execution, Order, OrderChange, OrderEvent
from apps.trading.refs import FOREIGN, is_ours
from apps.trading.states import ENDED, OrderState

BROKER, RECONCILE, PORTAL = "broker", "reconcile", "portal"


class Dossier:
    """Use inside a transaction, on an order that `finding.locked` gave or `opened` with what is
    `known` of it."""

    def __init__(
        self, order: Order, at: datetime, origin: str = BROKER, known: Known | None = None
    ) -> None:
        self.order = order
        self._known = known
        self.at = at
        self.origin = origin
        self.evidence: Evidence = words.load(order.evidence)
        self._new = order.pk is None
        self.before = "" if self._new else order.state
        self._stored = _fields(order)
        self._changed: set[str] = set()
        self._events: list[OrderEvent] = []
        self._told: dict[str, Execution] = {}

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

    @property
    def known(self) -> Known:
        """What the database has; read once."""
        if self._known is None:
            self._known = known_of(self.order.pk)
        return self._known

    @property
    def changes(self) -> list[OrderChange]:
        """Those that were sent, the oldest first; read once, as long as `changes_moved` is not
        called."""
        known = self.known
        if known.changes is None:
            known.changes = changes_of(self.order.pk)
        for change in known.changes:
            change.order = self.order
        return known.changes

    def changes_moved(self) -> None:
        self.known.changes = None

    def look_again(self) -> None:
        """Others have written about this order: what is known is read anew."""
        self._known = None

    def count(self) -> None:
        """Filled, average and commission anew from all executions."""
        fills, reports = self.known.fills, self.known.reports
        done = tally(
            [Fill(r.base, r.revision, r.exec_id, r.quantity, r.price) for r in fills.values()],
            [Paid(r.exec_id, r.amount, r.currency) for r in reports.values() if r is not None],
        )
        self.order.filled = done.filled
        self.order.average_price = rounded(done.average, 10)
        self.order.commission = rounded(done.commission, 8)
        self.order.commission_currency = done.currency

    def filled(self, row: Execution) -> None:
        """A stored execution of this order, maybe a new one."""
        known = self.known
        known.fills[row.exec_id] = row
        if row.exec_id not in known.reports:
            known.reports[row.exec_id] = report_of(self.order.connection_id, row.exec_id)

    def paid(self, report: CommissionReport) -> None:
        """A stored commission of an execution of this order, maybe a new one."""
        self.known.reports[report.exec_id] = report

    def tell(self, row: Execution) -> None:
        """Pages hear of this execution; with the order, by `write`, where they show both."""
        if row.account_id == self.order.account_id:
            self._told[row.base] = row
        else:
            topics.execution_changed(row)

    def save(self, kind: str, data: Mapping[str, Any]) -> bool:
        """Whether anything changed, which is written then."""
        changed = self.take(kind, data)
        self.write()
        return changed

    def take(self, kind: str, data: Mapping[str, Any]) -> bool:
        """Whether what was heard changes anything; a repetition does not. `write` stores it."""
        self._settle()
        now = _fields(self.order)
        changed = [n for n, value in now.items() if value != self._stored[n]]
        if not changed and not self._new:
            return False
        if self._new:
            self.order.save()
            self._new, now = False, _fields(self.order)
        self._stored = now
        self._changed.update(changed)
        kind = self._kind(kind)
        self.record(kind, data)
        self._watch(kind, changed)
        self.before = self.order.state
        return True

    def write(self) -> None:
        """What was taken so far: one row, its events, one word to the pages."""
        if self._changed:
            update(self.order, self._changed)
        if self._changed or self._told:
            topics.order_changed(self.order, self._told.values())
            self._changed, self._told = set(), {}
        if self._events:
            # The lock on the order's row keeps the numbers apart.
            for event in self._events:
                self.known.newest += 1
                event.number = self.known.newest
            insert_all(self._events)
            self._events = []

    def alarm(self, code: str) -> None:
        """An event, an alert and a line in the log."""
        self.record("alarm", {"code": code})
        alarms.tell(self.order, code, self.at)

    def record(self, kind: str, data: Mapping[str, Any]) -> None:
        """An event of this order, for `write`."""
        self._events.append(
            OrderEvent(
                order=self.order,
                kind=kind,
                before=self.before,
                after=self.order.state,
                origin=self.origin,
                data={name: _plain(value) for name, value in data.items()},
                at=self.at,
            )
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

"""What closes the gap between our rows and the broker's picture: two pictures in, steps out; pure.

Nothing is ever sent again here. An order that a complete picture does not hold ends only where
that proves something; otherwise it is unknown, and a person settles it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from apps.trading.evidence import Evidence, Terms, facts, state_of
from apps.trading.states import OPEN, OrderState
from apps.trading.wire_terms import WireTerms, wire_terms
from ibkr.types import CompletedOrder, Execution, OpenOrder

GRACE = timedelta(seconds=10)
"""How long an order may be on its way while the socket that it went to lives."""
SETTLED = timedelta(seconds=2)
"""A word younger than this when the picture was asked for may be newer than the picture."""
AT_BROKER = OPEN - {OrderState.ACCEPTED}
NOT_FOUND = 10147
"""What TWS answers to a cancel of an order that it does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerPicture:
    """Complete answers of one connection, all asked for after `asked_at`."""

    open_orders: tuple[OpenOrder, ...]
    completed: tuple[CompletedOrder, ...]
    executions: tuple[Execution, ...]
    client_id: int
    next_order_id: int
    taken_at: datetime
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One of our rows: every open one, and every one that the picture names."""

    pk: int
    state: OrderState
    ref: str
    perm_id: int | None
    client_id: int | None
    ib_order_id: int | None
    transmit: bool
    terms: Terms
    order_type: str
    held: WireTerms
    """Quantity and prices as the row has them."""
    evidence: Evidence
    wired_at: datetime | None
    """When it was sent, or else claimed."""
    explained: bool
    """The broker's position in its instrument is what our executions add up to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """What a picture can prove: `since_at` is the start of the day that executions and completed
    orders cover, `linked_at` when the present socket was opened (None: not known)."""

    since_at: datetime
    linked_at: datetime | None = None


class Kind(StrEnum):
    OPEN = "open"
    """The broker holds it: hear its status and terms, or take it in as external."""
    RENEW = "renew"
    """It is open, whatever was said before the picture."""
    COMPLETED = "completed"
    ABSENT = "absent"
    """Proven never to have reached the broker."""
    GONE = "gone"
    """It was at the broker, is no more, and was not filled meanwhile."""
    LATER = "later"
    """Too much has happened just now: the next picture tells."""
    UNCLEAR = "unclear"
    """Not at the broker, and the picture cannot tell what became of it."""


@dataclass(frozen=True, slots=True)
class Step:
    kind: Kind
    pk: int | None = None
    told: OpenOrder | CompletedOrder | None = None
    code: str = ""


def fresh_executions(picture: BrokerPicture, exec_ids: Collection[str]) -> list[Execution]:
    """Those that are not stored yet; they are stored before `steps` is asked."""
    return [row for row in picture.executions if row.exec_id not in exec_ids]


def steps(
    known: Sequence[Known], picture: BrokerPicture, fresh: Sequence[Execution], horizon: Horizon
) -> list[Step]:
    """What else is to be done, in order. An order with a fresh execution is left for the next
    picture, unless this one names it."""
    found: list[Step] = []
    named: set[int] = set()
    for order in picture.open_orders:
        row = _match(known, order)
        named |= {row.pk} if row else set()
        found.append(_of_open(order, row, picture))
    for done in picture.completed:
        row = _match_completed(known, done)
        named |= {row.pk} if row else set()
        if _tells(done, row):
            found.append(Step(Kind.COMPLETED, row.pk if row else None, done))
    missing = [row for row in known if row.pk not in named and row.state in AT_BROKER]
    for row in missing:
        filling = any(_is(row, execution) for execution in fresh)
        found.append(Step(Kind.LATER, row.pk) if filling else _of_missing(row, picture, horizon))
    return found


def _of_open(order: OpenOrder, row: Known | None, picture: BrokerPicture) -> Step:
    if row is None:
        return Step(Kind.OPEN, None, order)
    renewed = row.evidence.renewed(order.status, picture.asked_at)
    differs = row.state is not state_of(renewed, row.terms) or _differ(row, order)
    older = row.evidence.heard_at is None or row.evidence.heard_at < picture.asked_at
    silent = not facts(row.evidence, row.terms) and row.evidence.word is None
    kind = Kind.RENEW if differs and older and not silent else Kind.OPEN
    return Step(kind, row.pk, order)


def _differ(row: Known, order: OpenOrder) -> bool:
    asked = order.request
    told = wire_terms(row.order_type, asked.quantity, asked.limit_price, asked.stop_price)
    return asked.quantity > 0 and told != row.held


def _tells(done: CompletedOrder, row: Known | None) -> bool:
    """Of orders placed elsewhere only the filled ones matter."""
    if row is None:
        return done.filled > 0
    return row.evidence.completed != done.status or row.state in OPEN


def _of_missing(row: Known, picture: BrokerPicture, horizon: Horizon) -> Step:
    """An open row that the picture does not name."""
    if facts(row.evidence, row.terms):
        return _gone(row, picture, horizon)
    if row.wired_at is None:
        # Nothing was ever heard of it, and when it was sent is not known: only a person can tell.
        return Step(Kind.UNCLEAR, row.pk, code="too_old")
    waited = picture.asked_at - row.wired_at
    lost = horizon.linked_at is not None and row.wired_at < horizon.linked_at
    if waited < (SETTLED if lost else GRACE):
        return Step(Kind.LATER, row.pk)
    if not row.transmit and NOT_FOUND not in row.evidence.said:
        # TWS keeps what is not transmitted to itself: no list shows it. A cancel of it tells.
        return Step(Kind.UNCLEAR, row.pk, code="not_transmitted")
    if row.wired_at >= horizon.since_at or row.explained:
        return Step(Kind.ABSENT, row.pk, code="absent")
    return Step(Kind.UNCLEAR, row.pk, code="too_old")


def _gone(row: Known, picture: BrokerPicture, horizon: Horizon) -> Step:
    heard_at = row.evidence.heard_at or row.wired_at
    if heard_at is not None and heard_at > picture.asked_at - SETTLED:
        return Step(Kind.LATER, row.pk)
    if row.explained or (heard_at is not None and heard_at >= horizon.since_at):
        return Step(Kind.GONE, row.pk, code="gone")
    return Step(Kind.UNCLEAR, row.pk, code="ended_unseen")


def _match(known: Sequence[Known], order: OpenOrder) -> Known | None:
    ids = (order.client_id, order.order_id)
    return _best(known, order.perm_id, ids, order.request.order_ref)


def _match_completed(known: Sequence[Known], done: CompletedOrder) -> Known | None:
    return _best(known, done.perm_id, None, done.request.order_ref)


def _is(row: Known, execution: Execution) -> bool:
    ids = (execution.client_id, execution.order_id)
    return _best([row], execution.perm_id, ids, execution.order_ref) is not None


def _best(
    known: Iterable[Known], perm_id: int, ids: tuple[int, int] | None, ref: str
) -> Known | None:
    """By permId; else, for a row that has none yet, by a ref of its own or by ids and ref."""
    for row in known:
        if perm_id and row.perm_id == perm_id:
            return row
    for row in known:
        unnamed = row.perm_id is None or not perm_id
        if unnamed and row.ref == ref and (ref or (row.client_id, row.ib_order_id) == ids):
            return row
    return None

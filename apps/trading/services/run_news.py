"""Whether a run has anything to do, told without its lock.

SQLite lets one transaction write at a time: a run that only waits must not take that turn from
the gateway, which has fills to store.
"""

import logging
from datetime import datetime
from hashlib import sha256

import redis
from django.db.models import Q

from apps.lib import redis as store
from apps.trading.models import Order, RunEvent, TradeRun
from apps.trading.states import RunState

log = logging.getLogger(__name__)

ALWAYS = [RunState.PLANNING, RunState.APPROVED, RunState.EXECUTING]
LOOK_AGAIN = 8
"""Seconds after which a waiting run is looked at whatever happened: limits of time pass too."""


def runs_to_advance(at: datetime) -> list[int]:
    """Those at work, and plans that have expired."""
    expired = Q(state=RunState.PLANNED, dry=False, plan__expires_at__lte=at)
    rows = TradeRun.objects.filter(Q(state__in=ALWAYS) | expired)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def trace_of(run_id: int) -> bytes:
    """What a step depends on besides time and prices."""
    orders = Order.objects.filter(plan_line__plan__run=run_id).order_by("pk")
    newest = RunEvent.objects.filter(run=run_id).order_by("-number")
    event = newest.values_list("number", "kind").first()
    told_at = None
    if event is not None and event[1] == "funds_asked":
        told_at = TradeRun.objects.values_list("account__values_at", flat=True).get(pk=run_id)
    facts = list(orders.values_list("pk", "state", "filled", "cancel_asked_at"))
    return sha256(repr((facts, event, told_at)).encode()).hexdigest().encode()


def is_seen(run_id: int, trace: bytes) -> bool:
    """Whether somebody has found nothing to do at this point a moment ago."""
    try:
        return store.client().get(store.RUN_SEEN.format(id=run_id)) == trace
    except redis.RedisError as error:
        log.warning("whether run %d has news is not known: %s", run_id, error)
        return False


def mark_seen(run_id: int, trace: bytes) -> None:
    """Only where the step that followed `trace` changed nothing, nor anybody else meanwhile."""
    state = TradeRun.objects.filter(pk=run_id).values_list("state", flat=True).first()
    if state != RunState.EXECUTING or trace_of(run_id) != trace:
        return
    try:
        store.client().set(store.RUN_SEEN.format(id=run_id), trace, ex=LOOK_AGAIN)
    except redis.RedisError as error:
        log.warning("run %d will be looked at again at once: %s", run_id, error)

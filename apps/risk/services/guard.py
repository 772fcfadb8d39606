"""One look of the standing guard at an account: picture, figures, state, events, action."""

import logging
import time
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from apps.accounts.market_days import market_day
from apps.accounts.models import BrokerAccount, EquityPoint
from apps.accounts.selectors import link_effective
from apps.accounts.state import amount_in_base
from apps.risk import topics
from apps.risk.guard import Flow, Track, evaluate, settle
from apps.risk.guard.latches import Latched, Settled
from apps.risk.guard.losses import is_high
from apps.risk.guard.types import Figure, GuardLimits
from apps.risk.levels import SEVERITY, Guard, Kill
from apps.risk.models import GuardEvaluation, GuardEvent, GuardState
from apps.risk.selectors import own_level
from apps.risk.services import kill, latching, locks
from apps.risk.services.alerts import alert_raise
from apps.risk.services.pictures import flows_of, picture_of, values_of
from apps.risk.services.policies import limits_for
from apps.risk.words import english
from ibkr.types import LinkState

log = logging.getLogger(__name__)

GUARD = "guard"
ALERTS = {Guard.WARN: "info", Guard.REDUCE_ONLY: "warning", Guard.HALTED: "critical"}
AWAY = {"link", "gateway_silent", "stale_stream"}
"""What a restart of the gateway brings with it."""


def guard_evaluate_all(*, at: datetime) -> None:
    """Every account of a connection that is switched on; an error in one does not hide others."""
    accounts = BrokerAccount.objects.filter(connection__enabled=True).select_related("connection")
    for account in accounts:
        try:
            guard_evaluate(account=account, at=at)
        except Exception:
            log.exception("the guard could not evaluate %s", account)


def guard_evaluate(*, account: BrokerAccount, at: datetime) -> GuardEvaluation:
    """Completed only when its row is committed: that moves what `guard_silent` looks at."""
    locks.mismatches_check(account=account, at=at)
    started = time.perf_counter()
    limits = limits_for(account)
    with transaction.atomic():
        state = _state(account, at)
        picture = picture_of(account, _tracked(state, account, at), at=at)
        figures = evaluate(picture, limits)
        settled = settle(figures, latching.memory_of(state), at)
        took = (time.perf_counter() - started) * 1000
        evaluation = _written(state, settled, figures, took, at)
        _act(account, settled, limits, at)
    return evaluation


def guard_thin(*, at: datetime, days: int) -> int:
    """Deletes evaluations older than this that changed nothing; returns how many went."""
    old = GuardEvaluation.objects.filter(changed=False, at__lt=at)
    cut = at.timestamp() - days * 86_400
    gone, _per_table = old.filter(at__lt=datetime.fromtimestamp(cut, tz=at.tzinfo)).delete()
    return gone


def _state(account: BrokerAccount, at: datetime) -> GuardState:
    GuardState.objects.get_or_create(account=account, defaults={"since_at": at})
    return GuardState.objects.select_for_update(no_key=True).get(account=account)


def _tracked(state: GuardState, account: BrokerAccount, at: datetime) -> Track:
    """Begins a new session with the market's new day, and moves the high-water mark up."""
    net = amount_in_base(account, values_of(account), "NetLiquidation")
    today = market_day(account.base_currency, at)
    flows = flows_of(account)
    if net is not None and (state.session_on != today or state.session_start is None):
        state.session_start, state.session_started_at = _opening(state, account, net, at)
        state.session_on = today
    if net is not None and is_high(net, _track(state, flows)):
        state.high_water, state.high_water_at = net, at
    return _track(state, flows)


def _track(state: GuardState, flows: tuple[Flow, ...]) -> Track:
    return Track(
        start=state.session_start,
        start_at=state.session_started_at,
        high=state.high_water,
        high_at=state.high_water_at,
        flows=flows,
    )


def _opening(
    state: GuardState, account: BrokerAccount, net: Decimal, at: datetime
) -> tuple[Decimal, datetime]:
    """The last equity of the session before, so that a gap at the open counts as a loss."""
    if state.session_on is None:
        return net, at
    today = market_day(account.base_currency, at)
    for point in EquityPoint.objects.filter(account=account, at__lt=at).order_by("-at")[:2000]:
        if market_day(account.base_currency, point.at) < today:
            return point.net_liquidation, point.at
    return net, at


def _written(
    state: GuardState, settled: Settled, figures: tuple[Figure, ...], took_ms: float, at: datetime
) -> GuardEvaluation:
    before, after = state.state, settled.state
    latching.remember(state, settled.memory)
    evaluation = GuardEvaluation.objects.create(
        account=state.account,
        state=after.value,
        figures=[latching.figure_row(figure) for figure in figures],
        changed=before != after or state.evaluated_at is None,
        took_ms=round(took_ms, 3),
        at=at,
    )
    if before != after:
        state.state, state.since_at = after.value, at
        _event(state, before, settled, figures, at)
    state.evaluated_at = at
    state.save()
    topics.guard_changed(state.account_id)
    return evaluation


def _event(
    state: GuardState, before: str, settled: Settled, figures: tuple[Figure, ...], at: datetime
) -> None:
    """The transition, with the figures that made it, and an alert when it got worse."""
    after = settled.state
    why = [figure for figure in figures if figure.state is after] or [
        figure for figure in figures if figure.state is not Guard.OK
    ]
    sentence = f"{before} to {after.value}: " + "; ".join(english(figure) for figure in why)
    GuardEvent.objects.create(
        account=state.account,
        before=before,
        after=after.value,
        codes=[latching.figure_row(figure) for figure in why],
        sentence=sentence[:500],
        at=at,
    )
    latching.guard_over(state.account, Guard(before), after, at=at)
    worse = SEVERITY[after] > SEVERITY[Guard(before)]
    if worse and not _expected(state.account, why):
        alert_raise(
            code=f"guard_{after.value}",
            severity=ALERTS[after],
            account=state.account,
            sentence=f"Guard: {sentence}",
            data={"figures": [latching.figure_row(figure) for figure in why]},
            at=at,
        )


def _expected(account: BrokerAccount, why: list[Figure]) -> bool:
    """A gateway that restarts at its hour wakes nobody; that it stays away is told elsewhere."""
    if not {figure.code for figure in why} <= AWAY:
        return False
    return link_effective(account.connection).state is LinkState.RESTART_WINDOW


def _act(account: BrokerAccount, settled: Settled, limits: GuardLimits, at: datetime) -> None:
    """What is latched sets the account's kill level; only a person takes both down again.

    All latches, not only fresh ones, whoever may have taken the level away.
    """
    held = [latch for latch in settled.memory.latches if not latch.scoped]
    if not held:
        return
    halted = any(latch.state is Guard.HALTED for latch in held)
    level = int(limits.halt_level) if halted else int(Kill.REDUCE_ONLY)
    if own_level(account.pk) >= level:
        return
    figures = [_as_figure(latch) for latch in held]
    kill.kill_set(
        user=None,
        account=account,
        level=level,
        reason="; ".join(english(figure) for figure in figures),
        figures=[latching.figure_row(figure) for figure in figures],
        at=at,
        source="guard",
        by=GUARD,
    )


def _as_figure(latch: Latched) -> Figure:
    return Figure(code=latch.code, state=latch.state, value=latch.value, limit=latch.limit)

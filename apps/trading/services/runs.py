"""Trade runs as people handle them: answer, approve, cancel, resume."""

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as _n

from apps.lib.errors import Invalid
from apps.lib.queue import enqueue
from apps.risk.alerts.said import Said
from apps.trading.errors import RunRefused
from apps.trading.models import Order, TradeRun
from apps.trading.permissions import check_may_approve, check_may_trade
from apps.trading.services.approval import (
    approve,
    approve_by_policy,
    check_approval,
    price_moved,
)
from apps.trading.services.planning import run_plan
from apps.trading.services.run_steps import (
    ADVANCE,
    audit,
    enter,
    name_of,
    not_now,
    note,
    run_locked,
)
from apps.trading.states import RunState

ANSWERS = {"keep", "sell"}
WITH_REASON = _n("%(who)s cancelled it. %(reason)s")
WITHOUT_REASON = _n("%(who)s cancelled it.")
BEFORE_SENDING = {
    RunState.CREATED,
    RunState.PLANNING,
    RunState.AWAITING_ANSWER,
    RunState.PLANNED,
    RunState.APPROVED,
}


def run_answer(*, user: User, run: TradeRun, answers: Mapping[int, str], at: datetime) -> TradeRun:
    """A person's keep or sell for names held and not targeted; plans anew when all are answered.

    Raises NotAllowed, Invalid, RunRefused. The same answers again change nothing.
    """
    check_may_trade(user, run.account)
    wrong = {str(con_id): word for con_id, word in answers.items() if word not in ANSWERS}
    if wrong:
        raise Invalid(
            _("The answer is keep or sell."),
            fields={con_id: [_("Say keep or sell.")] for con_id in wrong},
        )
    with transaction.atomic():
        found = locked(run)
        if found.state != RunState.AWAITING_ANSWER:
            raise not_now(found)
        given = {str(con_id): word for con_id, word in answers.items()}
        found.answers = {**found.answers, **given}
        found.save(update_fields=["answers"])
        note(found, "answered", at, by=name_of(user), answers=given)
        enter(found, RunState.PLANNING, at)
        run_plan(found, at=at)
        approve_by_policy(found, at)
        enqueue(ADVANCE)
    return found


def run_approve(
    *, user: User, run: TradeRun, digest: str, at: datetime, confirmation: str = ""
) -> TradeRun:
    """Binds the approval to the plan with this digest, after looking at everything again.

    `confirmation`: in live mode the last four characters of the account. Raises NotAllowed,
    Invalid, Unavailable (try again), and RunRefused, after which most runs are over.
    """
    check_may_approve(user, run.account)
    with transaction.atomic():
        found = locked(run)
        if found.state in {RunState.APPROVED, RunState.EXECUTING} and (
            found.approved_digest == digest and found.approved_by == user
        ):
            return found
        if found.state != RunState.PLANNED or found.dry:
            raise not_now(found)
        refused = check_approval(found, digest=digest, confirmation=confirmation, at=at)
        if refused is None:
            approve(found, user, at)
        else:
            over = RunState.EXPIRED if refused.code == "plan_expired" else RunState.REFUSED
            said = refused.said
            entry = {"code": refused.code, "con_id": None, "sentence": said.english}
            refusals = [*found.refusals, entry | {"said": said.row()}]
            enter(found, over, at, code=refused.code, sentence=said, refusals=refusals)
    if refused is not None:
        raise refused
    return found


def run_cancel(*, user: User, run: TradeRun, at: datetime, reason: str = "") -> TradeRun:
    """Ends a run; one that executes stops, and what of it still works is cancelled.

    Harmless when repeated. Raises NotAllowed.
    """
    check_may_trade(user, run.account)
    with transaction.atomic():
        found = locked(run)
        if found.ended_at is not None:
            return found
        audit(user, "run.cancel", found, at, reason=reason)
        if found.state in BEFORE_SENDING:
            facts = {"who": name_of(user), "reason": reason}
            said = Said(WITH_REASON if reason else WITHOUT_REASON, facts)
            enter(found, RunState.CANCELLED, at, code="cancelled", sentence=said)
        else:
            note(found, "stop_asked", at, by=name_of(user), reason=reason)
            enqueue(ADVANCE)
    return found


def run_resume(*, user: User, run: TradeRun, at: datetime) -> TradeRun:
    """Lets a halted run go on once a person has settled why it halted; raises RunRefused.

    Prices are looked at again as for an approval, and every order passes the gate.
    """
    check_may_approve(user, run.account)
    with transaction.atomic():
        found = locked(run)
        if found.state != RunState.HALTED:
            raise not_now(found)
        orders = Order.objects.filter(plan_line__plan__run=found)
        if orders.filter(state="unknown").exists():
            raise RunRefused(
                "unknown_order",
                _("An order of this run is still of unknown outcome."),
                remedy=_("Settle it first, on the page of the order."),
            )
        if found.approved_at is None or at.date() != found.approved_at.date():
            raise RunRefused(
                "plan_expired",
                _("The plan is of another day."),
                remedy=_("Start an extra run under a name of its own."),
            )
        moved = price_moved(found, at=at)
        if moved is not None:
            raise moved
        audit(user, "run.resume", found, at)
        enter(found, RunState.EXECUTING, at)
        note(found, "resumed", at, by=name_of(user))
        enqueue(ADVANCE)
    return found


def locked(run: TradeRun) -> TradeRun:
    found = run_locked(run.pk)
    if found is None:
        raise TradeRun.DoesNotExist
    return found

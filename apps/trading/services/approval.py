"""Approving a plan, and what must still be true then."""

from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as _n

from apps.accounts.models import Mode
from apps.accounts.selectors import link_effective
from apps.lib.errors import Invalid, Unavailable
from apps.lib.queue import enqueue
from apps.marketdata.models import Instrument
from apps.risk.alerts.said import Said
from apps.trading.errors import RunRefused
from apps.trading.models import PlanLine, TradeRun
from apps.trading.services.freezing import funds_of, holdings_of, prices_of
from apps.trading.services.run_steps import ADVANCE, audit, enter
from apps.trading.states import RunState
from apps.trading.told import link_said, reader_text
from ibkr.types import LinkState

NOT_READY = _n("The link to the broker is not ready: %(why)s")
EXPIRED = _n("The plan expired at %(at)s UTC.")
UNPRICED = _n("There is no fresh price of %(name)s.")
MOVED = _n("%(name)s has moved from %(then)s to %(now)s since planning.")
CONFIRMED_BY = 4
"""Characters of the account's id that are typed to approve in live mode."""
ZERO = Decimal(0)


def check_approval(
    run: TradeRun, *, digest: str, confirmation: str, at: datetime
) -> RunRefused | None:
    """Returns what ends the run; raises what a second try can do better."""
    if digest != run.plan.digest:
        raise RunRefused(
            "other_plan",
            _("This is not the plan of the run."),
            remedy=_("Load the page again and look at the plan before approving."),
        )
    _check_confirmation(run, confirmation)
    link = link_effective(run.account.connection)
    if not link.worker or link.state is not LinkState.READY:
        raise Unavailable(
            reader_text(link_said(NOT_READY, link).row(), ""),
            remedy=_("Approve again once it is; the plan stays as it is until it expires."),
        )
    if at >= run.plan.expires_at:
        return RunRefused(
            "plan_expired",
            Said(EXPIRED, {"at": f"{run.plan.expires_at:%R}"}),
            remedy=_("Start the run again to plan with prices of now."),
        )
    return _mode_changed(run) or holdings_changed(run) or price_moved(run, at=at)


def _check_confirmation(run: TradeRun, confirmation: str) -> None:
    if run.mode != Mode.LIVE or confirmation == run.account.code[-CONFIRMED_BY:]:
        return
    raise Invalid(
        _("Live money: type the last four characters of the account to approve."),
        fields={"confirmation": [_("Type the last four characters of the account.")]},
    )


def _mode_changed(run: TradeRun) -> RunRefused | None:
    now = run.account.connection
    if (now.pk, now.mode) == (run.connection_id, run.mode):
        return None
    return RunRefused(
        "mode_changed",
        Said(_n("The account was on another connection or in another mode when this was planned.")),
        remedy=_("Start the run again."),
    )


def holdings_changed(run: TradeRun) -> RunRefused | None:
    held = holdings_of(run.account)
    moved, working = [], []
    for line in run.plan.lines.select_related("instrument"):
        now = held.get(line.instrument_id)
        if (now.quantity if now else ZERO) != line.position:
            moved.append(str(line.instrument))
        if (now.working_signed if now else ZERO) != line.working:
            working.append(str(line.instrument))
    planned = set(run.plan.lines.values_list("instrument_id", flat=True))
    moved += [str(con_id) for con_id, row in held.items() if con_id not in planned and row.quantity]
    remedy = _("Start the run again to plan with what is held now.")
    if moved:
        template = _n("Positions have changed since planning: %(names)s.")
        said = Said(template, {"names": ", ".join(moved)})
        return RunRefused("positions_changed", said, remedy=remedy)
    if working:
        template = _n("Open orders have changed since planning: %(names)s.")
        said = Said(template, {"names": ", ".join(working)})
        return RunRefused("orders_changed", said, remedy=remedy)
    return None


def price_moved(run: TradeRun, *, at: datetime) -> RunRefused | None:
    """A price that moved further than the policy allows, or is no longer there or fresh."""
    lines = list(run.plan.lines.exclude(quantity=0).select_related("instrument"))
    rows: list[Instrument] = [line.instrument for line in lines]
    quotes = prices_of(run.account, rows, rates=funds_of(run.account).rates, at=at)
    for line in lines:
        quoted = quotes[line.instrument_id]
        if quoted.price is None or quoted.at is None:
            return RunRefused(
                "stale_price",
                Said(UNPRICED, {"name": str(line.instrument)}),
                remedy=_("Look why its quote has stopped, then start the run again."),
            )
        if _drift(line, quoted.price) > run.policy.price_drift:
            return RunRefused(
                "price_moved",
                Said(
                    MOVED,
                    {
                        "name": str(line.instrument),
                        "then": f"{(line.price or ZERO).normalize():f}",
                        "now": f"{quoted.price.normalize():f}",
                    },
                ),
                remedy=_("Start the run again to plan with prices of now."),
            )
    return None


def _drift(line: PlanLine, price: Decimal) -> Decimal:
    return abs(price / line.price - 1) if line.price else Decimal(1)


def approve_by_policy(run: TradeRun, at: datetime) -> None:
    """Paper only: what passed the gate approves itself where the policy says so."""
    ready = run.state == RunState.PLANNED and not run.dry
    if ready and run.policy.automatic and run.mode == Mode.PAPER:
        approve(run, None, at)


def approve(run: TradeRun, user: User | None, at: datetime) -> None:
    digest = run.plan.digest
    enter(
        run,
        RunState.APPROVED,
        at,
        approved_by=user,
        approved_digest=digest,
        approved_at=at,
    )
    audit(user, "run.approve", run, at, digest=digest, automatic=user is None)
    enqueue(ADVANCE)

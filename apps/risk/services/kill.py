"""Kill levels: raised by one service from every door, and lifted only with a reason."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import redis
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as _n
from django.utils.translation import override

from apps.accounts.models import BrokerAccount
from apps.accounts.services import audit_append
from apps.lib.errors import Invalid
from apps.risk import topics
from apps.risk.alerts.said import Said
from apps.risk.levels import Kill
from apps.risk.models import KillEvent, KillSwitch
from apps.risk.permissions import check_may_kill, check_may_lift
from apps.risk.services import commands, flattening, latching
from apps.risk.services.alerts import alert_raise, alert_recover
from apps.risk.words import LEVELS

log = logging.getLogger(__name__)

SHORTEST = 3
GLOBAL = "all"
Row = Mapping[str, Any]
ALERT = "kill"
SET_BY = _n("%(who)s has set kill level %(level)s (%(name)s): %(reason)s")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    account: BrokerAccount | None
    level: int
    reason: str
    user: User | None
    by: str
    source: str
    figures: Sequence[Row]
    at: datetime


def kill_set(
    *,
    user: User | None,
    account: BrokerAccount | None,
    level: int,
    reason: str,
    at: datetime,
    source: str = "page",
    by: str = "",
    figures: Sequence[Row] = (),
) -> KillSwitch:
    """Raises the level of an account, or of everything; the same level again repeats its commands.

    `user` is None where the portal itself or its host's operator acts, named by `by`. `figures`
    are the guard's reason as numbers. Raises Invalid for a level below the present one: that is a
    lift, and asks for more.
    """
    if user is not None:
        check_may_kill(user, account)
    change = _change(user, account, level, reason, at, source, by, figures)
    if level not in range(Kill.NO_NEW_ORDERS, Kill.DROP + 1):
        raise Invalid(
            _("There is no such kill level."), fields={"level": [_("Levels are 1 to 5.")]}
        )
    if level >= Kill.CANCEL:
        _at_once(change)
    with transaction.atomic():
        switch = _locked(account, at)
        if level < switch.level:
            raise Invalid(
                _("The kill level is already higher."),
                fields={"level": [_("Lift it, with a reason, to go down.")]},
            )
        _write(switch, change)
        if level >= Kill.CANCEL:
            _command(change)
        _tell(change)
        _audit("kill.set", switch, change)
    return switch


def kill_lift(
    *,
    user: User,
    account: BrokerAccount | None,
    reason: str,
    at: datetime,
    level: int = 0,
    source: str = "page",
) -> KillSwitch:
    """Lowers the level, clears the guard's latches of the account, withdraws waiting commands.

    It restores no cancelled order and no closed position, and starts no halted trade run. Raises
    NotAllowed, or Invalid without a reason or when there is nothing to lift.
    """
    check_may_lift(user, account)
    change = _change(user, account, level, reason, at, source, "", ())
    with transaction.atomic():
        # In the guard's order: first its state, then the switch.
        latching.hold(account)
        switch = _locked(account, at)
        if not 0 <= level < switch.level and not latching.latched(account):
            raise Invalid(
                _("There is nothing to lift."), fields={"level": [_("No level is set here.")]}
            )
        _write(switch, change)
        _withdraw(change)
        for passed in range(level + 1, Kill.DROP + 1):
            alert_recover(code=ALERT, account=account, key=str(passed), at=at)
        if account is not None:
            latching.release(account, at=at)
        _audit("kill.lifted", switch, change)
    return switch


def _change(  # the arguments of two doors in one place
    user: User | None,
    account: BrokerAccount | None,
    level: int,
    reason: str,
    at: datetime,
    source: str,
    by: str,
    figures: Sequence[Row],
) -> _Change:
    if len(reason.strip()) < SHORTEST:
        raise Invalid(
            _("A reason is needed."),
            fields={"reason": [_("Write why, for whoever reads it later.")]},
        )
    name = user.get_username() if user is not None else by or "portal"
    return _Change(
        account=account,
        level=level,
        reason=reason.strip()[:400],
        user=user,
        by=name,
        source=source,
        figures=figures,
        at=at,
    )


def _at_once(change: _Change) -> None:
    """The cancels go out before anything is written: the database may be slow today.

    An order that is accepted between this word and the commit gets the second word.
    """
    for connection in commands.connections_of(change.account):
        try:
            commands.push(
                connection, change.account, commands.CANCEL_ALL, by=change.by, at=change.at
            )
        except (redis.RedisError, OSError) as error:
            log.warning("the kill's first word waits for Redis: %s", error)


def _locked(account: BrokerAccount | None, at: datetime) -> KillSwitch:
    scope = GLOBAL if account is None else str(account.pk)
    KillSwitch.objects.get_or_create(scope=scope, defaults={"account": account, "since_at": at})
    return KillSwitch.objects.select_for_update(no_key=True).get(scope=scope)


def _write(switch: KillSwitch, change: _Change) -> None:
    before, switch.level = switch.level, change.level
    switch.reason, switch.by, switch.since_at = change.reason, change.by, change.at
    switch.figures = list(change.figures)
    switch.save()
    KillEvent.objects.create(
        account=change.account,
        before=before,
        after=change.level,
        reason=change.reason,
        figures=list(change.figures),
        user=change.user,
        by=change.by,
        source=change.source,
        at=change.at,
    )
    topics.kill_changed(switch)


def _command(change: _Change) -> None:
    """Cancels first: what a dropped connection left working, IB would go on working."""
    wanted = [commands.CANCEL_ALL]
    if change.level == Kill.DROP:
        wanted.append(commands.DROP)
    for connection in commands.connections_of(change.account):
        for command in wanted:
            commands.command_write(
                connection=connection,
                account=change.account,
                command=command,
                by=change.by,
                at=change.at,
            )
    if change.level == Kill.FLATTEN:
        flattening.flatten_open_all(
            change.account, reason=change.reason, by=change.by, at=change.at
        )


def _tell(change: _Change) -> None:
    """The others at the desk hear that somebody stopped it; the guard tells its own halts."""
    if change.source == "guard":
        return
    with override("en"):
        name = Said(str(LEVELS[change.level]))
    alert_raise(
        code=ALERT,
        severity="warning",
        account=change.account,
        sentence=Said(
            SET_BY,
            {"who": change.by, "level": change.level, "name": name, "reason": change.reason},
        ),
        key=str(change.level),
        at=change.at,
    )


def _withdraw(change: _Change) -> None:
    connections = commands.connections_of(change.account)
    waiting = [
        row
        for row in commands.commands_pending(connections)
        if row.account_id == (None if change.account is None else change.account.pk)
        and (change.level < Kill.CANCEL or row.command == commands.DROP)
    ]
    commands.commands_withdraw(waiting, at=change.at)
    if change.level < Kill.FLATTEN:
        flattening.flatten_abandon(change.account, by=change.by, at=change.at)


def _audit(action: str, switch: KillSwitch, change: _Change) -> None:
    audit_append(
        actor=change.user or change.by,
        action=action,
        subject=f"kill:{switch.scope}",
        account=change.account,
        data={"level": change.level, "reason": change.reason, "source": change.source},
        at=change.at,
    )

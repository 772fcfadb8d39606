"""Changes of limits and of the restricted list: at once when stricter, as set when looser."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import BrokerAccount, Connection
from apps.accounts.permissions import User
from apps.accounts.services import audit_append
from apps.lib.errors import Invalid, NotAllowed
from apps.risk.models import LimitChange, RiskLimit
from apps.risk.permissions import check_may_change_limits
from apps.risk.policy import PARAMETERS, POLICIES, Limits, Looser, Parameter, Row, Subject, Value
from apps.risk.selectors.limits import COLUMNS

PENDING, APPLIED, DECLINED = LimitChange.State


KINDS = (
    "STK", "ETF", "OPT", "FOP", "FUT", "CASH", "WAR", "IND", "BOND", "CFD", "CMDTY", "CRYPTO",
    "FUND", "BAG",
)  # fmt: skip
"""IB's security types, and ETF for the shares of funds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitScope:
    """Which orders a limit is about; empty parts narrow nothing."""

    connection: Connection | None = None
    account: BrokerAccount | None = None
    sec_type: str = ""
    strategy: str = ""
    con_id: int | None = None

    def columns(self) -> dict[str, Any]:
        return {
            "connection": self.connection,
            "account": self.account,
            "sec_type": self.sec_type,
            "strategy": self.strategy,
            "con_id": self.con_id,
        }

    def place(self, code: str) -> str:
        """One text for one scope of one code."""
        parts = (
            code,
            "" if self.connection is None else self.connection.pk,
            "" if self.account is None else self.account.pk,
            self.sec_type,
            self.strategy,
            "" if self.con_id is None else self.con_id,
        )
        return "|".join(str(part) for part in parts)

    def subject(self) -> Subject:
        account = self.account
        connection = self.connection or (account.connection if account else None)
        return Subject(
            connection_id=None if connection is None else connection.pk,
            account_id=None if account is None else account.pk,
            kind=self.sec_type,
            sec_type=self.sec_type,
            strategy=self.strategy,
            con_id=self.con_id,
            net_liquidation=None if account is None else _net_liquidation(account),
        )


EVERYTHING = LimitScope()


def limit_change(
    *,
    user: User,
    code: str,
    name: str,
    value: str | None,
    reason: str,
    scope: LimitScope = EVERYTHING,
    at: datetime,
) -> LimitChange:
    """Sets one parameter in one scope; None takes it out again, so that a wider scope holds.

    What lets nothing more through applies at once. The rest does too, unless RISK_SECOND_PERSON
    is set: then it waits for somebody else. Raises Invalid or NotAllowed.
    """
    author = check_may_change_limits(user, scope.account)
    parameter = _parameter(code, name, value, reason, _misplaced(scope))
    with transaction.atomic():
        row = _locked(scope.place(code))
        old = None if row is None else row.parameters.get(name)
        new = None if value is None else value.strip()
        if old == new:
            raise Invalid(_("That is what holds already."), fields={"value": [_("No change.")]})
        raises = _loosens(parameter, code, scope, new)
        waits = raises and settings.RISK_SECOND_PERSON
        change = LimitChange.objects.create(
            code=code,
            name=name,
            old=old,
            new=new,
            raises=raises,
            reason=reason.strip(),
            state=PENDING if waits else APPLIED,
            asked_by=author,
            asked_at=at,
            decided_at=None if waits else at,
            **scope.columns(),
        )
        _apply(change, at) if not waits else _audit(change, author, "limit.asked", at)
    return change


def limit_decide(*, user: User, change: LimitChange, accept: bool, at: datetime) -> LimitChange:
    """A second person applies or declines a change that waits. Raises NotAllowed or Invalid."""
    other = check_may_change_limits(user, change.account)
    with transaction.atomic():
        found = LimitChange.objects.select_for_update(no_key=True).get(pk=change.pk)
        if found.state != PENDING:
            raise Invalid(
                _("This change has been decided already."), fields={"state": [found.state]}
            )
        if accept and found.asked_by_id == other.pk:
            raise NotAllowed(
                _("Somebody else has to agree to what you asked for."),
                remedy=_("Ask another person who may change limits."),
            )
        found.state = APPLIED if accept else DECLINED
        found.decided_by_id, found.decided_at = other.pk, at
        found.save(update_fields=["state", "decided_by", "decided_at"])
        _apply(found, at) if accept else _audit(found, other, "limit.declined", at)
    return found


def _apply(change: LimitChange, at: datetime) -> None:
    scope = LimitScope(
        connection=change.connection,
        account=change.account,
        sec_type=change.sec_type,
        strategy=change.strategy,
        con_id=change.con_id,
    )
    place = scope.place(change.code)
    row = _locked(place) or RiskLimit(place=place, code=change.code, **scope.columns())
    if row.parameters.get(change.name) != change.old:
        raise Invalid(
            _("The limit has changed since this was asked for."),
            fields={"old": [str(row.parameters.get(change.name))]},
        )
    kept = {name: text for name, text in row.parameters.items() if name != change.name}
    row.parameters = kept if change.new is None else kept | {change.name: change.new}
    row.changed_at = at
    if row.parameters:
        row.save()
    elif row.pk:
        row.delete()
    who = change.decided_by or change.asked_by
    _audit(change, who, "limit.raised" if change.raises else "limit.lowered", at)


def _audit(change: LimitChange, user: AbstractUser, action: str, at: datetime) -> None:
    audit_append(
        actor=user,
        action=action,
        subject=f"limit:{change.code}.{change.name}",
        account=change.account,
        data={
            "change": change.pk,
            "old": change.old,
            "new": change.new,
            "reason": change.reason,
            "asked_by": change.asked_by.get_username(),
            "connection": change.connection_id,
            "sec_type": change.sec_type,
            "strategy": change.strategy,
            "con_id": change.con_id,
        },
        at=at,
    )


def _locked(place: str) -> RiskLimit | None:
    return RiskLimit.objects.select_for_update(no_key=True).filter(place=place).first()


def _misplaced(scope: LimitScope) -> dict[str, list[str]]:
    """A scope that fits nothing would look like a limit that holds."""
    problems: dict[str, list[str]] = {}
    if scope.sec_type and scope.sec_type not in KINDS:
        kinds = ", ".join(KINDS)
        problems["sec_type"] = [_("Choose one of these: %(choices)s.") % {"choices": kinds}]
    if scope.con_id is not None and scope.con_id <= 0:
        problems["con_id"] = [_("A conId is a whole number. Take it from the instrument's page.")]
    return problems


def _parameter(
    code: str, name: str, value: str | None, reason: str, problems: dict[str, list[str]]
) -> Parameter:
    parameter = PARAMETERS.get((code, name))
    if code not in POLICIES:
        problems["code"] = [_("There is no such control.")]
    elif parameter is None:
        problems["name"] = [_("This control has no such number.")]
    elif value is not None:
        problems |= _unreadable(parameter, value)
    if not reason.strip():
        problems["reason"] = [_("Say why: it is kept with the change.")]
    if problems or parameter is None:
        raise Invalid(_("The limit cannot be set like this."), fields=problems)
    return parameter


def _unreadable(parameter: Parameter, value: str) -> dict[str, list[str]]:
    try:
        parsed = parameter.parsed(value)
    except ValueError:
        return {"value": [_("This is not a number.")]}
    if parameter.choices and parsed not in parameter.choices:
        choices = ", ".join(parameter.choices)
        return {"value": [_("Choose one of these: %(choices)s.") % {"choices": choices}]}
    if isinstance(parsed, Decimal) and parsed < 0:
        return {"value": [_("A limit is not negative.")]}
    return {}


def _loosens(parameter: Parameter, code: str, scope: LimitScope, new: str | None) -> bool:
    """Whether more gets through than now. What cannot be compared counts as looser."""
    subject, place = scope.subject(), scope.place(code)
    rows = [
        (row_place, Row(*columns))
        for row_place, *columns in RiskLimit.objects.values_list("place", *COLUMNS)
    ]
    before = Limits(subject, (row for _place, row in rows)).setting(code, parameter.name).value
    others = [row for row_place, row in rows if row_place != place]
    if new is not None:
        own = {"connection": scope.connection, "account": scope.account}
        ids = {f"{name}_id": None if found is None else found.pk for name, found in own.items()}
        others.append(
            Row(
                0,
                code,
                {parameter.name: new},
                sec_type=scope.sec_type,
                strategy=scope.strategy,
                con_id=scope.con_id,
                **ids,
            )
        )
    after = Limits(subject, others).setting(code, parameter.name).value
    return _is_looser(parameter, before, after)


def _is_looser(parameter: Parameter, before: Value | None, after: Value | None) -> bool:
    if before == after:
        return False
    if parameter.looser is Looser.ANY:
        return True
    if not isinstance(after, Decimal):
        return True
    if not isinstance(before, Decimal):
        return parameter.of_nlv is not None
    return after > before if parameter.looser is Looser.HIGHER else after < before


def _net_liquidation(account: BrokerAccount) -> Decimal | None:
    rows = account.values.filter(tag="NetLiquidation", currency=account.base_currency)
    return rows.values_list("amount", flat=True).first()

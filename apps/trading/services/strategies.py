"""Strategies and the policies they rebalance by: made, switched, and changed as a new version."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Field
from django.utils.translation import gettext as _

from apps.accounts.models import BrokerAccount, Mode
from apps.accounts.services import audit_append
from apps.lib.errors import Invalid
from apps.trading.models import Policy, Strategy
from apps.trading.permissions import check_may_manage
from apps.trading.rebalance import Override
from apps.trading.selectors.strategies import policy_newest
from apps.trading.services.providing import provider_of

POLICY_FIELDS = (
    "cash_buffer",
    "drift_absolute",
    "drift_relative",
    "minimum_trade",
    "turnover_cap",
    "allow_short",
    "not_targeted",
    "overrides",
    "style",
    "collar",
    "leftover",
    "leftover_after_seconds",
    "reprices",
    "plan_minutes",
    "price_drift",
    "automatic",
)
FRACTIONS = ("cash_buffer", "drift_absolute", "drift_relative", "collar", "price_drift")
RANGES: Mapping[str, tuple[Decimal, Decimal]] = {
    **dict.fromkeys(FRACTIONS, (Decimal(0), Decimal("0.99"))),
    "drift_relative": (Decimal(0), Decimal(10)),
    "minimum_trade": (Decimal(0), Decimal("1e9")),
    "turnover_cap": (Decimal(0), Decimal(10)),
    "leftover_after_seconds": (Decimal(5), Decimal(86_400)),
    "reprices": (Decimal(0), Decimal(50)),
    "plan_minutes": (Decimal(1), Decimal(1440)),
}
Complaints = dict[str, list[str]]


def strategy_create(
    *,
    user: User | None,
    account: BrokerAccount,
    name: str,
    at: datetime,
    provider: str = "",
    params: Mapping[str, Any] | None = None,
    policy: Mapping[str, Any] | None = None,
) -> Strategy:
    """With its first policy: the usual rules, changed by `policy`. `user` None is the portal.

    Raises NotAllowed, and Invalid with a sentence for each field.
    """
    if user is not None:
        check_may_manage(user, account)
    strategy = Strategy(account=account, name=name, provider=provider, params=dict(params or {}))
    _check_strategy(strategy)
    with transaction.atomic():
        strategy.save()
        _version(strategy, user, dict(policy or {}), before=None, at=at)
        _audit(user, "strategy.create", strategy, at, provider=provider)
    return strategy


def strategy_update(
    *,
    user: User,
    strategy: Strategy,
    at: datetime,
    enabled: bool | None = None,
    provider: str | None = None,
    params: Mapping[str, Any] | None = None,
) -> Strategy:
    """What is None stays. Raises NotAllowed, Invalid."""
    check_may_manage(user, strategy.account)
    before = {"enabled": strategy.enabled, "provider": strategy.provider, "params": strategy.params}
    strategy.enabled = strategy.enabled if enabled is None else enabled
    strategy.provider = strategy.provider if provider is None else provider
    strategy.params = strategy.params if params is None else dict(params)
    _check_strategy(strategy)
    after = {"enabled": strategy.enabled, "provider": strategy.provider, "params": strategy.params}
    if after != before:
        with transaction.atomic():
            strategy.save(update_fields=list(after))
            _audit(user, "strategy.change", strategy, at, before=before, after=after)
    return strategy


def policy_change(
    *, user: User | None, strategy: Strategy, changes: Mapping[str, Any], at: datetime
) -> Policy:
    """A new version with these fields changed; the newest one itself when nothing differs.

    Raises NotAllowed, and Invalid with a sentence for each field.
    """
    if user is not None:
        check_may_manage(user, strategy.account)
    with transaction.atomic():
        Strategy.objects.select_for_update(no_key=True).get(pk=strategy.pk)
        newest = policy_newest(strategy.pk)
        return _version(strategy, user, dict(changes), before=newest, at=at)


def _version(
    strategy: Strategy,
    user: User | None,
    changes: dict[str, Any],
    *,
    before: Policy | None,
    at: datetime,
) -> Policy:
    kept = {} if before is None else {name: getattr(before, name) for name in POLICY_FIELDS}
    number = 1 if before is None else before.version + 1
    complaints: Complaints = {
        name: [_("A policy has no such field.")] for name in changes if name not in POLICY_FIELDS
    }
    known = {name: value for name, value in changes.items() if name in POLICY_FIELDS}
    made = Policy(
        strategy=strategy, version=number, made_by=user, made_at=at, **_parsed(kept | known)
    )
    complaints |= _policy_complaints(made)
    if complaints:
        raise Invalid(_("The policy cannot be like this."), fields=complaints)
    if before is not None and all(getattr(made, name) == kept[name] for name in POLICY_FIELDS):
        return before
    made.save()
    old = {name: kept.get(name) for name in known}
    _audit(user, "policy.change", strategy, at, version=number, before=old, after=known)
    return made


def _parsed(values: dict[str, Any]) -> dict[str, Any]:
    """As the columns keep them, where they can; what cannot be parsed is complained about later."""
    parsed = {}
    for name, value in values.items():
        column = Policy._meta.get_field(name)
        try:
            parsed[name] = column.to_python(value) if isinstance(column, Field) else value
        except ValidationError:
            parsed[name] = value
    if isinstance(parsed.get("overrides"), Mapping):
        parsed["overrides"] = {str(key): word for key, word in parsed["overrides"].items()}
    return parsed


def _policy_complaints(policy: Policy) -> Complaints:
    """Django's own checks of the columns first, then what only traders know."""
    try:
        policy.clean_fields(exclude=["strategy", "made_by"])
    except ValidationError as error:
        return {name: [str(text) for text in texts] for name, texts in error.message_dict.items()}
    complaints: Complaints = {}
    for name, (low, high) in RANGES.items():
        value = getattr(policy, name)
        if not low <= Decimal(value) <= high:
            sentence = _("Choose a number from %(low)s to %(high)s.")
            complaints[name] = [sentence % {"low": f"{low:f}", "high": f"{high:f}"}]
    complaints |= _override_complaints(policy.overrides)
    if policy.automatic and policy.strategy.account.connection.mode != Mode.PAPER:
        complaints["automatic"] = [_("Only a paper account may approve its plans by itself.")]
    return complaints


def _override_complaints(overrides: Any) -> Complaints:
    if not isinstance(overrides, Mapping):
        return {"overrides": [_("Give a word for each conId.")]}
    words = ", ".join(Override)
    texts = [
        _("“%(con_id)s: %(word)s” is no override: a conId and one of %(words)s.")
        % {"con_id": con_id, "word": word, "words": words}
        for con_id, word in overrides.items()
        if not str(con_id).isdigit() or word not in set(Override)
    ]
    return {"overrides": texts} if texts else {}


def _check_strategy(strategy: Strategy) -> None:
    try:
        strategy.full_clean()
    except ValidationError as error:
        raise Invalid(_("The strategy cannot be like this."), fields=error.message_dict) from error
    if strategy.provider:
        provider_of(strategy.provider, strategy.params)
    elif strategy.params:
        raise Invalid(
            _("The strategy cannot be like this."),
            fields={"params": [_("Without a provider there is nobody to read parameters.")]},
        )


def _audit(user: User | None, action: str, strategy: Strategy, at: datetime, **data: Any) -> None:
    audit_append(
        actor=user,
        action=action,
        subject=strategy.name,
        account=strategy.account,
        data=data,
        at=at,
    )

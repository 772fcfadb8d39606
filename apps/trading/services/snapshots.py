"""Target weights as they come in: from files, programs, the admin, and strategy providers."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.services import audit_append
from apps.lib.errors import Invalid
from apps.marketdata.models import Instrument
from apps.trading import weightfile
from apps.trading.models import DecisionSnapshot, Strategy, TargetWeight
from apps.trading.permissions import check_may_upload
from apps.trading.rebalance.digest import digest
from apps.trading.selectors.strategies import policy_newest
from apps.trading.services.planning import targets_stream
from apps.trading.services.providing import weights_of
from apps.trading.services.resolving import rows_resolve
from apps.trading.weightfile import LARGEST, STEP, Read, Row

CSV, API, ADMIN, PROVIDER = "csv", "api", "admin", "provider"
WEIGHTS = "weights"
"""The key of complaints about the weights as a whole."""
AHEAD = timedelta(days=1)
"""East of Greenwich it is tomorrow already; later ones would be traded before their time."""
ONE = Decimal(1)


class WeightsRefused(Invalid):
    """`code` is the first complaint's: weights_over_one, weight_not_finite, unknown_instrument,
    ambiguous, duplicate_target, short_not_allowed, not_a_number, unreadable or empty."""

    def __init__(self, code: str, fields: Mapping[str, list[str]]) -> None:
        first = next(iter(fields.values()))[0]
        super().__init__(
            _("The weights were not taken over: %(first)s") % {"first": first}, fields=fields
        )
        self.code = code


def snapshot_template() -> str:
    """An example file, ready to be filled in."""
    return weightfile.TEMPLATE


def snapshot_from_csv(
    *,
    user: User,
    strategy: Strategy,
    content: bytes | str,
    dated_on: date,
    at: datetime,
    note: str = "",
    origin: str = CSV,
) -> DecisionSnapshot:
    """All or nothing. Raises NotAllowed, and WeightsRefused with sentences by line."""
    check_may_upload(user, strategy.account)
    found = weightfile.read(content)
    return _from_rows(
        found, user=user, strategy=strategy, origin=origin, dated_on=dated_on, at=at, note=note
    )


def snapshot_from_rows(
    *,
    user: User,
    strategy: Strategy,
    rows: Iterable[Mapping[str, Any] | Row],
    dated_on: date,
    at: datetime,
    note: str = "",
    origin: str = API,
) -> DecisionSnapshot:
    """The same for what a program sends: weight, con_id or symbol, sec_type, currency, exchange."""
    check_may_upload(user, strategy.account)
    found = weightfile.read_items(rows)
    return _from_rows(
        found, user=user, strategy=strategy, origin=origin, dated_on=dated_on, at=at, note=note
    )


def snapshot_from_provider(*, strategy: Strategy, dated_on: date, at: datetime) -> DecisionSnapshot:
    """Asks the strategy's provider. Raises ProviderFailed where it cannot say."""
    weights = weights_of(strategy, dated_on=dated_on, at=at)
    return _store(
        user=None,
        strategy=strategy,
        weights=weights,
        origin=PROVIDER,
        dated_on=dated_on,
        at=at,
        note=strategy.provider,
    )


def snapshot_create(
    *,
    user: User | None,
    strategy: Strategy,
    weights: Mapping[Instrument, Decimal],
    dated_on: date,
    origin: str,
    at: datetime,
    note: str = "",
) -> DecisionSnapshot:
    """Of known instruments. `user` None is the portal itself. Raises NotAllowed, WeightsRefused."""
    if user is not None:
        check_may_upload(user, strategy.account)
    return _store(
        user=user,
        strategy=strategy,
        weights=weights,
        origin=origin,
        dated_on=dated_on,
        at=at,
        note=note,
    )


def _from_rows(
    found: Read,
    *,
    user: User,
    strategy: Strategy,
    origin: str,
    dated_on: date,
    at: datetime,
    note: str,
) -> DecisionSnapshot:
    lines = rows_resolve(found, found.rows, account=strategy.account)
    weights = {instrument: row.weight for instrument, row in lines.items()}
    names = {instrument: f"line {row.line}" for instrument, row in lines.items()}
    _check(found, weights, strategy=strategy, names=names)
    return _store(
        user=user,
        strategy=strategy,
        weights=weights,
        origin=origin,
        dated_on=dated_on,
        at=at,
        note=note,
    )


def _store(
    *,
    user: User | None,
    strategy: Strategy,
    weights: Mapping[Instrument, Decimal],
    origin: str,
    dated_on: date,
    at: datetime,
    note: str,
) -> DecisionSnapshot:
    """The same weights for the same day once more are the row that is there already."""
    _check(Read(), weights, strategy=strategy, names={})
    _check_date(dated_on, at)
    content = digest(sorted((found.con_id, weight) for found, weight in weights.items()))
    newest = DecisionSnapshot.objects.filter(strategy=strategy).first()
    if newest is not None and (newest.digest, newest.dated_on) == (content, dated_on):
        return newest
    with transaction.atomic():
        snapshot = DecisionSnapshot.objects.create(
            strategy=strategy,
            dated_on=dated_on,
            origin=origin,
            digest=content,
            note=note[:200],
            made_by=user,
            made_at=at,
        )
        TargetWeight.objects.bulk_create(
            TargetWeight(snapshot=snapshot, instrument=found, weight=weight)
            for found, weight in weights.items()
        )
        targets_stream(strategy.account)
        _audit(snapshot, user, len(weights), at)
    return snapshot


def _audit(snapshot: DecisionSnapshot, user: User | None, weights: int, at: datetime) -> None:
    audit_append(
        actor=user,
        action="snapshot.create",
        subject=f"{snapshot.strategy.name} {snapshot.dated_on}",
        account=snapshot.strategy.account,
        data={"weights": weights, "digest": snapshot.digest, "origin": snapshot.origin},
        at=at,
    )


def _check(
    found: Read,
    weights: Mapping[Instrument, Decimal],
    *,
    strategy: Strategy,
    names: Mapping[Instrument, str],
) -> None:
    """Raises WeightsRefused with everything that was complained about, and what it finds itself."""
    if not weights and not found.errors:
        found.complain(WEIGHTS, "empty", _("There is no weight."))
    policy = policy_newest(strategy.pk)
    shorts = policy is not None and policy.allow_short
    for instrument, weight in weights.items():
        where = names.get(instrument, WEIGHTS)
        if not weight.is_finite():
            sentence = _("The weight of %(name)s is not finite.") % {"name": instrument}
            found.complain(where, "weight_not_finite", sentence)
        elif weight < 0 and not shorts:
            sentence = _("%(name)s is short, which the policy of “%(strategy)s” does not allow.")
            places = {"name": instrument, "strategy": strategy.name}
            found.complain(where, "short_not_allowed", sentence % places)
        elif abs(weight) >= LARGEST or weight != weight.quantize(STEP):
            sentence = _("The weight of %(name)s is too large or has more than ten decimals.")
            found.complain(where, "not_a_number", sentence % {"name": instrument})
    _check_sum(found, weights)
    if found.errors:
        raise WeightsRefused(found.code, found.errors)


def _check_sum(found: Read, weights: Mapping[Instrument, Decimal]) -> None:
    total = sum((weight for weight in weights.values() if weight.is_finite()), Decimal(0))
    if total > ONE:
        percent = (total * 100).normalize()
        sentence = _("The weights sum to %(sum)s %%, which is more than 100 %%.")
        found.complain(WEIGHTS, "weights_over_one", sentence % {"sum": f"{percent:f}"})


def _check_date(dated_on: date, at: datetime) -> None:
    if dated_on > at.date() + AHEAD:
        raise Invalid(
            _("The weights are dated in the future."),
            fields={
                "dated_on": [_("Choose today or an earlier day: the newest weights are traded.")]
            },
        )

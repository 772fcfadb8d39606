"""One account's rows in memory: change them, then `save` writes and publishes the difference."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.db import models

from apps.accounts.ingest.reading import Found
from apps.accounts.models import AccountValue, Position
from apps.accounts.numbers import rounded
from apps.accounts.patches import difference
from apps.accounts.state import compose
from apps.accounts.topics import account_topic
from apps.lib import realtime
from apps.lib.prepared import update, update_all

Row = TypeVar("Row", bound=models.Model)


class Book:
    """Use inside a transaction. What `save` publishes is the state after less the state before."""

    def __init__(self, found: Found) -> None:
        self.account = found.account
        self.values = {(v.tag, v.currency): v for v in found.values}
        self.positions = {p.con_id: p for p in found.positions}
        self._before = self.state()
        self._account_fields: set[str] = set()
        self._values: dict[tuple[str, str], AccountValue] = {}
        self._positions: dict[int, Position] = {}
        self._position_fields: set[str] = set()
        self._removed: list[int] = []

    def state(self) -> dict[str, Any]:
        return compose(self.account, self.values, self.positions.values())

    def set_account(self, **fields: Any) -> None:
        self._account_fields |= assign(self.account, fields)

    def set_value(self, tag: str, currency: str, *, at: datetime, **fields: Any) -> None:
        value = self.values.get((tag, currency))
        if value is None:
            value = AccountValue(account=self.account, tag=tag, currency=currency)
            self.values[tag, currency] = value
        if assign(value, fields) or value.pk is None:
            value.at = at
            self._values[tag, currency] = value

    def set_position(self, con_id: int, *, at: datetime, **fields: Any) -> None:
        """Creates the row when there is none."""
        position = self.positions.get(con_id)
        if position is None:
            position = Position(account=self.account, con_id=con_id)
            self.positions[con_id] = position
        changed = assign(position, fields)
        if changed or position.pk is None:
            position.updated_at = at
            self._position_fields |= changed | {"updated_at"}
            self._positions[con_id] = position

    def remove_position(self, con_id: int) -> None:
        position = self.positions.pop(con_id, None)
        self._positions.pop(con_id, None)
        if position is not None and position.pk is not None:
            self._removed.append(position.pk)

    def save(self) -> None:
        if self._account_fields:
            update(self.account, self._account_fields)
        if self._removed:
            Position.objects.filter(pk__in=self._removed).delete()
        store(
            AccountValue.objects,
            self._values.values(),
            key=("account", "tag", "currency"),
            fields=VALUE_FIELDS,
        )
        store(
            Position.objects,
            self._positions.values(),
            key=("account", "con_id"),
            fields=self._position_fields,
        )
        if patch := difference(self._before, self.state()):
            realtime.publish(account_topic(self.account.pk), patch)


VALUE_FIELDS = {"amount", "text", "at"}


def assign(row: models.Model, fields: dict[str, Any]) -> set[str]:
    """Sets the fields, numbers as the database will return them; the names that changed."""
    changed = set()
    for name, value in fields.items():
        new = _canonical(row, name, value)
        if getattr(row, name) != new:
            setattr(row, name, new)
            changed.add(name)
    return changed


def store(
    manager: models.Manager[Row], rows: Iterable[Row], *, key: Sequence[str], fields: Iterable[str]
) -> None:
    """New rows whole; of those that were there only `fields` are written."""
    known: list[Row] = []
    new: list[Row] = []
    for row in rows:
        (new if row.pk is None else known).append(row)
    if known:
        update_all(known, fields)
    if new:
        manager.bulk_create(
            new, update_conflicts=True, unique_fields=key, update_fields=sorted(fields)
        )


def _canonical(row: models.Model, name: str, value: Any) -> Any:
    if not isinstance(value, Decimal):
        return value
    field = row._meta.get_field(name)
    if not isinstance(field, models.DecimalField):
        raise TypeError(f"{name} of {type(row).__name__} takes no Decimal")
    return rounded(value, field.decimal_places)

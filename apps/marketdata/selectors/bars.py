"""Stored bars, what of them is complete, and downloads."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet

from apps.accounts.permissions import User, is_superuser
from apps.marketdata.barplan import Span
from apps.marketdata.models import Bar, BarDownload, BarRange

OPEN_STATES = (BarDownload.State.QUEUED, BarDownload.State.RUNNING)


def bars_of(
    con_id: int, *, size: str, what: str, since_at: datetime | None, until_at: datetime | None
) -> QuerySet[Bar]:
    """Oldest first."""
    rows = Bar.objects.filter(instrument=con_id, size=size, what=what).order_by("start_at")
    if since_at is not None:
        rows = rows.filter(start_at__gte=since_at)
    return rows if until_at is None else rows.filter(start_at__lt=until_at)


def bars_covered(con_id: int, *, size: str, what: str) -> list[Span]:
    rows = BarRange.objects.filter(instrument=con_id, size=size, what=what)
    return [Span(start, end) for start, end in rows.values_list("start_at", "end_at")]


def closes_since(
    con_ids: Iterable[int], since_at: datetime
) -> dict[int, list[tuple[datetime, Decimal]]]:
    """Daily closes by conId, oldest first; one query."""
    rows = Bar.objects.filter(instrument__in=list(con_ids), size="1 day", start_at__gte=since_at)
    found: dict[int, list[tuple[datetime, Decimal]]] = {}
    for con_id, at, close in rows.order_by("start_at").values_list(
        "instrument_id", "start_at", "close"
    ):
        found.setdefault(con_id, []).append((at, close))
    return found


def downloads_visible(user: User) -> QuerySet[BarDownload]:
    """One's own; superusers see all."""
    rows = BarDownload.objects.select_related("instrument", "connection")
    return rows if is_superuser(user) else rows.filter(user=user.pk)


def downloads_open(connection_id: int) -> QuerySet[BarDownload]:
    """What people wait for comes first, then the one that has waited longest."""
    rows = BarDownload.objects.filter(connection=connection_id, state__in=OPEN_STATES)
    nobodys = ExpressionWrapper(Q(user=None), output_field=BooleanField())
    return rows.select_related("instrument").order_by(nobodys, "updated_at", "id")

"""What the broker last said in errors and notices, explained in the reader's language."""

import json
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import redis
from django.utils.translation import get_language

from apps.accounts.models import Connection, Position
from apps.lib import redis as store
from ibkr.errors import explain

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerNotice:
    """`text` is TWS's own; meaning and remedy come from the table, raw text where it has none."""

    connection: Connection
    at: datetime
    code: int
    severity: str
    instrument: str
    text: str
    meaning: str
    remedy: str


def notices(connections: list[Connection], *, newest: int) -> list[BrokerNotice]:
    """The newest over all the connections, newest first; none while Redis is away."""
    found: list[BrokerNotice] = []
    for connection in connections:
        rows = _read(connection, newest)
        names = _names(connection, rows)
        found += [_notice(connection, row, names) for row in rows]
    return sorted(found, key=lambda notice: notice.at, reverse=True)[:newest]


def _read(connection: Connection, newest: int) -> list[dict[str, Any]]:
    key = store.NOTICES.format(slug=connection.slug)
    try:
        raw = store.client().lrange(key, 0, newest - 1)
    except (redis.RedisError, OSError) as error:
        log.warning("broker notices not readable: %s", error)
        return []
    return [json.loads(row) for row in raw]


def _names(connection: Connection, rows: list[dict[str, Any]]) -> dict[int, str]:
    con_ids = {row["con_id"] for row in rows if row["con_id"]}
    if not con_ids:
        return {}
    held = Position.objects.filter(account__connection=connection, con_id__in=con_ids)
    return {p.con_id: p.local_symbol or p.symbol for p in held}


def _notice(connection: Connection, row: dict[str, Any], names: dict[int, str]) -> BrokerNotice:
    info = explain(row["code"], row["text"])
    explanation = info.explanation(get_language() or "en")
    return BrokerNotice(
        connection=connection,
        at=datetime.fromisoformat(row["at"]),
        code=row["code"],
        severity=info.severity.value,
        instrument=names.get(row["con_id"], str(row["con_id"] or "")),
        text=row["text"],
        meaning=explanation.meaning,
        remedy=explanation.remedy,
    )

"""What must not wait behind tasks: a Redis list that the gateway thread reads, kept in rows too."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import uuid4

import orjson
import redis
from django.db import transaction

from apps.accounts.models import BrokerAccount, Connection
from apps.lib import clock
from apps.lib import redis as store
from apps.risk.models import GatewayCommand

log = logging.getLogger(__name__)

AGAIN_AFTER = timedelta(seconds=10)
CANCEL_ALL, DROP = "cancel_all", "drop"


def connections_of(account: BrokerAccount | None) -> list[Connection]:
    """Where the account is held; for None every connection that is switched on."""
    if account is not None:
        return [account.connection]
    return list(Connection.objects.filter(enabled=True))


def command_write(
    *,
    connection: Connection,
    account: BrokerAccount | None,
    command: str,
    by: str,
    at: datetime,
) -> GatewayCommand:
    """The row first, the Redis list on commit: what a dead gateway missed is sent again."""
    row = GatewayCommand.objects.create(
        id=uuid4(), connection=connection, account=account, command=command, by=by, asked_at=at
    )
    transaction.on_commit(lambda: _send(row, at))
    return row


def push(
    connection: Connection, account: BrokerAccount | None, command: str, *, by: str, at: datetime
) -> None:
    """Sends at once and keeps nothing: the first word of a command that is written down next."""
    _push(
        GatewayCommand(
            id=uuid4(), connection=connection, account=account, command=command, by=by, asked_at=at
        )
    )


def commands_withdraw(rows: Iterable[GatewayCommand], *, at: datetime) -> None:
    """They are not sent again; what a gateway has read already, it has done."""
    for row in rows:
        if row.confirmed_at is None and row.withdrawn_at is None:
            row.withdrawn_at = at
            row.save(update_fields=["withdrawn_at"])


def commands_pending(connections: Iterable[Connection] | None = None) -> list[GatewayCommand]:
    rows = GatewayCommand.objects.filter(confirmed_at__isnull=True, withdrawn_at__isnull=True)
    if connections is not None:
        rows = rows.filter(connection__in=list(connections))
    return list(rows.select_related("connection", "account").order_by("asked_at"))


def commands_sweep(*, at: datetime) -> None:
    """Reads the gateways' answers, and sends again what has none."""
    for row in commands_pending():
        try:
            if not _confirmed(row, at) and _due(row, at):
                _send(row, at)
        except (redis.RedisError, OSError) as error:
            log.warning("commands wait for Redis: %s", error)
            return


def _due(row: GatewayCommand, at: datetime) -> bool:
    """Only to a living gateway: in front of a dead one the list would fill with repetitions."""
    waiting = row.sent_at is not None and at - row.sent_at < AGAIN_AFTER
    name = f"connection:{row.connection.slug}"
    return not waiting and bool(store.client().exists(store.LEASE.format(name=name)))


def _confirmed(row: GatewayCommand, at: datetime) -> bool:
    raw = store.client().rpop(store.REPLY.format(id=row.id.hex))
    if not isinstance(raw, bytes):
        return False
    answer = orjson.loads(raw)
    row.answer = answer if isinstance(answer, dict) else {"answer": answer}
    if "error" in row.answer:
        row.save(update_fields=["answer"])
        return False
    row.confirmed_at = at
    row.save(update_fields=["answer", "confirmed_at"])
    return True


def _send(row: GatewayCommand, at: datetime) -> None:
    try:
        _push(row)
    except (redis.RedisError, OSError) as error:
        log.warning("%s waits for Redis: %s", row, error)
        return
    row.sent_at, row.sendings = at, row.sendings + 1
    GatewayCommand.objects.filter(pk=row.pk).update(sent_at=at, sendings=row.sendings)


def _push(row: GatewayCommand) -> None:
    message = {
        "id": row.id.hex,
        "command": row.command,
        "account": None if row.account is None else row.account.code,
        "own_only": row.own_only,
        "by": row.by,
        # The moment of sending: what was accepted since it was asked for is to be cancelled too.
        "at": clock.now().isoformat(),
    }
    store.client().lpush(store.COMMANDS.format(slug=row.connection.slug), orjson.dumps(message))

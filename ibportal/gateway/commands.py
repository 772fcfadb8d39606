"""Reads what must not wait behind tasks: a Redis list, on a thread of its own, and answers."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
import redis
from django.db import Error, close_old_connections, connections

from apps.accounts.models import BrokerAccount
from apps.accounts.services import audit_append
from apps.lib import clock
from apps.lib import redis as store
from apps.lib.queue import REPLY_KEPT
from apps.trading import services
from apps.trading.refs import is_ours
from ibkr.errors import IbkrError
from ibkr.port import BrokerPort, port_of
from ibportal.gateway.working import Working

log = logging.getLogger(__name__)

Handler = Callable[[Mapping[str, Any]], Any]
TURN = 1
"""Seconds that one read of the list waits."""
FIRST_WAIT, LAST_WAIT = 0.2, 2.0
GLOBAL_GOOD_FOR = timedelta(seconds=30)
"""A global cancel that nobody heard for so long is not what the person wants now."""


class TooOld(Exception):
    """The command waited so long that carrying it out would surprise people."""


@dataclass(frozen=True, slots=True)
class _Done:
    command: str
    told: Mapping[str, Any]
    answer: Any
    at: datetime


class Commands:
    """Carries out cancel_all, global_cancel and drop."""

    def __init__(
        self,
        slug: str,
        connection_id: int,
        drop: Callable[[str, str], None],
        working: Working,
    ) -> None:
        self._slug = slug
        self._connection_id = connection_id
        self._drop = drop
        self._working = working
        self._unaudited: deque[_Done] = deque()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="commands", daemon=True)
        self._known: dict[str, Handler] = {
            "cancel_all": self._cancel_all,
            "global_cancel": self._global_cancel,
            "drop": self._drop_link,
        }

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(TURN + 1)

    def _run(self) -> None:
        """A Redis that is away is waited for: the list is read again as soon as it is back."""
        wait = FIRST_WAIT
        while not self._stop.is_set():
            try:
                found: Any = store.listener().brpop(
                    [store.COMMANDS.format(slug=self._slug)], timeout=TURN
                )
                wait = FIRST_WAIT
            except redis.RedisError as error:
                log.warning("commands cannot be read: %s", error)
                self._stop.wait(wait)
                wait = min(wait * 2, LAST_WAIT)
                continue
            if found is not None:
                self._carry_out(found[1])
            self._audit()
        connections.close_all()

    def _carry_out(self, raw: bytes) -> None:
        """The broker first: reading rows, the log and the audit come after the bytes."""
        try:
            told = orjson.loads(raw)
            name, number = str(told["command"]), str(told["id"])
        except (ValueError, KeyError, TypeError):
            log.exception("a command cannot be read")
            return
        try:
            done = self._handler(name)(told)
            answer = {"done": done}
            self._unaudited.append(_Done(name, told, done, clock.now()))
        except (IbkrError, TooOld, LookupError) as error:
            answer = {"error": str(error)}
        except Exception as error:
            log.exception("the command %s failed", name)
            answer = {"error": f"{type(error).__name__}; see the gateway worker's log."}
        log.info("command %s by %s: %s", name, told.get("by"), answer)
        self._answer(number, answer)

    def _handler(self, name: str) -> Handler:
        found = self._known.get(name)
        if found is None:
            raise LookupError(f"There is no command {name}.")
        return found

    def _answer(self, number: str, answer: dict[str, Any]) -> None:
        key = store.REPLY.format(id=number)
        try:
            with store.client().pipeline(transaction=True) as pipe:
                pipe.lpush(key, orjson.dumps(answer))
                pipe.expire(key, REPLY_KEPT)
                pipe.execute()
        except redis.RedisError as error:
            log.warning("the answer to a command was not sent: %s", error)

    def _cancel_all(self, told: Mapping[str, Any]) -> int:
        """Only what was accepted before the command: later orders were meant to live.

        What the broker has named as working goes at once; the rows then tell what else there is.
        """
        port = port_of(self._slug)
        account, own_only = told.get("account"), bool(told.get("own_only", True))
        known = self._working.numbers(account=account, own_only=own_only, until_at=_at(told))
        for number in known:
            port.cancel_order(number)
        more = set(self._rows(port, told, account, own_only=own_only)) - set(known)
        for number in sorted(more, reverse=True):
            port.cancel_order(number)
        return len(known) + len(more)

    def _rows(
        self, port: BrokerPort, told: Mapping[str, Any], account: str | None, *, own_only: bool
    ) -> list[int]:
        """Order ids that are on their way, or that the broker has not named since it connected."""
        close_old_connections()
        try:
            rows = services.orders_cancellable(
                connection_id=self._connection_id, account=account, own_only=own_only
            ).filter(accepted_at__lte=_at(told), ib_order_id__isnull=False)
            found = list(rows.values_list("ib_order_id", flat=True))
        except Error as error:
            log.warning("cancel all without the database: %s", error)
            return _working_at(port, account, own_only=own_only)
        return [number for number in found if number is not None]

    def _global_cancel(self, told: Mapping[str, Any]) -> None:
        if clock.now() - _at(told) > GLOBAL_GOOD_FOR:
            raise TooOld("The global cancel waited too long and was not carried out.")
        port_of(self._slug).cancel_all()

    def _drop_link(self, told: Mapping[str, Any]) -> None:
        self._drop("dropped", f"The connection was dropped by {told.get('by')}.")

    def _audit(self) -> None:
        """What was carried out is kept whoever asked, and however the asking went on: until the
        database takes it, it waits here."""
        while self._unaudited:
            done = self._unaudited[0]
            close_old_connections()
            try:
                _audit_done(self._slug, self._connection_id, done)
            except Error as error:
                log.warning("the audit of %s waits for the database: %s", done.command, error)
                return
            self._unaudited.popleft()


def _at(told: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(str(told["at"]))


def _working_at(port: BrokerPort, account: str | None, *, own_only: bool) -> list[int]:
    """What TWS itself says is working, when the rows cannot be read."""
    return [
        order.order_id
        for order in port.open_orders()
        if order.order_id
        and (account is None or order.request.account == account)
        and (not own_only or is_ours(order.request.order_ref))
    ]


def _audit_done(slug: str, connection_id: int, done: _Done) -> None:
    """A cancel that found nothing has changed nothing."""
    if done.command == "cancel_all" and not done.answer:
        return
    code = done.told.get("account")
    account = BrokerAccount.objects.filter(connection=connection_id, code=code).first()
    audit_append(
        actor=str(done.told.get("by") or "portal"),
        action=f"gateway.{done.command}",
        subject=f"connection {slug}",
        account=account,
        data={"command": done.told.get("id"), "done": done.answer},
        at=done.at,
    )

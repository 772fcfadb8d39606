"""Reads what must not wait behind tasks: a Redis list, on a thread of its own, and answers."""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson
import redis
from django.db import Error, close_old_connections, connections

from apps.lib import clock
from apps.lib import redis as store
from apps.lib.queue import REPLY_KEPT
from apps.trading import services
from apps.trading.refs import is_ours
from ibkr.errors import IbkrError
from ibkr.port import BrokerPort, port_of

log = logging.getLogger(__name__)

Handler = Callable[[Mapping[str, Any]], Any]
TURN = 1
"""Seconds that one read of the list waits."""
FIRST_WAIT, LAST_WAIT = 0.2, 2.0
GLOBAL_GOOD_FOR = timedelta(seconds=30)
"""A global cancel that nobody heard for so long is not what the person wants now."""

HANDLERS: dict[str, Handler] = {}
"""Commands that other parts carry out; each is given the whole command and returns JSON."""


class TooOld(Exception):
    """The command waited so long that carrying it out would surprise people."""


class Commands:
    """cancel_all, global_cancel, drop, and whatever is registered in HANDLERS."""

    def __init__(self, slug: str, connection_id: int, drop: Callable[[str, str], None]) -> None:
        self._slug = slug
        self._connection_id = connection_id
        self._drop = drop
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
                found: Any = store.client().brpop(
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
        connections.close_all()

    def _carry_out(self, raw: bytes) -> None:
        close_old_connections()
        try:
            told = orjson.loads(raw)
            name, number = str(told["command"]), str(told["id"])
        except (ValueError, KeyError, TypeError):
            log.exception("a command cannot be read")
            return
        log.info("command %s by %s", name, told.get("by"))
        try:
            answer = {"done": self._handler(name)(told)}
        except (IbkrError, TooOld, LookupError) as error:
            answer = {"error": str(error)}
        except Exception as error:
            log.exception("the command %s failed", name)
            answer = {"error": f"{type(error).__name__}; see the gateway worker's log."}
        self._answer(number, answer)

    def _handler(self, name: str) -> Handler:
        found = self._known.get(name) or HANDLERS.get(name)
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
        """Only what was accepted before the command: later orders were meant to live."""
        port = port_of(self._slug)
        account, own_only = told.get("account"), bool(told.get("own_only", True))
        try:
            rows = services.orders_cancellable(
                connection_id=self._connection_id, account=account, own_only=own_only
            ).filter(accepted_at__lte=_at(told), ib_order_id__isnull=False)
            found = rows.order_by("-pk").values_list("ib_order_id", flat=True)
            numbers = [number for number in found if number is not None]
        except Error as error:
            log.warning("cancel all without the database: %s", error)
            numbers = _working_at(port, account, own_only=own_only)
        for number in numbers:
            port.cancel_order(number)
        return len(numbers)

    def _global_cancel(self, told: Mapping[str, Any]) -> None:
        if clock.now() - _at(told) > GLOBAL_GOOD_FOR:
            raise TooOld("The global cancel waited too long and was not carried out.")
        port_of(self._slug).cancel_all()

    def _drop_link(self, told: Mapping[str, Any]) -> None:
        self._drop("dropped", f"The connection was dropped by {told.get('by')}.")


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

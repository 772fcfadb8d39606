"""Carries out orders and cancels past the task queue: Redis lists, each read by its own thread."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
import redis
from celery import current_app
from django.db import DatabaseError, InterfaceError, close_old_connections, connections

from apps.lib import clock
from apps.lib import redis as store
from apps.trading.services.practice import EVERY
from apps.trading.services.wake import Errand

log = logging.getLogger(__name__)

TURN = 1
"""Seconds that one read of the list waits."""
FIRST_WAIT, LAST_WAIT = 0.2, 2.0


def _nothing(_at: datetime) -> bool:
    return False


class Errands:
    """Runs the tasks of one list, one after the other, in the order in which they were asked for.

    They are the same tasks that the sweep enqueues for what was lost: each is harmless when it
    comes twice, so one that fails here is left to the sweep. While nothing is to be done the
    thread calls `meanwhile`, which says whether it wants to be called again soon.
    """

    def __init__(
        self, slug: str, kind: Errand, meanwhile: Callable[[datetime], bool] = _nothing
    ) -> None:
        self._meanwhile = meanwhile
        self._key = store.ERRANDS.format(slug=slug, kind=kind)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"errands-{kind}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(TURN + 1)

    def _run(self) -> None:
        """A Redis that is away is waited for: the list is read again as soon as it is back."""
        wait, turn = FIRST_WAIT, float(TURN)
        while not self._stop.is_set():
            try:
                found: Any = store.listener().brpop([self._key], timeout=turn)
                wait = FIRST_WAIT
            except redis.RedisError as error:
                log.warning("errands cannot be read: %s", error)
                self._stop.wait(wait)
                wait = min(wait * 2, LAST_WAIT)
                continue
            if found is None:
                # The time to notice a connection that has gone is while nothing is to be done.
                close_old_connections()
                turn = EVERY if self._idle() else float(TURN)
            else:
                carry_out(found[1])
                turn = EVERY
        connections.close_all()

    def _idle(self) -> bool:
        try:
            return self._meanwhile(clock.now())
        except (DatabaseError, InterfaceError) as error:
            log.warning("nothing looked at, the database is away: %s", error)
            close_old_connections()
        except Exception:
            log.exception("what is done meanwhile failed")
        return False


def carry_out(raw: bytes) -> None:
    try:
        told = orjson.loads(raw)
        current_app.tasks[told["task"]](**told["kwargs"])
    except (DatabaseError, InterfaceError) as error:
        log.warning("not done, the sweep comes again: %s", error)
        close_old_connections()
    except Exception:
        log.exception("an errand failed: %r", raw[:200])

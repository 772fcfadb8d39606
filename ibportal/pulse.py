"""Signs of life of every worker in Redis, read by the readiness check."""

import logging
import threading
from typing import Any

import redis
from celery import bootsteps

from apps.lib import clock
from apps.lib import redis as store

log = logging.getLogger(__name__)

BEAT_EVERY = 3.0
TTL = 15


class PulseStep(bootsteps.StartStopStep):
    """Renews ibportal:pulse:<node> from an own thread, whatever the task pool does."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, worker: Any) -> None:
        name = worker.hostname.partition("@")[0]
        self._thread = threading.Thread(target=self._run, args=(name,), name="pulse", daemon=True)
        self._thread.start()

    def stop(self, parent: Any) -> None:  # noqa: ARG002  # Celery's signature
        self._stop.set()
        if self._thread is not None:
            self._thread.join(BEAT_EVERY)

    def terminate(self, parent: Any) -> None:
        self.stop(parent)

    def _run(self, name: str) -> None:
        while True:
            try:
                beat(name)
            except redis.RedisError as error:
                log.warning("no sign of life sent: %s", error)
            if self._stop.wait(BEAT_EVERY):
                return


def beat(name: str) -> None:
    store.client().set(store.PULSE.format(name=name), clock.now().isoformat(), ex=TTL)

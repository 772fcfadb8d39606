"""How long a process keeps its database connections: opening one costs more than most tasks."""

import select
import time
from typing import Any

from celery.signals import task_prerun
from django.core.signals import request_started
from django.db import close_old_connections, connections

TRUSTED = 30.0
"""Seconds after which a connection that says nothing is asked whether it is still there."""


def keep() -> None:
    """For workers: each of their threads keeps its connection, and looks before every task
    whether the server still has it."""
    _without_end()
    task_prerun.connect(_look, weak=False)


def share() -> None:
    """For the web server: each of the threads that answer requests keeps its connection, and looks
    before every request whether the server still has it."""
    _without_end()
    request_started.connect(_glance, weak=False)


def _without_end() -> None:
    for row in connections.settings.values():
        row["CONN_MAX_AGE"] = None


def _look(**_: Any) -> None:
    close_old_connections()


def _glance(**_: Any) -> None:
    """After the framework's own receiver, which has the next query ask the server first. A server
    that went says so on the socket; one that cannot would not answer a question either."""
    now = time.monotonic()
    db: Any
    for db in connections.all(initialized_only=True):
        if db.vendor == "postgresql" and db.connection is not None:
            seen, db.glanced_at = getattr(db, "glanced_at", 0.0), now
            if now - seen < TRUSTED and not db.errors_occurred and _quiet(db.connection):
                db.health_check_done = True


def _quiet(driver: Any) -> bool:
    """Nothing to read between two statements: neither an end nor a last word."""
    if driver.closed:
        return False
    socket = select.poll()
    socket.register(driver.fileno(), select.POLLIN)
    return not socket.poll(0)

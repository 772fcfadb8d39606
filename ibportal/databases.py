"""How long a process keeps its database connections: opening one costs more than most tasks."""

from typing import Any

from celery.signals import task_prerun
from django.db import close_old_connections, connections

POOL = {"min_size": 1, "max_size": 20, "timeout": 5, "max_idle": 300}
"""Seconds, and connections of one web process; a request waits `timeout` for a free one."""


def keep() -> None:
    """For workers: each of their threads keeps its connection, and looks before every task
    whether the server still has it."""
    for row in connections.settings.values():
        row["CONN_MAX_AGE"] = None
    task_prerun.connect(_look, weak=False)


def share() -> None:
    """For the web server, which runs each request on a thread of its own: PostgreSQL from a pool
    (SQLite opens a file, which is quick)."""
    for row in connections.settings.values():
        if row["ENGINE"].endswith("postgresql"):
            row["OPTIONS"]["pool"] = dict(POOL)


def _look(**_: Any) -> None:
    close_old_connections()

"""A Celery worker leaves the logging of its process as the settings have made it."""

import logging
from collections.abc import Iterator

import pytest
from celery.app.log import Logging
from celery.contrib.testing.worker import setup_app_for_worker

from ibportal.celery import app


@pytest.fixture
def first_worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Celery sets logging up once a process; here it has not done so yet."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    monkeypatch.setattr(Logging, "_setup", False)
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


@pytest.mark.usefixtures("first_worker")
def test_a_worker_that_starts_changes_neither_level_nor_handlers() -> None:
    root, tasks = logging.getLogger(), logging.getLogger("celery.task")
    before = (root.level, list(root.handlers), tasks.level, list(tasks.handlers))
    setup_app_for_worker(app, "critical", "")
    assert (root.level, list(root.handlers), tasks.level, list(tasks.handlers)) == before

"""The Celery application: default workers, beat, and one gateway worker per connection."""

import os
import sys
from typing import Any

from celery import Celery
from celery.signals import celeryd_init, setup_logging, worker_init, worker_ready

from ibportal import collector, databases

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ibportal.settings")

app = Celery("ibportal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.include = ["ibportal.tasks", "ibportal.gateway.tasks"]
app.autodiscover_tasks()


@celeryd_init.connect
def keep_connections(conf: Any, **_: Any) -> None:
    """In a worker process of its own. Celery would close the database's connection before and
    after each task."""
    conf.CELERY_DB_REUSE_MAX = sys.maxsize
    databases.keep()


@setup_logging.connect
def keep_logging(**_: Any) -> None:
    """LOG_LEVEL decides in workers too. Where nobody answers, Celery gives the whole process the
    level of its own option, also when a worker only starts inside another program."""


@worker_init.connect
def add_steps(sender: Any, **_: Any) -> None:
    """The steps import models, so they are added when a worker starts, not on import."""
    from ibportal.gateway.bootstep import GatewayStep  # noqa: PLC0415
    from ibportal.pulse import PulseStep  # noqa: PLC0415

    sender.app.steps["worker"].update({GatewayStep, PulseStep})


@worker_ready.connect
def settle(**_: Any) -> None:
    collector.settle()

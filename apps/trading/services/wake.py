"""Wakes a gateway worker when there is something to do; the sweep makes up for lost messages."""

from typing import Any

from celery import current_app
from django.db import transaction

from apps.lib.queue import gateway_queue


def wake(name: str, *, slug: str, **kwargs: Any) -> None:
    """After commit. A broker that is away is logged and changes nothing of what was committed."""

    def send() -> None:
        current_app.send_task(name, kwargs=kwargs, queue=gateway_queue(slug), retry=False)

    transaction.on_commit(send, robust=True)

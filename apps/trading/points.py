"""Named places on an order's way where tests kill the process that passes them."""

import logging
import os
import signal

import redis
from django.conf import settings

from apps.lib import redis as store

log = logging.getLogger(__name__)

NAMES = (
    "before_claim",
    "after_claim",
    "after_commit",
    "after_send",
    "after_ack",
    "between_fill_and_commission",
)
KEY = "ibportal:chaos:{name}"
"""Holds after how many passes the process dies; no key, no death."""


def reach(name: str) -> None:
    """Nothing at all unless CHAOS is set, which the settings allow with the simulator only."""
    if not settings.CHAOS:
        return
    key = KEY.format(name=name)
    try:
        armed = store.client().exists(key) and store.client().decr(key) == 0
    except redis.RedisError:
        return
    if armed:
        log.warning("dies at the point %s, as asked", name)
        os.kill(os.getpid(), signal.SIGKILL)

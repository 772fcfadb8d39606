"""Named places on an order's way where tests kill or hold the process that passes them."""

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
HOLD = "ibportal:chaos:hold"
"""While it is there the process stops instead of dying: something else is killed meanwhile."""
REACHED = "points-reached"
"""A file in VAR_DIR with a line for each process that died or stopped at a point."""


def reach(name: str) -> None:
    """Nothing at all unless CHAOS is set, which the settings allow with the simulator only."""
    if not settings.CHAOS:
        return
    key = KEY.format(name=name)
    try:
        armed = store.client().exists(key) and store.client().decr(key) == 0
        held = armed and store.client().exists(HOLD)
    except redis.RedisError:
        return
    if armed:
        log.warning("%s at the point %s, as asked", "stops" if held else "dies", name)
        with (settings.VAR_DIR / REACHED).open("a", encoding="ascii") as file:
            file.write(f"{os.getpid()} {name}\n")
        os.kill(os.getpid(), signal.SIGSTOP if held else signal.SIGKILL)

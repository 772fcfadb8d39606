"""Every topic a browser may subscribe to, found by its name `prefix` or `prefix:key`."""

import re
from typing import Any

from apps.accounts import topics as accounts
from apps.lib.errors import NotAllowed, NotFound
from apps.lib.realtime import Topic, User, sequence
from apps.marketdata import topics as marketdata
from apps.risk import topics as risk
from apps.trading import topics as trading

FAMILIES = (*accounts.TOPICS, *marketdata.TOPICS, *risk.TOPICS, *trading.TOPICS)
REGISTRY = {topic.prefix: topic for topic in FAMILIES}
NAME = re.compile(r"[a-z_]{1,30}(:[A-Za-z0-9_-]{1,60})?")


def find(name: str) -> tuple[Topic, str]:
    """The family and the key of a topic; raises NotFound for a name that is none."""
    prefix, _, key = name.partition(":")
    if not NAME.fullmatch(name) or prefix not in REGISTRY:
        raise NotFound(f"There is no topic {name[:100]!r}.")
    return REGISTRY[prefix], key


def check(user: User, name: str) -> None:
    """Raises NotFound or NotAllowed unless the user may follow the topic; reads the database."""
    topic, key = find(name)
    if not topic.allowed(user, key):
        raise NotAllowed(
            f"You may not follow {name}.", remedy="Ask an administrator for a grant on the account."
        )


def snapshot(user: User, name: str) -> tuple[int, dict[str, Any]]:
    """The newest event's number and the state that holds it, or already more than it."""
    topic, key = find(name)
    number = sequence(name)
    return number, topic.snapshot(user, key)

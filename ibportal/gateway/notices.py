"""What the broker last said in errors and notices, kept in Redis for the pages."""

import json
from collections import deque

import redis

from apps.lib import redis as store
from ibkr.types import BrokerError

KEPT = 200


class Notices:
    """`add` never blocks; `flush` runs on the caretaker. The newest KEPT survive an outage."""

    def __init__(self, slug: str) -> None:
        self._key = store.NOTICES.format(slug=slug)
        self._waiting: deque[BrokerError] = deque(maxlen=KEPT)

    def add(self, error: BrokerError) -> None:
        self._waiting.append(error)

    def flush(self, client: "redis.Redis") -> None:
        """Raises RedisError with everything still waiting."""
        waiting = list(self._waiting)
        if not waiting:
            return
        with client.pipeline() as pipe:
            pipe.lpush(self._key, *(_encoded(error) for error in waiting))
            pipe.ltrim(self._key, 0, KEPT - 1)
            pipe.execute()
        for _ in waiting:
            self._waiting.popleft()


def _encoded(error: BrokerError) -> str:
    return json.dumps(
        {
            "code": error.code,
            "text": error.text,
            "at": error.at.isoformat(),
            "con_id": error.con_id,
            "order_id": error.order_id,
        }
    )

"""The topic `connections`: what the state of every link is right now, gateway alive or dead."""

import asyncio
import logging
from datetime import timedelta
from typing import Any

from channels.db import database_sync_to_async
from django.db import DatabaseError

from apps.accounts.models import Connection
from apps.accounts.patches import difference
from apps.accounts.selectors import connections_enabled, link_state, links_effective
from apps.lib import clock
from ibportal.hub import frames
from ibportal.hub.followers import Followers
from ibportal.hub.outbox import Snapshot

log = logging.getLogger(__name__)

TOPIC = "connections"
ROWS_FOR = timedelta(seconds=10)
"""How long the rows of the connections are kept: the rest comes from Redis at each look."""
FRESH_FOR = timedelta(seconds=3)


class Links:
    """Looks once a second while somebody follows, and sends what has changed."""

    def __init__(self, followers: Followers) -> None:
        self._followers = followers
        self._state: dict[str, Any] = {}
        self._seq = int(clock.now().timestamp() * 1000)
        self._rows: list[Connection] = []
        self._rows_at = self._looked_at = clock.now() - 2 * ROWS_FOR
        self._looking = asyncio.Lock()

    async def snapshot(self) -> Snapshot:
        if clock.now() - self._looked_at > FRESH_FOR:
            await self.look()
        return self._seq, frames.snapshot(TOPIC, self._seq, self._state)

    async def look(self) -> None:
        async with self._looking:
            state = await database_sync_to_async(self._read, thread_sensitive=False)()
            self._looked_at = clock.now()
            patch = difference(self._state, state)
            if patch:
                self._state = state
                self._seq += 1
                self._followers.offer(TOPIC, self._seq, frames.event(TOPIC, self._seq, patch))

    def _read(self) -> dict[str, Any]:
        if clock.now() - self._rows_at > ROWS_FOR:
            try:
                self._rows = connections_enabled()
            except DatabaseError as error:
                log.warning("connections not read, the last known ones stand: %s", error)
            self._rows_at = clock.now()
        links = links_effective(self._rows)
        return {row.slug: link_state(row, links[row.slug]) for row in self._rows}

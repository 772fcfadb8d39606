"""Finds what no message tells: an event that was lost, a gateway that has stopped writing."""

import redis
from redis.asyncio import Redis

from apps.lib import redis as store
from ibportal.hub.followers import Followers
from ibportal.hub.links import TOPIC as CONNECTIONS
from ibportal.hub.quotes import PREFIX, Quotes


class Watch:
    """Compares, once a second, the newest number of each topic with what was handed on."""

    def __init__(self, client: "Redis", followers: Followers, quotes: Quotes) -> None:
        self._redis = client
        self._followers = followers
        self._quotes = quotes
        self._known: dict[str, int | None] = {}

    async def look(self) -> None:
        topics = [topic for topic in self._followers if topic != CONNECTIONS]
        if not topics:
            self._known = {}
            return
        try:
            answers = await self._redis.mget([_key(topic) for topic in topics])
        except (redis.RedisError, OSError):
            return  # the subscription has broken too: it says so, and resyncs when it is back
        found = {topic: _number(answer) for topic, answer in zip(topics, answers, strict=True)}
        for topic, number in found.items():
            self._compare(topic, self._known.get(topic, 0), number)
        self._known = found

    def _compare(self, topic: str, before: int | None, now: int | None) -> None:
        """None is no number at all: nobody writes the quotes, nothing was ever published."""
        if topic.startswith(PREFIX) and (before is None) != (now is None):
            self._quotes.resync(topic)
        elif (now or 0) < (before or 0):
            self._followers.resync(topic)  # Redis has lost its data and counts anew
        elif before:
            self._followers.chase(topic, before)


def _number(answer: bytes | str | None) -> int | None:
    return None if answer is None else int(answer)


def _key(topic: str) -> str:
    if topic.startswith(PREFIX):
        return store.QUOTES_ALIVE.format(slug=topic.removeprefix(PREFIX))
    return store.SEQUENCE.format(topic=topic)

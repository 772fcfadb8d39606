"""Which outboxes follow which topic in this process."""

from collections.abc import Iterator

from ibportal.hub.outbox import Outbox
from ibportal.sockets import text_frame


class Followers:
    """Hands frames on without waiting; used on the event loop only."""

    def __init__(self) -> None:
        self.everyone: set[Outbox] = set()
        self.newest: dict[str, int] = {}
        self._by_topic: dict[str, set[Outbox]] = {}

    def __contains__(self, topic: str) -> bool:
        return topic in self._by_topic

    def __iter__(self) -> Iterator[str]:
        """The topics that somebody follows."""
        return iter(tuple(self._by_topic))

    def add(self, topic: str, outbox: Outbox) -> None:
        outbox.add(topic)
        self._by_topic.setdefault(topic, set()).add(outbox)

    def remove(self, topic: str, outbox: Outbox) -> bool:
        """True when nobody is left on the topic."""
        outbox.drop(topic)
        rest = self._by_topic.get(topic, set())
        rest.discard(outbox)
        if not rest:
            self._by_topic.pop(topic, None)
            self.newest.pop(topic, None)
        return not rest

    def remove_all(self, outbox: Outbox) -> list[str]:
        """Takes a browser that has gone off every topic; returns those nobody is left on."""
        self.everyone.discard(outbox)
        mine = [topic for topic, followers in self._by_topic.items() if outbox in followers]
        return [topic for topic in mine if self.remove(topic, outbox)]

    def offer(self, topic: str, seq: int, text: str) -> None:
        """One event for all who follow."""
        if topic in self._by_topic:
            self.newest[topic] = seq
            frame = text_frame(text.encode())
            for outbox in self._by_topic[topic]:
                outbox.offer(topic, seq, text, frame)

    def resync(self, topic: str) -> None:
        """Something may be missing or has turned stale: everyone gets a fresh snapshot."""
        self.newest.pop(topic, None)
        for outbox in self._by_topic.get(topic, ()):
            outbox.want(topic)

    def chase(self, topic: str, known: int) -> None:
        """A fresh snapshot for those whom event `known`, sent a while ago, has not reached."""
        for outbox in self._by_topic.get(topic, ()):
            if outbox.missed(topic, known):
                outbox.want(topic)

    def note(self, topic: str, text: str) -> None:
        for outbox in self._by_topic.get(topic, ()):
            outbox.note(text)

    def beat(self, text: str) -> None:
        for outbox in self.everyone:
            outbox.beat(text)

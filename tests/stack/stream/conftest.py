"""People, accounts and a served portal for the tests of the stream."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User

from apps.accounts.models import BrokerAccount, Connection
from apps.accounts.services.access import grant_give
from apps.lib import clock
from apps.lib import redis as store
from apps.marketdata.pipeline import Pipeline
from tests.stack.stream.live import Browser, Server, cookie_of, served


class Person:
    """A user with one account on a connection of their own."""

    def __init__(self, name: str) -> None:
        self.user = User.objects.create_user(name, password="long-enough-for-tests")
        slug = f"{name}-{uuid4().hex[:8]}"
        self.connection = Connection.objects.create(slug=slug, label=name, port=4002)
        now = clock.now()
        self.account = BrokerAccount.objects.create(
            connection=self.connection,
            code=f"DU{uuid4().hex[:8]}",
            first_seen_at=now,
            last_seen_at=now,
        )
        grant_give(user=self.user, account=self.account)
        self.quotes = f"quotes:{slug}"
        self.topic = f"accounts:{self.account.pk}"

    def pipeline(self, flush_ms: int = 5) -> Pipeline:
        return Pipeline(self.connection.slug, store.client, flush_ms=flush_ms, now=clock.now)


@pytest.fixture
def alice(transactional_db: None) -> Person:
    return Person("alice")


@pytest.fixture
def bob(transactional_db: None) -> Person:
    return Person("bob")


@pytest.fixture
def server(transactional_db: None) -> Iterator[Server]:
    with served() as running:
        yield running


@pytest.fixture
def browse(server: Server) -> Iterator[Callable[..., Browser]]:
    """Opens a socket as a logged-in person, or as nobody."""
    opened: list[Browser] = []

    def browse(person: Person | None = None, **options: Any) -> Browser:
        cookie = cookie_of(person.user) if person else ""
        opened.append(Browser(server.port, cookie, **options))
        return opened[-1]

    yield browse
    for browser in opened:
        browser.close()


@pytest.fixture
def pipeline(alice: Person) -> Iterator[Pipeline]:
    """Quotes of Alice's connection, flushed every five milliseconds."""
    made = alice.pipeline()
    made.start()
    yield made
    made.stop()

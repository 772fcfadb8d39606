"""Market data pages for tests: who asks for them, and what they are about."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Connection
from apps.lib import clock
from apps.marketdata import services
from apps.marketdata.models import Instrument, Watchlist
from ibkr.types import Session
from tests.marketdata_data import instrument, milliseconds, told

APPLE = 265598


def around_the_clock(con_id: int = APPLE, symbol: str = "AAPL", **fields: Any) -> Instrument:
    """An instrument whose market is open now."""
    now = clock.now()
    hours = (Session(now - timedelta(hours=1), now + timedelta(hours=1)),)
    return instrument(con_id, symbol, liquid_sessions=hours, trading_sessions=hours, **fields)


def closed_now(con_id: int = APPLE) -> Instrument:
    now = clock.now()
    past = Session(now - timedelta(hours=9), now - timedelta(hours=2))
    next_ = Session(now + timedelta(hours=15), now + timedelta(hours=22))
    return instrument(con_id, liquid_sessions=(past, next_), trading_sessions=(past, next_))


def list_with_apple(user: User) -> Watchlist:
    """The user's own list, with an instrument on it whose market is open now."""
    made = services.watchlist_create(user=user, name="Mine")
    services.watchlist_add(made, instrument=around_the_clock())
    return made


def client_of(user: User, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(user)
    return client


def page(user: User, name: str, /, *args: Any, language: str = "en", **query: Any) -> Any:
    return client_of(user, language).get(reverse(name, args=args), query)


def post(user: User, name: str, /, *args: Any, **body: Any) -> Any:
    return client_of(user).post(reverse(name, args=args), body, follow=True)


def quote(at: datetime | None = None, **fields: Any) -> dict[str, Any]:
    known = {"last": "101.5", "close": "100", "kind": "live"}
    return {**known, "at": milliseconds(at or clock.now()), **fields}


def tell(paper: Connection, lines: dict[str, dict[str, Any]]) -> None:
    config = services.stream_config(paper.pk)
    services.streams.stream_tell(config, told(lines), at=clock.now())

"""What the market data pages have in common: connections, topics, words, notes on trouble."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.accounts.models import Connection
from apps.accounts.permissions import User
from apps.accounts.selectors import accounts_visible
from apps.accounts.selectors.notices import BrokerNotice, notices
from apps.accounts.topics import CONNECTIONS
from apps.lib import clock
from apps.lib.errors import NotAllowed, NotFound, PortalError
from apps.marketdata import selectors, services, shown
from apps.marketdata.farms import farms_down
from apps.marketdata.models import Instrument
from apps.marketdata.permissions import connection_get, connections_visible
from apps.marketdata.report import Trouble, troubles
from apps.marketdata.topics import quotes_topic, stream_topic
from apps.marketdata.words import market_words

NOTICES_READ = 100
Context = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Note:
    """What is wrong with one connection's data, as far as the page is concerned."""

    connection: Connection
    stopped: bool
    troubles: list[Trouble]
    farms: list[BrokerNotice]
    unwanted: list[str]
    """Names of instruments without a quote that nobody has asked for so far."""

    @property
    def silent(self) -> bool:
        return not (self.stopped or self.troubles or self.farms or self.unwanted)


def slugs_quoted(user: User) -> list[str]:
    """The connections whose quotes the user may follow."""
    rows = accounts_visible(user).filter(connection__enabled=True)
    return sorted(set(rows.values_list("connection__slug", flat=True)))


def owner(request: HttpRequest) -> AbstractBaseUser:
    """Who asks; the pages let nobody in without login."""
    if not isinstance(request.user, AbstractBaseUser):
        raise NotAllowed(_("Log in first."))
    return request.user


def frame(user: User, *extra: str) -> Context:
    """Topics, words and connections of a page."""
    connections = list(connections_visible(user))
    topics = [
        CONNECTIONS,
        *(quotes_topic(slug) for slug in slugs_quoted(user)),
        *(stream_topic(connection.slug) for connection in connections),
        *extra,
    ]
    return {"connections": connections, "topics": " ".join(topics), "words": market_words()}


def chosen(request: HttpRequest, best: str = "") -> Connection:
    """The connection to ask: named in the request, else `best`, else the first; NotFound."""
    slug = request.POST.get("connection") or request.GET.get("connection") or best
    if slug:
        return connection_get(request.user, slug)
    first = connections_visible(request.user).first()
    if first is None:
        raise NotFound(
            _("You have no account on any connection, so there is no market data to show."),
            remedy=_("Ask an administrator for a grant on one of its accounts."),
        )
    return first


def paint(user: User, instruments: Iterable[Instrument], now: datetime) -> Context:
    """First paint of these instruments, and what the browser needs to go on."""
    rows = list(instruments)
    painted = shown.shown(slugs_quoted(user), rows, now)
    return {"rows": painted, "facts": shown.facts(rows), "notes": notes_of(user, painted)}


def notes_of(user: User, rows: Iterable[shown.Shown]) -> list[Note]:
    """One for each connection that has something to say about these instruments."""
    names = {row.instrument.con_id: str(row.instrument) for row in rows}
    bare = {row.instrument.con_id for row in rows if row.kind == "missing"}
    found = (_note(connection, names, bare) for connection in connections_visible(user))
    return [note for note in found if not note.silent]


def note_of_error(error: PortalError) -> Context:
    fields = [text for texts in getattr(error, "fields", {}).values() for text in texts]
    return {"sentence": error.sentence, "remedy": error.remedy, "fields": fields}


def _note(connection: Connection, names: dict[int, str], bare: set[int]) -> Note:
    config = services.stream_config(connection.pk)
    state = selectors.stream_state(config)
    asked = {*map(int, state["lines"]), *selectors.viewed(connection.slug, clock.now())}
    unwanted = [name for con_id, name in names.items() if con_id in bare - asked]
    return Note(
        connection=connection,
        stopped=not config.enabled,
        troubles=troubles(state, names),
        farms=farms_down(notices([connection], newest=NOTICES_READ)),
        unwanted=unwanted if "symbols" in state else [],  # else the stream does not run at all
    )

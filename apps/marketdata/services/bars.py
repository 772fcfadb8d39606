"""Downloads of bars: asked for by people, carried out a chunk at a time, resumable anywhere."""

from datetime import datetime, timedelta
from threading import Lock

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Connection, Position
from apps.accounts.selectors import connections_enabled
from apps.lib import realtime
from apps.lib.errors import Invalid
from apps.lib.queue import enqueue, gateway_queue
from apps.marketdata import selectors
from apps.marketdata.barplan import (
    SIZES,
    Span,
    chunks,
    duration,
    fetched,
    length,
    merged,
    missing,
    whole_bars,
)
from apps.marketdata.ingest import on_bars
from apps.marketdata.models import BarDownload, BarRange, Instrument
from apps.marketdata.routing import bar_content, routed
from apps.marketdata.topics import download_state, download_topic
from ibkr.errors import IbkrError, NotConnected, RequestRefused, RequestTimeout, explain
from ibkr.port import BrokerPort
from ibkr.types import Bar, Contract

NEXT = "marketdata.bars_next"
NEXT_GOOD_FOR = 600.0
CHUNKS_LIMIT = 500
HISTORY_ENDS = 162
"""TWS's one code for trouble with history; past the oldest bar it means that there is no more."""
GIVEN_UP_AFTER = timedelta(days=1)
KEPT_LENGTH, KEPT_AGAIN = SIZES["1 day"].step, timedelta(hours=12)
"""What one request can fetch: a book of fifty must not use up IB's pacing."""
KEPT_SIZE = "1 day"

State = BarDownload.State
_one_at_a_time = Lock()
"""IB's pacing of history is for the whole login: a second download would only wait in line."""


def bars_request(
    *,
    user: AbstractBaseUser | None,
    connection: Connection,
    instrument: Instrument,
    size: str,
    start_at: datetime,
    at: datetime,
) -> BarDownload:
    """Asks for everything from `start_at` until now that is not stored yet.

    Returns the open download that already covers the wish, if there is one; raises Invalid.
    """
    wanted = _checked(size, start_at, at)
    what = bar_content(instrument.sec_type)
    open_one = selectors.downloads_open(connection.pk).filter(
        instrument=instrument, size=size, what=what, start_at__lte=start_at
    )
    if (found := open_one.first()) is not None:
        return found
    covered = selectors.bars_covered(instrument.con_id, size=size, what=what)
    left = int(length(missing(wanted, covered)).total_seconds())
    with transaction.atomic():
        download = BarDownload.objects.create(
            instrument=instrument,
            connection=connection,
            user_id=None if user is None else user.pk,
            size=size,
            what=what,
            start_at=wanted.start_at,
            end_at=wanted.end_at,
            state=State.QUEUED if left else State.DONE,
            total_seconds=left,
            left_seconds=left,
            requested_at=at,
            updated_at=at,
        )
        if left:
            bars_wake(connection.slug)
    return download


def bars_wake(slug: str) -> None:
    enqueue(NEXT, queue=gateway_queue(slug), expires=NEXT_GOOD_FOR, slug=slug)


def bars_next(*, connection: Connection, port: BrokerPort, at: datetime) -> bool:
    """Fetches one chunk of the download that has waited longest; True when more is to be done.

    In the gateway process. False, too, while another thread is at it: that one goes on.
    """
    if not _one_at_a_time.acquire(blocking=False):
        return False
    try:
        download = selectors.downloads_open(connection.pk).first()
        if download is None:
            return False
        if not _advance(download, port, at):
            return False
    finally:
        _one_at_a_time.release()
    return selectors.downloads_open(connection.pk).exists()


def bars_resume() -> None:
    """Wakes gateways whose downloads stand still, after a restart for instance."""
    connections = connections_enabled()
    held = selectors.workers_held(connection.slug for connection in connections)
    for connection in connections:
        if held[connection.slug] and selectors.downloads_open(connection.pk).exists():
            bars_wake(connection.slug)


def bars_keep(*, at: datetime, slug: str = "") -> None:
    """Keeps a year of daily bars of everything held, so that charts and closes are there.

    On one connection, or on all.
    """
    for connection in connections_enabled():
        if slug not in ("", connection.slug):
            continue
        held = Position.objects.filter(account__connection=connection).values("con_id")
        for instrument in Instrument.objects.filter(pk__in=held):
            if not _kept(instrument, at):
                bars_request(
                    user=None,
                    connection=connection,
                    instrument=instrument,
                    size=KEPT_SIZE,
                    start_at=at - KEPT_LENGTH,
                    at=at,
                )


def bars_store(
    *, con_id: int, size: str, what: str, bars: tuple[Bar, ...], covered: Span | None
) -> None:
    """Bars, and that they are all there are in `covered`, in one transaction."""
    with transaction.atomic():
        on_bars(con_id=con_id, size=size, what=what, bars=bars)
        if covered is not None:
            _cover(con_id, size, what, covered)


def routed_contract(instrument: Instrument) -> Contract:
    contract = instrument.contract
    return routed(contract, listed=instrument.exchange) or contract


def _advance(download: BarDownload, port: BrokerPort, at: datetime) -> bool:
    """One chunk; False when the link does not allow more for now."""
    instrument, size = download.instrument, SIZES[download.size]
    covered = selectors.bars_covered(instrument.con_id, size=size.name, what=download.what)
    plan = chunks(download.wanted, covered, size)
    if not plan:
        _end(download, State.DONE, at)
        return True
    try:
        bars = port.bars(
            routed_contract(instrument),
            end_at=plan[0].end_at,
            duration=duration(plan[0], size),
            bar_size=size.name,
            what=download.what,
        )
    except IbkrError as error:
        return _trouble(download, error, at)
    answer = fetched(plan[0], (bar.start_at for bar in bars), download.wanted, size)
    bars_store(
        con_id=instrument.con_id, size=size.name, what=download.what, bars=bars, covered=answer
    )
    _progress(download, len(bars), answer, covered, at)
    return True


def _progress(
    download: BarDownload, bars: int, answer: Span, covered: list[Span], at: datetime
) -> None:
    left = length(missing(download.wanted, [*covered, answer]))
    download.left_seconds = int(left.total_seconds())
    download.bars += bars
    download.sentence = download.code = ""
    _end(download, State.RUNNING if left else State.DONE, at)


def _trouble(download: BarDownload, error: IbkrError, at: datetime) -> bool:
    """Passing trouble leaves the download open; the sweep takes it up again."""
    passing = isinstance(error, NotConnected | RequestTimeout)
    download.code = error.code
    download.sentence = explain(error.code, error.sentence).explanation().meaning[:400]
    if passing and at - download.requested_at < GIVEN_UP_AFTER:
        _end(download, State.QUEUED, at)
        return False
    ends = isinstance(error, RequestRefused) and error.number == HISTORY_ENDS and download.bars
    _end(download, State.DONE if ends else State.FAILED, at)
    return True


def _end(download: BarDownload, state: BarDownload.State, at: datetime) -> None:
    download.state, download.updated_at = state, at
    with transaction.atomic():
        download.save()
        realtime.publish(download_topic(download.pk), download_state(download))


def _cover(con_id: int, size: str, what: str, covered: Span) -> None:
    rows = BarRange.objects.select_for_update(no_key=True).filter(
        instrument=con_id, size=size, what=what
    )
    near = rows.filter(start_at__lte=covered.end_at, end_at__gte=covered.start_at)
    spans = [Span(row.start_at, row.end_at) for row in near]
    near.delete()
    (whole,) = merged([*spans, covered])
    BarRange.objects.create(
        instrument_id=con_id, size=size, what=what, start_at=whole.start_at, end_at=whole.end_at
    )


def _checked(size: str, start_at: datetime, at: datetime) -> Span:
    if size not in SIZES:
        names = ", ".join(SIZES)
        raise Invalid(
            _("There are no bars of this size."), fields={"size": [_("One of: %s") % names]}
        )
    wanted = whole_bars(Span(start_at, at), SIZES[size])
    if wanted.start_at >= wanted.end_at:
        raise Invalid(
            _("There is no history to fetch there."),
            fields={"start_at": [_("Choose a moment in the past.")]},
        )
    if len(chunks(wanted, (), SIZES[size])) > CHUNKS_LIMIT:
        raise Invalid(
            _("That is more history than IB's pacing lets through in a day."),
            fields={"start_at": [_("Choose a later start or longer bars.")]},
        )
    return wanted


def _kept(instrument: Instrument, at: datetime) -> bool:
    what = bar_content(instrument.sec_type)
    covered = selectors.bars_covered(instrument.con_id, size=KEPT_SIZE, what=what)
    if any(span.end_at > at - KEPT_AGAIN for span in covered):
        return True
    recent = BarDownload.objects.filter(
        instrument=instrument, size=KEPT_SIZE, requested_at__gt=at - KEPT_AGAIN
    )
    return recent.exists()

"""The options on an instrument: one expiry at a time, by strike, calls left and puts right."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from apps.accounts.models import Connection
from apps.lib import clock
from apps.lib.errors import PortalError
from apps.marketdata import selectors, services
from apps.marketdata.models import Instrument
from apps.marketdata.shown import Shown, facts, shown
from apps.marketdata.views.frame import (
    Context,
    chosen,
    frame,
    note_of_error,
    notes_of,
    slugs_quoted,
)

STREAMED = 40
"""Options around the money that stream while the page is open; the rest shows what is known."""


@require_safe
@login_required
def options(request: HttpRequest, con_id: int) -> HttpResponse:
    """Without an expiry the nearest one that has not passed."""
    underlying, now = selectors.instrument_get(con_id), clock.now()
    slugs = slugs_quoted(request.user)
    (under,) = shown(slugs, [underlying], now)
    connection = chosen(request, under.slug)
    context: Context = frame(request.user) | {
        "instrument": underlying,
        "under": under,
        "connection": connection,
        "facts": facts([underlying]),
        "notes": notes_of(request.user, [under]),
    }
    try:
        context |= _chain(request, connection, underlying, under)
    except PortalError as error:
        context["note"] = note_of_error(error)
    return render(request, "marketdata/options.html", context)


def _chain(
    request: HttpRequest, connection: Connection, underlying: Instrument, under: Shown
) -> Context:
    found = services.option_chain(connection=connection, underlying=underlying)
    classes = _by_class(found)
    name = request.GET.get("class", "")
    name = name if name in classes else next(iter(classes), "")
    if not name:
        return {"classes": [], "expiries": []}
    expiries, today = classes[name], clock.now().date()
    wanted = parse_date(request.GET.get("expiry", "")) or next(
        (day for day in expiries if day >= today), expiries[-1]
    )
    context: Context = {
        "classes": list(classes),
        "class": name,
        "expiries": expiries,
        "expiry": wanted,
    }
    return context | _expiry(request, connection, underlying, under, wanted, name)


def _expiry(
    request: HttpRequest,
    connection: Connection,
    underlying: Instrument,
    under: Shown,
    expiry: date,
    trading_class: str,
) -> Context:
    listed = services.options_fetch(
        connection=connection, underlying=underlying, expiry=expiry, trading_class=trading_class
    )
    now = clock.now()
    near = services.nearest(listed, under.price.value, count=STREAMED)
    viewed = [underlying.con_id, *near]
    services.stream_view(slug=connection.slug, con_ids=viewed, at=now)
    rows = shown(slugs_quoted(request.user), listed, now)
    notes = notes_of(request.user, [under, *(r for r in rows if r.instrument.con_id in near)])
    stopped = any(note.stopped for note in notes if note.connection == connection)
    return {
        "days": (expiry - now.date()).days,
        "strikes": _strikes(rows, under.price.value),
        "facts": facts([underlying, *listed]),
        "viewed": ",".join(map(str, viewed)),
        "near": None if stopped else near,
        "notes": notes,
    }


def _by_class(chains: Sequence[dict[str, Any]]) -> dict[str, list[date]]:
    """Expiries by trading class, all exchanges together; SMART comes first in `chains`."""
    classes: dict[str, set[date]] = {}
    for chain in chains:
        days = {date.fromisoformat(day) for day in chain["expiries"]}
        classes.setdefault(chain["trading_class"], set()).update(days)
    return {name: sorted(days) for name, days in classes.items() if days}


def _strikes(rows: Sequence[Shown], price: Decimal | None) -> list[Context]:
    """One entry for each strike; `below` is the last strike under the underlying's price."""
    strikes: dict[Decimal, Context] = {}
    for row in rows:
        strike = row.instrument.strike
        if strike is not None:
            entry = strikes.setdefault(strike, {"strike": strike, "C": None, "P": None})
            entry[row.instrument.right] = row
    listed = sorted(strikes.values(), key=lambda entry: entry["strike"])
    under = [entry["strike"] for entry in listed if price is not None and entry["strike"] <= price]
    for entry in listed:
        entry["below"] = bool(under) and entry["strike"] == under[-1]
        entry["itm"] = _in_the_money(entry["strike"], price)
    return listed


def _in_the_money(strike: Decimal, price: Decimal | None) -> str:
    """The right whose option has value of its own at this strike."""
    if price is None or strike == price:
        return ""
    return "C" if strike < price else "P"

"""Watchlists with live quotes: lists are made and filled here, instruments found and chosen."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.lib import clock
from apps.lib.errors import PortalError
from apps.marketdata import forms, selectors, services
from apps.marketdata.models import Instrument, Watchlist
from apps.marketdata.permissions import connections_visible
from apps.marketdata.views.frame import Context, chosen, frame, note_of_error, owner, paint

KNOWN_LIMIT = 12


@require_safe
@login_required
def quotes(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """One list; without `pk` the first."""
    found = selectors.watchlist_get(request.user, pk) if pk else None
    return _page(request, found or selectors.watchlists_of(request.user).first())


@require_POST
@login_required
def watchlist_new(request: HttpRequest) -> HttpResponse:
    try:
        made = services.watchlist_create(user=owner(request), name=request.POST.get("name", ""))
    except PortalError as error:
        current = selectors.watchlists_of(request.user).first()
        return _page(request, current, note=note_of_error(error))
    return redirect("watchlist", made.pk)


@require_POST
@login_required
def watchlist_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Another name, or gone."""
    watchlist = selectors.watchlist_get(request.user, pk)
    if "delete" in request.POST:
        services.watchlist_delete(watchlist)
        return redirect("quotes")
    try:
        services.watchlist_rename(watchlist, name=request.POST.get("name", ""))
    except PortalError as error:
        watchlist = selectors.watchlist_get(request.user, pk)
        return _page(request, watchlist, note=note_of_error(error))
    return redirect("watchlist", pk)


@require_safe
@login_required
def watchlist_search(request: HttpRequest, pk: int) -> HttpResponse:
    """Candidates while somebody types: the broker's, or what is known when it cannot be asked."""
    watchlist, text = selectors.watchlist_get(request.user, pk), request.GET.get("symbol", "")
    context: Context = {
        "watchlist": watchlist,
        "asked": bool(text.strip()),
        "asking": request.GET.get("connection", ""),
    }
    if text.strip():
        context |= _matches(request, text)
    return render(request, "marketdata/candidates.html", context)


@require_POST
@login_required
def watchlist_add(request: HttpRequest, pk: int) -> HttpResponse:
    """The one instrument meant; several are offered to choose from, none is said."""
    watchlist = selectors.watchlist_get(request.user, pk)
    try:
        found = _meant(request)
        services.watchlist_add(watchlist, instrument=found)
    except services.Ambiguous as error:
        return _page(request, watchlist, candidates=_rows(error.candidates), ambiguous=True)
    except PortalError as error:
        return _page(request, watchlist, note=note_of_error(error))
    return redirect("watchlist", pk)


@require_POST
@login_required
def watchlist_items(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes an instrument off the list, or moves it up or down by one."""
    watchlist = selectors.watchlist_get(request.user, pk)
    con_id = forms.cleaned(forms.InstrumentForm(request.POST))["con_id"]
    if "remove" in request.POST:
        services.watchlist_remove(watchlist, con_id=con_id)
    else:
        order = [item.instrument_id for item in watchlist.items.all()]
        step = -1 if "up" in request.POST else 1
        services.watchlist_arrange(watchlist, con_ids=_moved(order, con_id, step))
    return redirect("watchlist", pk)


def _page(request: HttpRequest, watchlist: Watchlist | None, **extra: Any) -> HttpResponse:
    items = watchlist.items.all() if watchlist else []
    context = frame(request.user) | paint(
        request.user, [item.instrument for item in items], clock.now()
    )
    context |= {
        "watchlist": watchlist,
        "watchlists": selectors.watchlists_of(request.user),
        "kinds": forms.KIND_NAMES,
        "typed": request.POST,
        "asking": request.POST.get("connection", ""),
    }
    return render(request, "marketdata/quotes.html", context | extra)


def _meant(request: HttpRequest) -> Instrument:
    wish = forms.cleaned(forms.InstrumentForm(request.POST))
    connection, con_id = chosen(request), wish.pop("con_id")
    if con_id:
        return services.instrument_fetch(connection=connection, con_id=con_id)
    wish["sec_type"] = wish["sec_type"] or "STK"
    base, point, quoted = wish["symbol"].partition(".")
    if wish["sec_type"] == "CASH" and point:
        wish |= {"symbol": base, "currency": quoted}
    return services.instrument_resolve(connection=connection, query=services.Query(**wish))


def _matches(request: HttpRequest, text: str) -> Context:
    known = _rows(selectors.instruments_known(text)[:KNOWN_LIMIT])
    if not connections_visible(request.user).exists():
        return {"candidates": known}
    try:
        found = services.instruments_search(connection=chosen(request), text=text)
    except PortalError as error:
        return {"candidates": known, "note": note_of_error(error)}
    named = {row["con_id"] for row in found}
    return {"candidates": [*found, *(row for row in known if row["con_id"] not in named)]}


def _rows(instruments: Any) -> list[Context]:
    """Stored instruments in the shape of the broker's matches."""
    return [
        {
            "con_id": row.con_id,
            "symbol": str(row),
            "sec_type": row.kind,
            "currency": row.currency,
            "primary_exchange": row.primary_exchange or row.exchange,
            "description": row.long_name,
            "expiry": row.expiry,
            "strike": row.strike,
            "right": row.right,
        }
        for row in instruments
    ]


def _moved(order: list[int], con_id: int, step: int) -> list[int]:
    if con_id not in order:
        return order
    place = order.index(con_id)
    rest = [other for other in order if other != con_id]
    rest.insert(max(0, place + step), con_id)
    return rest

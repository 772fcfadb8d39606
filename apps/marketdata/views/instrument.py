"""One instrument: what it is, when it trades, its whole quote, and its chart."""

from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.figures import price_format
from apps.lib import clock
from apps.lib.errors import PortalError
from apps.marketdata import forms, rows, selectors, services
from apps.marketdata.barplan import SIZES
from apps.marketdata.charts import library
from apps.marketdata.models import Bar, BarDownload, Instrument
from apps.marketdata.routing import bar_content
from apps.marketdata.shown import Shown
from apps.marketdata.topics import download_row, download_topic
from apps.marketdata.views.frame import (
    Context,
    chosen,
    frame,
    note_of_error,
    owner,
    paint,
)
from ibkr.types import PriceKind

USUAL_SIZE = "1 day"
OPTIONABLE = frozenset({"STK", "IND", "FUT"})


@require_safe
@login_required
def instrument(request: HttpRequest, con_id: int) -> HttpResponse:
    """Looks the instrument up at the broker when nobody has so far."""
    return _page(request, _known(request, con_id))


@require_POST
@login_required
def history(request: HttpRequest, con_id: int) -> HttpResponse:
    """Asks for bars; the page shows how the download gets on."""
    found, now = selectors.instrument_get(con_id), clock.now()
    try:
        wish = forms.cleaned(forms.HistoryForm(request.POST))
        services.bars_request(
            user=owner(request),
            connection=chosen(request),
            instrument=found,
            size=wish["size"],
            start_at=now - timedelta(days=wish["span"]),
            at=now,
        )
    except PortalError as error:
        return _page(request, found, note=note_of_error(error))
    query = urlencode({"size": wish["size"]})
    return redirect(f"{reverse('instrument', args=[con_id])}?{query}#chart")


@require_POST
@login_required
def latest(request: HttpRequest, con_id: int) -> HttpResponse:
    """A bar of an open chart has ended: the broker's own takes its place soon."""
    services.bars_latest_ask(
        connection=chosen(request),
        instrument=selectors.instrument_get(con_id),
        size=_size(request),
        at=clock.now(),
    )
    return HttpResponse(status=204)


def _known(request: HttpRequest, con_id: int) -> Instrument:
    known = Instrument.objects.filter(pk=con_id).first()
    return known or services.instrument_fetch(connection=chosen(request), con_id=con_id)


def _page(request: HttpRequest, found: Instrument, **extra: object) -> HttpResponse:
    now, size = clock.now(), _size(request)
    download = _download(request, found, size)
    topics = [download_topic(download.pk)] if download else []
    context = frame(request.user, *topics) | paint(request.user, [found], now)
    context |= {
        "instrument": found,
        "row": context["rows"][0],
        "row_format": price_format(found.sec_type),
        "detail": rows.detail_row(found, selectors.rules_of(found), now),
        "bands": _bands(found),
        "sessions": _sessions(found),
        "underlying": Instrument.objects.filter(pk=found.under_con_id or 0).first(),
        "optionable": found.sec_type in OPTIONABLE,
        "connection": chosen(request, context["rows"][0].slug),
        "sizes": list(SIZES),
        "size": size,
        "spans": forms.SPANS,
        "library": library(),
        "download": download_row(download) if download else None,
        "stand_in": _stand_in(context["rows"][0], found),
    }
    return render(request, "marketdata/instrument.html", context | extra)


def _size(request: HttpRequest) -> str:
    size = request.POST.get("size") or request.GET.get("size") or USUAL_SIZE
    return size if size in SIZES else USUAL_SIZE


def _download(request: HttpRequest, found: Instrument, size: str) -> BarDownload | None:
    """The newest of one's own for these bars."""
    mine = selectors.downloads_visible(request.user)
    return mine.filter(instrument=found, size=size, what=bar_content(found.sec_type)).first()


def _stand_in(row: Shown, found: Instrument) -> Bar | None:
    """The stored bar whose close is shown, if one is."""
    if row.price.kind is not PriceKind.CLOSE:
        return None
    return selectors.last_closes([found.con_id], clock.now()).bars.get(found.con_id)


def _bands(found: Instrument) -> list[Context]:
    """Each market rule once, with the exchanges it holds on."""
    rules = selectors.rules_of(found)
    exchanges: dict[int, list[str]] = {}
    for exchange, rule_id in zip(found.valid_exchanges, found.market_rule_ids, strict=False):
        exchanges.setdefault(int(rule_id), []).append(exchange)
    return [
        {"rule_id": rule_id, "exchanges": names, "bands": rules[rule_id].bands}
        for rule_id, names in exchanges.items()
        if rule_id in rules
    ]


def _sessions(found: Instrument) -> list[Context]:
    """Trading hours by session; `liquid` says whether it belongs to the regular hours."""
    liquid = [{"start": s.start_at, "end": s.end_at, "liquid": True} for s in found.liquid_sessions]
    other = [
        {"start": s.start_at, "end": s.end_at, "liquid": False} for s in found.trading_sessions
    ]
    return sorted([*liquid, *other], key=lambda row: (row["start"], row["end"]))

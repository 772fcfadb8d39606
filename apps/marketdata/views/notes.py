"""Fragments of open pages: why prices are missing, and which instruments somebody looks at."""

from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.chart import line
from apps.accounts.figures import sign
from apps.lib import clock
from apps.marketdata import selectors, services, shown
from apps.marketdata.models import Instrument
from apps.marketdata.views.frame import chosen, notes_of, slugs_quoted

IDS_LIMIT = 500
TWIG_SPAN = timedelta(days=45)
TWIG_SIZE = (64, 18)


@require_safe
@login_required
def notes(request: HttpRequest) -> HttpResponse:
    """Asked for again whenever a stream's state changes."""
    found = Instrument.objects.in_bulk(con_ids(request.GET.get("ids", "")))
    rows = shown.shown(slugs_quoted(request.user), found.values(), clock.now())
    return render(request, "marketdata/notes.html", {"notes": notes_of(request.user, rows)})


@require_POST
@login_required
def viewed(request: HttpRequest) -> HttpResponse:
    """An open page wants its instruments streamed for another minute."""
    connection = chosen(request)
    ids = con_ids(request.POST.get("ids", ""))
    services.stream_view(slug=connection.slug, con_ids=ids, at=clock.now())
    return HttpResponse(status=204)


@require_safe
@login_required
def twigs(request: HttpRequest) -> JsonResponse:
    """Small lines of the last weeks' closes, by conId, for those with stored bars."""
    now = clock.now()
    closes = selectors.closes_since(con_ids(request.GET.get("ids", "")), now - TWIG_SPAN)
    width, height = TWIG_SIZE
    lines = {con_id: line(points, width=width, height=height) for con_id, points in closes.items()}
    return JsonResponse(
        {
            con_id: {"path": drawn.path, "sign": sign(drawn.change), "days": len(closes[con_id])}
            for con_id, drawn in lines.items()
            if drawn is not None
        }
    )


def con_ids(text: str) -> list[int]:
    """The readable ones, at most IDS_LIMIT."""
    parts = [part for part in text.split(",") if part.isascii() and part.isdigit()]
    return [int(part) for part in parts if len(part) < 19][:IDS_LIMIT]

"""What each connection streams: settings, start and stop, and why an instrument does not."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.models import Connection, Position
from apps.accounts.words import browser_words
from apps.lib.errors import PortalError
from apps.marketdata import forms, report, selectors, services
from apps.marketdata.models import Instrument
from apps.marketdata.permissions import STREAM, check_may_stream, connection_get
from apps.marketdata.saying import sentence_of
from apps.marketdata.views.frame import Context, frame
from apps.marketdata.words import line_words
from ibkr.types import MarketDataType

ORDER = ("refused", "waiting", "requested", "streaming")


@require_safe
@login_required
def streams(request: HttpRequest) -> HttpResponse:
    context = frame(request.user)
    context |= {
        "streams": [_stream(connection) for connection in context["connections"]],
        "may_stream": isinstance(request.user, AbstractUser) and request.user.has_perm(STREAM),
        "types": [(kind.value, _kind_name(kind)) for kind in MarketDataType],
    }
    return render(request, "marketdata/streams.html", context)


@require_POST
@login_required
def stream_switch(request: HttpRequest, slug: str) -> HttpResponse:
    """Start, stop, or other settings, by the button that was pressed."""
    connection = connection_get(request.user, slug)
    try:
        if "start" in request.POST:
            services.stream_start(user=request.user, connection=connection)
        elif "stop" in request.POST:
            services.stream_stop(user=request.user, connection=connection)
        else:
            check_may_stream(request.user)
            config = services.stream_config(connection.pk)
            wish = forms.cleaned(forms.StreamForm(request.POST))
            services.stream_save(config, **wish)
    except PortalError as error:
        fields = [f"{n}: {' '.join(t)}" for n, t in getattr(error, "fields", {}).items()]
        messages.error(request, " ".join([error.sentence, error.remedy, *fields]).strip())
    return redirect("streams")


def _stream(connection: Connection) -> Context:
    config = services.stream_config(connection.pk)
    state = selectors.stream_state(config)
    names = _names(connection, [int(con_id) for con_id in state["lines"]])
    lines = [_line(int(c), line, names) for c, line in state["lines"].items()]
    lines.sort(key=lambda row: (ORDER.index(row["state"]), row["well"], row["name"]))
    ticked = state.get("last_tick_at")
    return {
        "connection": connection,
        "config": config,
        "state": state,
        "status": line_words()[f"status_{state['status']}"],
        "sentence": sentence_of(state),
        "last_tick_at": parse_datetime(ticked) if ticked else None,
        "lines": lines,
        "used": state.get("streaming", 0) + state.get("requested", 0),
        "preferred": _kind_name(selectors.market_data_type(connection)),
    }


def _kind_name(kind: MarketDataType) -> str:
    return browser_words()[f"kind_{kind.name.lower()}"]


def _line(con_id: int, line: Mapping[str, Any], names: dict[int, str]) -> Context:
    well = report.well(line)
    return {
        "con_id": con_id,
        "name": names.get(con_id, str(con_id)),
        "state": line["state"],
        "state_word": line_words()[f"line_{line['state']}"],
        "reason": line_words()[f"reason_{line['reason']}"],
        "kind": line["kind"],
        "well": well,
        "trouble": None if well else report.trouble_of(line),
        "code": line.get("code"),
        "source": line.get("source"),
    }


def _names(connection: Connection, con_ids: list[int]) -> dict[int, str]:
    """Held instruments may stream before their details are known."""
    held = Position.objects.filter(account__connection=connection, con_id__in=con_ids)
    names = {row.con_id: row.local_symbol or row.symbol for row in held}
    return names | {pk: str(row) for pk, row in Instrument.objects.in_bulk(con_ids).items()}

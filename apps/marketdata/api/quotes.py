"""Quotes of instruments, each with a price that says what kind it is and whether it is stale."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.lib import clock
from apps.lib.errors import Invalid
from apps.marketdata import selectors
from apps.marketdata.api import schema
from apps.marketdata.models import Instrument
from apps.marketdata.permissions import connection_get, connections_visible
from apps.marketdata.rows import price_row

QUOTES_LIMIT = 500


class QuoteList(APIView):
    @extend_schema(parameters=[schema.QuotesQuery], responses=schema.QuoteShape(many=True))
    def get(self, request: Request) -> Response:
        """One row for each conId asked for, in that order, also where nothing is known."""
        con_ids = _con_ids(request.query_params.get("conids", ""))
        asked = request.query_params.get("connection")
        if asked:
            slugs = [connection_get(request.user, asked).slug]
        else:
            slugs = list(connections_visible(request.user).values_list("slug", flat=True))
        return Response(quote_rows(slugs, con_ids, clock.now()))


def quote_rows(slugs: Sequence[str], con_ids: Sequence[int], now: datetime) -> list[dict[str, Any]]:
    """A fixed number of queries and Redis calls, whatever the number of instruments."""
    quotes = selectors.quotes_judged(slugs, con_ids)
    known = Instrument.objects.in_bulk(con_ids)
    troubles = selectors.troubles_of(slugs, con_ids)
    rows = []
    for con_id in con_ids:
        slug, quote = quotes.get(con_id, ("", {}))
        price = selectors.price_in(quote, known.get(con_id), now)
        row: dict[str, Any] = {"con_id": con_id, "price": price_row(price), "quote": quote}
        row |= {"connection": slug} if slug else {}
        row |= {"line": troubles[con_id]} if con_id in troubles else {}
        rows.append(row)
    return rows


def _con_ids(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    wrong = [p for p in parts if not (p.isascii() and p.isdigit() and len(p) < 19)]
    if wrong or not parts or len(parts) > QUOTES_LIMIT:
        raise Invalid(
            _("The list of instruments cannot be read."),
            fields={"conids": [_("One to 500 conIds, separated by commas.")]},
        )
    return list(dict.fromkeys(int(part) for part in parts))

"""A user's watchlists."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.lib.errors import NotAllowed
from apps.marketdata import selectors, services
from apps.marketdata.api import schema
from apps.marketdata.api.instruments import checked
from apps.marketdata.models import Watchlist
from apps.marketdata.permissions import connection_get
from apps.marketdata.rows import instrument_row


def _row(watchlist: Watchlist) -> dict[str, Any]:
    items = [instrument_row(item.instrument) for item in watchlist.items.all()]
    return {"id": watchlist.pk, "name": watchlist.name, "items": items}


def _fresh(request: Request, pk: int) -> Response:
    return Response(_row(selectors.watchlist_get(request.user, pk)))


class WatchlistList(APIView):
    @extend_schema(responses=schema.WatchlistShape(many=True))
    def get(self, request: Request) -> Response:
        """Your watchlists with their instruments."""
        return Response([_row(row) for row in selectors.watchlists_of(request.user)])

    @extend_schema(request=schema.WatchlistBody, responses={201: schema.WatchlistShape})
    def post(self, request: Request) -> Response:
        """A new, empty list."""
        if not isinstance(request.user, AbstractBaseUser):
            raise NotAllowed("Log in first.")
        name = checked(schema.WatchlistBody, request.data)["name"]
        return Response(_row(services.watchlist_create(user=request.user, name=name)), status=201)


class WatchlistDetail(APIView):
    @extend_schema(responses=schema.WatchlistShape)
    def get(self, request: Request, pk: int) -> Response:
        """One of your lists."""
        return _fresh(request, pk)

    @extend_schema(request=schema.WatchlistBody, responses=schema.WatchlistShape)
    def patch(self, request: Request, pk: int) -> Response:
        """Another name."""
        watchlist = selectors.watchlist_get(request.user, pk)
        name = checked(schema.WatchlistBody, request.data)["name"]
        return Response(_row(services.watchlist_rename(watchlist, name=name)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Removes the list; the instruments stay known."""
        services.watchlist_delete(selectors.watchlist_get(request.user, pk))
        return Response(status=204)


class WatchlistItems(APIView):
    @extend_schema(request=schema.ItemBody, responses=schema.WatchlistShape)
    def post(self, request: Request, pk: int) -> Response:
        """Adds an instrument; its details are fetched when they are not known yet."""
        watchlist = selectors.watchlist_get(request.user, pk)
        body = checked(schema.ItemBody, request.data)
        connection = connection_get(request.user, body["connection"])
        instrument = services.instrument_fetch(connection=connection, con_id=body["con_id"])
        services.watchlist_add(watchlist, instrument=instrument)
        return _fresh(request, pk)

    @extend_schema(request=schema.ArrangeBody, responses=schema.WatchlistShape)
    def put(self, request: Request, pk: int) -> Response:
        """Puts the items in this order."""
        watchlist = selectors.watchlist_get(request.user, pk)
        con_ids = checked(schema.ArrangeBody, request.data)["con_ids"]
        services.watchlist_arrange(watchlist, con_ids=con_ids)
        return _fresh(request, pk)


class WatchlistItemDetail(APIView):
    @extend_schema(responses=schema.WatchlistShape)
    def delete(self, request: Request, pk: int, con_id: int) -> Response:
        """Takes an instrument off the list."""
        services.watchlist_remove(selectors.watchlist_get(request.user, pk), con_id=con_id)
        return _fresh(request, pk)

"""Instruments: search, resolve, detail and option chains."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from apps.lib import clock
from apps.marketdata import selectors, services
from apps.marketdata.api import schema
from apps.marketdata.api.quotes import quote_rows
from apps.marketdata.models import Instrument
from apps.marketdata.permissions import connection_get, connections_visible
from apps.marketdata.rows import detail_row, instrument_row

KNOWN_LIMIT = 50


class BrokerThrottle(UserRateThrottle):
    """Each of these costs the broker messages of the shared 50 a second."""

    scope = "broker"
    rate = "60/min"


class InstrumentList(APIView):
    @extend_schema(
        parameters=[schema.SearchQuery(partial=True)], responses=schema.InstrumentShape(many=True)
    )
    def get(self, request: Request) -> Response:
        """Instruments already known here, by symbol or name (`q`); at most fifty."""
        found = selectors.instruments_known(request.query_params.get("q", ""))[:KNOWN_LIMIT]
        return Response([instrument_row(instrument) for instrument in found])


class InstrumentSearch(APIView):
    throttle_classes = [BrokerThrottle]

    @extend_schema(parameters=[schema.SearchQuery], responses=schema.MatchShape(many=True))
    def get(self, request: Request) -> Response:
        """Asks the broker for symbols and names like `q`."""
        query = checked(schema.SearchQuery, request.query_params)
        connection = connection_get(request.user, query["connection"])
        return Response(services.instruments_search(connection=connection, text=query["q"]))


class InstrumentResolve(APIView):
    throttle_classes = [BrokerThrottle]

    @extend_schema(
        request=schema.ResolveBody,
        responses={200: schema.InstrumentShape, 409: schema.CandidatesShape},
    )
    def post(self, request: Request) -> Response:
        """The one instrument meant; 409 with candidates when several fit, 404 when none does."""
        body = checked(schema.ResolveBody, request.data)
        connection = connection_get(request.user, body.pop("connection"))
        try:
            found = services.instrument_resolve(connection=connection, query=services.Query(**body))
        except services.Ambiguous as error:
            rows = [instrument_row(instrument) for instrument in error.candidates]
            return Response({**error.as_dict(), "candidates": rows}, status=error.status)
        return Response(instrument_row(found))


class InstrumentDetail(APIView):
    @extend_schema(responses=schema.DetailShape)
    def get(self, request: Request, con_id: int) -> Response:
        """Contract details, trading hours, price steps, and the price as it is now."""
        instrument, now = selectors.instrument_get(con_id), clock.now()
        slugs = list(connections_visible(request.user).values_list("slug", flat=True))
        row = detail_row(instrument, selectors.rules_of(instrument), now)
        (quoted,) = quote_rows(slugs, [con_id], now)
        return Response(row | {"price": quoted["price"]})


class InstrumentFetch(APIView):
    throttle_classes = [BrokerThrottle]

    @extend_schema(request=schema.ConnectionQuery, responses=schema.InstrumentShape)
    def post(self, request: Request, con_id: int) -> Response:
        """Has the details fetched from the broker when they are not known here."""
        body = checked(schema.ConnectionQuery, request.data)
        connection = connection_get(request.user, body["connection"])
        return Response(
            instrument_row(services.instrument_fetch(connection=connection, con_id=con_id))
        )


class InstrumentChain(APIView):
    throttle_classes = [BrokerThrottle]

    @extend_schema(parameters=[schema.ConnectionQuery], responses=schema.ChainShape(many=True))
    def get(self, request: Request, con_id: int) -> Response:
        """Expiries and strikes of the options on an instrument."""
        query = checked(schema.ConnectionQuery, request.query_params)
        connection = connection_get(request.user, query["connection"])
        underlying = selectors.instrument_get(con_id)
        return Response(services.option_chain(connection=connection, underlying=underlying))


class InstrumentOptions(APIView):
    throttle_classes = [BrokerThrottle]

    @extend_schema(parameters=[schema.ExpiryQuery], responses=schema.OptionShape(many=True))
    def get(self, request: Request, con_id: int) -> Response:
        """The options of one expiry with quotes and greeks.

        Those nearest to the underlying's price stream for a minute, as far as lines are left; ask
        again to keep them.
        """
        query = checked(schema.ExpiryQuery, request.query_params)
        connection = connection_get(request.user, query["connection"])
        underlying, now = selectors.instrument_get(con_id), clock.now()
        options = services.options_fetch(
            connection=connection,
            underlying=underlying,
            expiry=query["expiry"],
            trading_class=query["trading_class"],
        )
        price = _price(connection.slug, underlying)
        near = services.nearest(options, price, count=query["count"])
        services.stream_view(slug=connection.slug, con_ids=[con_id, *near], at=now)
        rows = quote_rows([connection.slug], [option.con_id for option in options], now)
        return Response([instrument_row(o) | row for o, row in zip(options, rows, strict=True)])


def _price(slug: str, instrument: Instrument) -> Decimal | None:
    quotes = selectors.quotes_of([slug], [instrument.con_id])
    if not quotes:
        return None
    return selectors.price_in(quotes[instrument.con_id][1], instrument, clock.now()).value


def checked(shape: Any, data: Any) -> dict[str, Any]:
    """What came in, parsed; raises DRF's ValidationError."""
    found = shape(data=data)
    found.is_valid(raise_exception=True)
    return dict(found.validated_data)

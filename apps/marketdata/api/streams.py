"""Streams: their state with a reason for each instrument, settings, start and stop."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.marketdata import selectors, services
from apps.marketdata.api import schema
from apps.marketdata.api.instruments import checked
from apps.marketdata.models import StreamConfig
from apps.marketdata.permissions import check_may_stream, connection_get, connections_visible
from apps.marketdata.rows import stream_row


def _row(config: StreamConfig) -> dict[str, Any]:
    return stream_row(config, selectors.stream_state(config))


class StreamList(APIView):
    @extend_schema(responses=schema.StreamShape(many=True))
    def get(self, request: Request) -> Response:
        """The streams of the connections you have an account on."""
        connections = connections_visible(request.user)
        return Response([_row(services.stream_config(row.pk)) for row in connections])


class StreamDetail(APIView):
    @extend_schema(responses=schema.StreamShape)
    def get(self, request: Request, slug: str) -> Response:
        """Status, counts, and why an instrument does not stream."""
        connection = connection_get(request.user, slug)
        return Response(_row(services.stream_config(connection.pk)))

    @extend_schema(request=schema.StreamBody, responses=schema.StreamShape)
    def patch(self, request: Request, slug: str) -> Response:
        """Changes what is streamed; the gateway follows at once."""
        connection = connection_get(request.user, slug)
        check_may_stream(request.user)
        fields = checked(schema.StreamBody, request.data)
        config = services.stream_save(services.stream_config(connection.pk), **fields)
        return Response(_row(config))


class StreamStart(APIView):
    @extend_schema(request=None, responses=schema.StreamShape)
    def post(self, request: Request, slug: str) -> Response:
        """Starts the stream, or has everything refused tried once more."""
        connection = connection_get(request.user, slug)
        return Response(_row(services.stream_start(user=request.user, connection=connection)))


class StreamStop(APIView):
    @extend_schema(request=None, responses=schema.StreamShape)
    def post(self, request: Request, slug: str) -> Response:
        """Ends every market data line of the connection."""
        connection = connection_get(request.user, slug)
        return Response(_row(services.stream_stop(user=request.user, connection=connection)))

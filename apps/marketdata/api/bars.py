"""Historical bars as they are stored, and downloads of more."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.rows import RowsView
from apps.lib import clock
from apps.lib.errors import NotAllowed
from apps.marketdata import selectors, services
from apps.marketdata.api import schema
from apps.marketdata.api.instruments import checked
from apps.marketdata.models import BarDownload
from apps.marketdata.permissions import connection_get
from apps.marketdata.routing import bar_content
from apps.marketdata.topics import download_row

COLUMNS = ("start_at", "open", "high", "low", "close", "volume", "source")


class InstrumentBars(APIView):
    @extend_schema(parameters=[schema.BarsQuery], responses=schema.BarShape(many=True))
    def get(self, request: Request, con_id: int) -> Response:
        """What is stored, oldest first; nothing is fetched."""
        instrument = selectors.instrument_get(con_id)
        query = checked(schema.BarsQuery, request.query_params)
        rows = selectors.bars_of(
            con_id,
            size=query["size"],
            what=bar_content(instrument.sec_type),
            since_at=query.get("since_at"),
            until_at=query.get("until_at"),
        )
        return Response(list(rows.values(*COLUMNS)))

    @extend_schema(request=schema.BarsBody, responses={202: schema.DownloadShape})
    def post(self, request: Request, con_id: int) -> Response:
        """Fetches what is missing since `start_at`; follow it on the topic `downloads:<id>`."""
        if not isinstance(request.user, AbstractBaseUser):
            raise NotAllowed("Log in first.")
        body = checked(schema.BarsBody, request.data)
        download = services.bars_request(
            user=request.user,
            connection=connection_get(request.user, body["connection"]),
            instrument=selectors.instrument_get(con_id),
            size=body["size"],
            start_at=body["start_at"],
            at=clock.now(),
        )
        return Response(download_row(download), status=202)


@extend_schema(responses=schema.DownloadShape(many=True))
class DownloadList(RowsView[BarDownload]):
    """Your downloads, the newest first."""

    filterset_fields = ["state", "size"]
    queryset = BarDownload.objects.none()

    def get_queryset(self) -> QuerySet[BarDownload]:
        return selectors.downloads_visible(self.request.user)

    def rows(self, found: list[BarDownload]) -> list[dict[str, Any]]:
        return [download_row(download) for download in found]

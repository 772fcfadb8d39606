"""Target weights over REST: list, read, send as JSON or as a file, or have a provider make them."""

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.rows import RowsView
from apps.lib import clock
from apps.marketdata.api.instruments import checked
from apps.trading import selectors, services
from apps.trading.api import strategy_schema as schema
from apps.trading.api.orders import Row, TradeThrottle, trader
from apps.trading.models import DecisionSnapshot
from apps.trading.permissions import check_may_upload
from apps.trading.strategyrows import snapshot_row, snapshot_whole
from apps.trading.weightfile import BYTES_LIMIT

CREATED: dict[int, Any] = {201: schema.SnapshotWholeShape, 400: None}


class SnapshotList(RowsView[DecisionSnapshot]):
    queryset = DecisionSnapshot.objects.none()

    def get_throttles(self) -> list[Any]:
        return [TradeThrottle()] if self.request.method == "POST" else super().get_throttles()

    def get_queryset(self) -> QuerySet[DecisionSnapshot]:
        strategy = selectors.strategy_get(self.request.user, self.kwargs["pk"])
        return selectors.snapshots_of(strategy.pk)

    def rows(self, found: list[DecisionSnapshot]) -> list[Row]:
        return [snapshot_row(snapshot) for snapshot in found]

    @extend_schema(responses=schema.SnapshotShape(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A strategy's target weights, the newest first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(request=schema.SnapshotBody, responses=CREATED)
    def post(self, request: Request, pk: int) -> Response:
        """All or nothing; the same weights for the same day again are the stored ones."""
        body = checked(schema.SnapshotBody, request.data)
        made = services.snapshot_from_rows(
            user=trader(request),
            strategy=selectors.strategy_get(request.user, pk),
            rows=body["weights"],
            dated_on=_day(body),
            note=body["note"],
            at=clock.now(),
        )
        return _whole(request, made)


class SnapshotUpload(APIView):
    parser_classes = [MultiPartParser]
    throttle_classes = [TradeThrottle]

    @extend_schema(request=schema.UploadBody, responses=CREATED)
    def post(self, request: Request, pk: int) -> Response:
        """A file as the template has it; errors come with the line they are in."""
        body = checked(schema.UploadBody, request.data)
        made = services.snapshot_from_csv(
            user=trader(request),
            strategy=selectors.strategy_get(request.user, pk),
            content=body["file"].read(BYTES_LIMIT + 1),
            dated_on=_day(body),
            note=body["note"],
            at=clock.now(),
        )
        return _whole(request, made)


class SnapshotFromProvider(APIView):
    throttle_classes = [TradeThrottle]

    @extend_schema(
        request=schema.ProviderBody, responses={201: schema.SnapshotWholeShape, 409: None}
    )
    def post(self, request: Request, pk: int) -> Response:
        """Asks the strategy's provider now."""
        strategy = selectors.strategy_get(request.user, pk)
        check_may_upload(trader(request), strategy.account)
        day = _day(checked(schema.ProviderBody, request.data))
        made = services.snapshot_from_provider(strategy=strategy, dated_on=day, at=clock.now())
        return _whole(request, made)


class SnapshotDetail(APIView):
    @extend_schema(responses=schema.SnapshotWholeShape)
    def get(self, request: Request, pk: int) -> Response:
        """Target weights with their instruments, the largest first."""
        return Response(snapshot_whole(selectors.snapshot_get(request.user, pk)))


class SnapshotTemplate(APIView):
    @extend_schema(responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.STR)})
    def get(self, request: Request) -> HttpResponse:
        """An example file to fill in."""
        del request
        answer = HttpResponse(services.snapshot_template(), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="weights.csv"'
        return answer


def _day(body: Row) -> date:
    day: date | None = body.get("dated_on")
    return day or clock.now().date()


def _whole(request: Request, made: DecisionSnapshot) -> Response:
    return Response(snapshot_whole(selectors.snapshot_get(request.user, made.pk)), status=201)

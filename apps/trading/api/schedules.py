"""Weekly schedules over REST, with the next times they run."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.rows import RowsView
from apps.lib import clock
from apps.lib.errors import NotFound
from apps.marketdata.api.instruments import checked
from apps.trading import planrows, selectors, services
from apps.trading.api import run_schema as schema
from apps.trading.api.orders import Row, trader
from apps.trading.api.runs import strategy_get
from apps.trading.models import Occurrence, Schedule


class ScheduleList(RowsView[Schedule]):
    """Schedules of your accounts with their next five times."""

    queryset = Schedule.objects.none()

    def get_queryset(self) -> QuerySet[Schedule]:
        return selectors.schedules_visible(self.request.user)

    def rows(self, found: list[Schedule]) -> list[Row]:
        at = clock.now()
        return [planrows.schedule_row(row, selectors.schedule_next(row, at=at)) for row in found]

    @extend_schema(responses=schema.ScheduleShape(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Schedules of your accounts with their next five times."""
        return super().get(request, *args, **kwargs)

    @extend_schema(request=schema.ScheduleBody, responses=schema.ScheduleShape)
    def post(self, request: Request) -> Response:
        """Makes or changes the schedule of a strategy; what is left out stays as it is."""
        body = checked(schema.ScheduleBody, request.data)
        strategy = strategy_get(request.user, body.pop("strategy"))
        at = clock.now()
        row = services.schedule_save(user=trader(request), strategy=strategy, at=at, **body)
        return Response(planrows.schedule_row(row, selectors.schedule_next(row, at=at)))


@extend_schema(responses=schema.OccurrenceShape(many=True))
class OccurrenceList(RowsView[Occurrence]):
    """What became of each week, the newest first."""

    filterset_fields = ["state", "schedule"]
    queryset = Occurrence.objects.none()

    def get_queryset(self) -> QuerySet[Occurrence]:
        return Occurrence.objects.filter(
            schedule__in=selectors.schedules_visible(self.request.user)
        )

    def rows(self, found: list[Occurrence]) -> list[Row]:
        return [planrows.occurrence_row(row) for row in found]


class OccurrenceAnswer(APIView):
    @extend_schema(request=schema.OccurrenceBody, responses=schema.OccurrenceShape)
    def post(self, request: Request, pk: int) -> Response:
        """Starts or skips a week that waits for a person; later answers change nothing."""
        body = checked(schema.OccurrenceBody, request.data)
        mine = Occurrence.objects.filter(schedule__in=selectors.schedules_visible(request.user))
        row = mine.select_related("schedule__strategy__account__connection").filter(pk=pk).first()
        if row is None:
            raise NotFound(_("There is no such week of a schedule."))
        services.occurrence_answer(
            user=trader(request), occurrence=row, start=body["start"], at=clock.now()
        )
        row.refresh_from_db()
        return Response(planrows.occurrence_row(row))

"""Trade runs over REST: start, answer, approve, cancel, resume, report."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django_filters.rest_framework import (  # type: ignore[import-untyped]  # ships no types
    FilterSet,
    NumberFilter,
)
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.rows import RowsView
from apps.accounts.permissions import User
from apps.accounts.selectors import accounts_visible
from apps.lib import clock
from apps.lib.errors import Invalid, NotFound
from apps.marketdata.api.instruments import checked
from apps.trading import planrows, rows, selectors, services
from apps.trading.api import run_schema as schema
from apps.trading.api.orders import Row, TradeThrottle, trader
from apps.trading.models import DecisionSnapshot, Strategy, TradeRun
from apps.trading.selectors.runs import WITH_RUN


class RunFilter(FilterSet):  # type: ignore[misc]  # ships no types
    account = NumberFilter(field_name="account")
    strategy = NumberFilter(field_name="strategy")

    class Meta:
        model = TradeRun
        fields = ["state", "period", "dry"]


class RunList(RowsView[TradeRun]):
    """Trade runs of your accounts, the newest first."""

    filterset_class = RunFilter
    queryset = TradeRun.objects.none()

    def get_throttles(self) -> list[Any]:
        return [TradeThrottle()] if self.request.method == "POST" else super().get_throttles()

    def get_queryset(self) -> QuerySet[TradeRun]:
        return selectors.runs_visible(self.request.user).select_related(*WITH_RUN)

    def rows(self, found: list[TradeRun]) -> list[Row]:
        return [rows.run_row(run) for run in found]

    @extend_schema(responses=schema.RunShape(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Trade runs of your accounts, the newest first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(request=schema.RunBody, responses={201: schema.RunWholeShape, 409: None})
    def post(self, request: Request) -> Response:
        """Starts a run; the period of a strategy runs once, so a repeated request is refused
        with 409 and the number of the run that has it."""
        body = checked(schema.RunBody, request.data)
        strategy = strategy_get(request.user, body["strategy"])
        run = services.run_start(
            user=trader(request),
            strategy=strategy,
            snapshot=_snapshot(strategy, body.get("snapshot")),
            period=body.get("period"),
            dry=body["dry"],
            at=clock.now(),
        )
        return _whole(request, run.pk, status=201)


class RunDetail(APIView):
    @extend_schema(responses=schema.RunWholeShape)
    def get(self, request: Request, pk: int) -> Response:
        """One run with its plan, refusals and open questions."""
        return _whole(request, pk)


class RunAnswers(APIView):
    @extend_schema(request=schema.AnswersBody, responses={200: schema.RunWholeShape, 409: None})
    def post(self, request: Request, pk: int) -> Response:
        """Keep or sell, for names that are held and not targeted."""
        body = checked(schema.AnswersBody, request.data)
        run = selectors.run_get(request.user, pk)
        try:
            answers = {int(con_id): word for con_id, word in body["answers"].items()}
        except ValueError as error:
            fields = {"answers": [_("The keys are conIds.")]}
            raise Invalid(_("The answers name no instruments."), fields=fields) from error
        services.run_answer(user=trader(request), run=run, answers=answers, at=clock.now())
        return _whole(request, pk)


class RunApprove(APIView):
    throttle_classes = [TradeThrottle]

    @extend_schema(request=schema.ApproveBody, responses={200: schema.RunWholeShape, 409: None})
    def post(self, request: Request, pk: int) -> Response:
        """Approves exactly the plan with this digest; the same approval again changes nothing."""
        body = checked(schema.ApproveBody, request.data)
        run = selectors.run_get(request.user, pk)
        services.run_approve(user=trader(request), run=run, at=clock.now(), **body)
        return _whole(request, pk)


class RunCancel(APIView):
    @extend_schema(request=schema.CancelBody, responses=schema.RunWholeShape)
    def post(self, request: Request, pk: int) -> Response:
        """Ends the run; what of it works at the broker is cancelled. Harmless when repeated."""
        body = checked(schema.CancelBody, request.data)
        run = selectors.run_get(request.user, pk)
        services.run_cancel(user=trader(request), run=run, at=clock.now(), **body)
        return _whole(request, pk)


class RunResume(APIView):
    @extend_schema(request=None, responses={200: schema.RunWholeShape, 409: None})
    def post(self, request: Request, pk: int) -> Response:
        """Lets a halted run go on, once what halted it is settled."""
        run = selectors.run_get(request.user, pk)
        services.run_resume(user=trader(request), run=run, at=clock.now())
        return _whole(request, pk)


class RunReport(APIView):
    @extend_schema(responses=schema.ReportShape)
    def get(self, request: Request, pk: int) -> Response:
        """Intended against filled, slippage, commission, residual drift."""
        run = selectors.run_get(request.user, pk)
        return Response(planrows.report_row(services.run_report(run)))


class RunReportCsv(APIView):
    @extend_schema(responses={(200, "text/csv"): OpenApiResponse(str)})
    def get(self, request: Request, pk: int) -> HttpResponse:
        """The same as a file."""
        run = selectors.run_get(request.user, pk)
        name = f"run-{run.pk}-{run.strategy.name}.csv"
        answer = HttpResponse(services.run_report_csv(run), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer


def strategy_get(user: User, pk: int) -> Strategy:
    """Raises NotFound for what is missing and, with the same words, for what is not theirs."""
    rows_ = Strategy.objects.filter(account__in=accounts_visible(user), pk=pk)
    found = rows_.select_related("account__connection").first()
    if found is None:
        raise NotFound(_("There is no such strategy, or it is of an account you may not see."))
    return found


def _snapshot(strategy: Strategy, pk: int | None) -> DecisionSnapshot | None:
    if pk is None:
        return None
    found = DecisionSnapshot.objects.filter(strategy=strategy, pk=pk).first()
    if found is None:
        raise NotFound(_("The strategy has no such weights."))
    return found


def _whole(request: Request, pk: int, status: int = 200) -> Response:
    return Response(planrows.run_whole(selectors.run_get(request.user, pk)), status=status)

"""Where accounts stand with the guard, and how they got there."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.rows import RowsView
from apps.accounts.selectors import account_get, accounts_visible
from apps.lib import clock
from apps.risk import rows, selectors
from apps.risk.api import schema
from apps.risk.models import GuardEvaluation, GuardState

KEPT = timedelta(days=366)


class RiskState(APIView):
    @extend_schema(responses=schema.RiskShape)
    def get(self, request: Request) -> Response:
        """The global kill level and the guard's state of your accounts."""
        accounts = accounts_visible(request.user)
        states = {s.account_id: s for s in GuardState.objects.filter(account__in=accounts)}
        told = [rows.guard_row(account, states.get(account.pk)) for account in accounts]
        return Response({"kill": rows.kill_row(selectors.kill_switch(None)), "accounts": told})


class RiskDetail(APIView):
    @extend_schema(responses=schema.AccountRiskShape)
    def get(self, request: Request, pk: int) -> Response:
        """Guard, figures against limits, kill level, flattening, open locks and alerts."""
        return Response(selectors.account_state(account_get(request.user, pk)))


@extend_schema(responses=schema.EvaluationShape(many=True))
class Evaluations(RowsView[GuardEvaluation]):
    """Every look of the guard at an account, newest first."""

    queryset = GuardEvaluation.objects.none()

    def get_queryset(self) -> QuerySet[GuardEvaluation]:
        account = account_get(self.request.user, self.kwargs["pk"])
        return GuardEvaluation.objects.filter(account=account, at__gte=clock.now() - KEPT)

    def rows(self, found: list[GuardEvaluation]) -> list[dict[str, Any]]:
        return [rows.evaluation_row(evaluation) for evaluation in found]

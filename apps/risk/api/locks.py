"""Locks and alerts over the API."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.rows import RowsView
from apps.accounts.selectors import account_get
from apps.lib import clock
from apps.risk import rows, selectors, services
from apps.risk.alerts.texts import alert_sentence
from apps.risk.api import schema
from apps.risk.api.people import checked, person
from apps.risk.models import Alert, Lock


@extend_schema(responses=schema.LockShape(many=True))
class LockList(RowsView[Lock]):
    """Locks of an account, open ones and those that were."""

    queryset = Lock.objects.none()

    def get_queryset(self) -> QuerySet[Lock]:
        return Lock.objects.filter(account=account_get(self.request.user, self.kwargs["pk"]))

    def rows(self, found: list[Lock]) -> list[dict[str, Any]]:
        return [rows.lock_row(lock) for lock in found]

    @extend_schema(request=schema.LockBody, responses=schema.LockShape)
    def post(self, request: Request, pk: int) -> Response:
        """Makes an instrument reduce-only."""
        account = account_get(request.user, pk)
        wish = checked(schema.LockBody, request.data)
        lock = services.lock_open(user=person(request), account=account, at=clock.now(), **wish)
        return Response(rows.lock_row(lock), status=201)


class LockClose(APIView):
    @extend_schema(request=schema.LockEndBody, responses=schema.LockShape)
    def post(self, request: Request, pk: int, lock: int) -> Response:
        """Adopts, explains, or states that it is balanced or closed, which is checked."""
        row = services.lock_get(account_get(request.user, pk), lock)
        wish = checked(schema.LockEndBody, request.data)
        closed = services.lock_close(user=person(request), lock=row, at=clock.now(), **wish)
        return Response(rows.lock_row(closed))


@extend_schema(responses=schema.AlertShape(many=True))
class AlertList(RowsView[Alert]):
    """Alerts of your accounts and of the portal, newest first."""

    queryset = Alert.objects.none()

    def get_queryset(self) -> QuerySet[Alert]:
        return selectors.alerts_visible(self.request.user)

    def rows(self, found: list[Alert]) -> list[dict[str, Any]]:
        return [rows.alert_row(alert) | {"sentence": alert_sentence(alert)} for alert in found]


class AlertSeen(APIView):
    @extend_schema(request=None, responses=schema.AlertShape)
    def post(self, request: Request, pk: int) -> Response:
        """Takes the alert out of the tray."""
        alert = services.alert_seen(user=person(request), pk=pk, at=clock.now())
        return Response(rows.alert_row(alert))

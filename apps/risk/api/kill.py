"""Kill levels over the API: one call to stop, another permission to go on."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.lib import clock
from apps.risk import services
from apps.risk.api import schema
from apps.risk.api.people import account_of, checked, person
from apps.risk.rows import kill_row

SOURCE = "api"


class KillView(APIView):
    @extend_schema(request=schema.KillBody, responses=schema.KillShape)
    def post(self, request: Request) -> Response:
        """Raises the level; the same level again repeats its commands."""
        wish = checked(schema.KillBody, request.data)
        switch = services.kill_set(
            user=person(request),
            account=account_of(request, wish["account"]),
            level=wish["level"],
            reason=wish["reason"],
            at=clock.now(),
            source=SOURCE,
        )
        return Response(kill_row(switch))


class LiftView(APIView):
    @extend_schema(request=schema.LiftBody, responses=schema.KillShape)
    def post(self, request: Request) -> Response:
        """Lowers the level and clears the guard's latches of the account."""
        wish = checked(schema.LiftBody, request.data)
        switch = services.kill_lift(
            user=person(request),
            account=account_of(request, wish["account"]),
            level=wish["level"],
            reason=wish["reason"],
            at=clock.now(),
            source=SOURCE,
        )
        return Response(kill_row(switch))

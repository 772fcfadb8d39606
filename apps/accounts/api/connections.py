"""Connections with their effective link, a manual refresh, and the status of the portal."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from apps.accounts import selectors, services
from apps.accounts.api import schema
from apps.accounts.models import Connection
from apps.lib import clock
from apps.lib.errors import NotFound


class RefreshThrottle(UserRateThrottle):
    """A refresh costs the broker dozens of messages."""

    scope = "refresh"
    rate = "12/min"


def _all() -> list[dict[str, Any]]:
    return [{"slug": slug, **state} for slug, state in selectors.links_state().items()]


def _one(slug: str) -> Connection:
    found = Connection.objects.filter(slug=slug, enabled=True).first()
    if found is None:
        raise NotFound(_("There is no such connection, or it is switched off."))
    return found


class ConnectionList(APIView):
    @extend_schema(responses=schema.ConnectionShape(many=True))
    def get(self, _request: Request) -> Response:
        """Every enabled connection."""
        return Response(_all())


class ConnectionDetail(APIView):
    @extend_schema(responses=schema.ConnectionShape)
    def get(self, _request: Request, slug: str) -> Response:
        """One connection; worker false says that its gateway worker is not running."""
        connection = _one(slug)
        link = selectors.link_effective(connection)
        return Response({"slug": slug, **selectors.link_state(connection, link)})


class ConnectionRefresh(APIView):
    throttle_classes = [RefreshThrottle]

    @extend_schema(request=None, responses={202: schema.QueuedShape})
    def post(self, request: Request, slug: str) -> Response:
        """Asks the gateway worker to fetch positions, values and P&L anew."""
        services.refresh_request(user=request.user, connection=_one(slug))
        return Response({"queued": True}, status=202)


class Status(APIView):
    @extend_schema(responses=schema.StatusShape)
    def get(self, request: Request) -> Response:
        """Links, and how much there is for you to see."""
        return Response(
            {
                "at": clock.now(),
                "connections": _all(),
                "accounts": selectors.accounts_visible(request.user).count(),
                "findings": selectors.findings_open(request.user).count(),
            }
        )

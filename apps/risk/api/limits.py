"""Limits, their history, and the restricted list over the API."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.rows import RowsView
from apps.accounts.models import Connection
from apps.accounts.selectors import account_get
from apps.lib import clock
from apps.lib.errors import NotFound
from apps.risk import limit_rows as rows
from apps.risk import services
from apps.risk.api import limit_schema as schema
from apps.risk.api.people import account_of, checked, person
from apps.risk.models import GateDecision, LimitChange, Restriction, RiskLimit
from apps.risk.policy import Subject
from apps.risk.selectors import limits as selectors

ACCOUNT = OpenApiParameter("account", int, description="Primary key; without it the defaults")


class Controls(APIView):
    @extend_schema(parameters=[ACCOUNT], responses=schema.ControlShape(many=True))
    def get(self, request: Request) -> Response:
        """Every control with what holds for an account."""
        asked = request.query_params.get("account")
        if not asked:
            return Response(rows.control_rows(selectors.limits_for(Subject())))
        account = account_get(request.user, asked)
        return Response(rows.control_rows(selectors.limits_of(account)))


@extend_schema(responses=schema.LimitShape(many=True))
class LimitList(RowsView[RiskLimit]):
    """Limits that people have set."""

    filterset_fields = ["code", "account"]
    queryset = RiskLimit.objects.none()

    def get_queryset(self) -> QuerySet[RiskLimit]:
        return selectors.limits_visible(self.request.user)

    def rows(self, found: list[RiskLimit]) -> list[dict[str, Any]]:
        return [rows.limit_row(limit) for limit in found]

    @extend_schema(request=schema.LimitBody, responses={201: schema.LimitChangeShape})
    def post(self, request: Request) -> Response:
        """Sets one number in one scope, or takes it out."""
        wish = checked(schema.LimitBody, request.data)
        scope = services.LimitScope(
            connection=_connection(wish["connection"]),
            account=account_of(request, wish["account"]),
            sec_type=wish["sec_type"],
            strategy=wish["strategy"],
            con_id=wish["con_id"],
        )
        told = {name: wish[name] for name in ("code", "name", "value", "reason")}
        change = services.limit_change(user=person(request), scope=scope, at=clock.now(), **told)
        return Response(rows.change_row(change), status=201)


@extend_schema(responses=schema.LimitChangeShape(many=True))
class ChangeList(RowsView[LimitChange]):
    """Every change: who, when, why, old and new; those that wait too."""

    filterset_fields = ["code", "account", "state"]
    queryset = LimitChange.objects.none()

    def get_queryset(self) -> QuerySet[LimitChange]:
        return selectors.changes_visible(self.request.user)

    def rows(self, found: list[LimitChange]) -> list[dict[str, Any]]:
        return [rows.change_row(change) for change in found]


class ChangeDecide(APIView):
    @extend_schema(request=schema.DecideBody, responses=schema.LimitChangeShape)
    def post(self, request: Request, pk: int) -> Response:
        """A second person applies or declines."""
        change = selectors.changes_visible(request.user).filter(pk=pk).first()
        if change is None:
            raise NotFound(_("There is no such change."))
        wish = checked(schema.DecideBody, request.data)
        user = person(request)
        decided = services.limit_decide(user=user, change=change, at=clock.now(), **wish)
        return Response(rows.change_row(decided))


@extend_schema(responses=schema.RestrictionShape(many=True))
class RestrictionList(RowsView[Restriction]):
    """What must not be traded, or only reduced."""

    queryset = Restriction.objects.none()

    def get_queryset(self) -> QuerySet[Restriction]:
        return selectors.restrictions_open(self.request.user)

    def rows(self, found: list[Restriction]) -> list[dict[str, Any]]:
        return [rows.restriction_row(entry) for entry in found]

    @extend_schema(request=schema.RestrictionBody, responses={201: schema.RestrictionShape})
    def post(self, request: Request) -> Response:
        """Adds an entry; it holds at once."""
        wish = checked(schema.RestrictionBody, request.data)
        account = account_of(request, wish.pop("account"))
        entry = services.restriction_add(
            user=person(request), account=account, at=clock.now(), **wish
        )
        return Response(rows.restriction_row(entry), status=201)


class RestrictionEnd(APIView):
    @extend_schema(request=schema.EndBody, responses=schema.RestrictionShape)
    def post(self, request: Request, pk: int) -> Response:
        """Ends an entry, with a reason."""
        entry = selectors.restrictions_open(request.user).filter(pk=pk).first()
        if entry is None:
            raise NotFound(_("There is no such restriction."))
        wish = checked(schema.EndBody, request.data)
        user = person(request)
        ended = services.restriction_end(user=user, entry=entry, at=clock.now(), **wish)
        return Response(rows.restriction_row(ended))


@extend_schema(responses=schema.DecisionShape(many=True))
class DecisionList(RowsView[GateDecision]):
    """The gate's answers for an account, newest first, with every number."""

    filterset_fields = ["con_id", "passed", "before_wire", "source"]
    queryset = GateDecision.objects.none()

    def get_queryset(self) -> QuerySet[GateDecision]:
        return GateDecision.objects.filter(
            account=account_get(self.request.user, self.kwargs["pk"])
        )

    def rows(self, found: list[GateDecision]) -> list[dict[str, Any]]:
        return [rows.decision_row(decision) for decision in found]


def _connection(slug: str | None) -> Connection | None:
    if slug is None:
        return None
    found = Connection.objects.filter(slug=slug).first()
    if found is None:
        raise NotFound(_("There is no such connection."))
    return found

"""The audit over the API: rows with filters, or all of them as CSV."""

import csv
from typing import Any

import orjson
from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.accounts.api.rows import RowsView
from apps.accounts.masks import mask_text
from apps.accounts.models import AuditEvent
from apps.accounts.permissions import may_unmask
from apps.accounts.selectors import audit_of, audit_rows

FIELDS = ("sequence", "at", "actor", "action", "subject", "data", "previous_hash", "hash")


class AuditShape(s.Serializer[Any]):
    """One link of the chain."""

    sequence = s.IntegerField()
    at = s.DateTimeField()
    actor = s.CharField()
    action = s.CharField()
    subject = s.CharField()
    account = s.IntegerField(allow_null=True)
    data = s.JSONField()  # type: ignore[assignment]  # the name is taken by DRF's property
    previous_hash = s.CharField()
    hash = s.CharField()


@extend_schema(responses=AuditShape(many=True))
class AuditList(RowsView[AuditEvent]):
    """Who did what that trades or changes a limit, newest first; of your accounts."""

    filterset_fields = ["actor", "action", "account"]
    queryset = AuditEvent.objects.none()

    def get_queryset(self) -> QuerySet[AuditEvent]:
        return audit_of(self.request.user)

    def rows(self, found: list[AuditEvent]) -> list[dict[str, Any]]:
        rows = [
            {name: getattr(event, name) for name in FIELDS} | {"account": event.account_id}
            for event in found
        ]
        return rows if may_unmask(self.request.user) else [_masked(row) for row in rows]


class AuditExport(APIView):
    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request: Request) -> HttpResponse:
        """Oldest first; account ids are masked for whoever may not see them."""
        answer = HttpResponse(content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="audit.csv"'
        events = audit_of(request.user).order_by("sequence")
        csv.writer(answer).writerows(audit_rows(events, unmask=may_unmask(request.user)))
        return answer


def _masked(row: dict[str, Any]) -> dict[str, Any]:
    """Account ids also hide in subjects and data."""
    told = orjson.dumps([row["subject"], row["data"]]).decode()
    subject, data = orjson.loads(mask_text(told))
    return row | {"subject": subject, "data": data}

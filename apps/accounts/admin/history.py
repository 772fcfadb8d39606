"""Admin of what the broker and the checks wrote; read-only."""

import csv

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from apps.accounts.admin.base import HistoryAdmin, ReadOnlyAdmin
from apps.accounts.masks import mask_text
from apps.accounts.models import (
    AccountValue,
    AuditEvent,
    EquityPoint,
    Finding,
    LinkEvent,
    Position,
)
from apps.accounts.permissions import may_unmask
from apps.accounts.selectors import audit_of, audit_rows


@admin.register(LinkEvent)
class LinkEventAdmin(ReadOnlyAdmin[LinkEvent]):
    list_display = ["connection", "state", "code", "sentence", "at"]
    list_filter = ["connection", "state"]
    list_select_related = ["connection"]


@admin.register(EquityPoint)
class EquityPointAdmin(HistoryAdmin[EquityPoint]):
    list_display = ["account", "at", "net_liquidation", "cash", "daily_pnl"]
    list_filter = ["account"]
    date_hierarchy = "at"


@admin.register(Finding)
class FindingAdmin(HistoryAdmin[Finding]):
    list_display = ["account", "severity", "code", "sentence", "last_seen_at", "resolved_at"]
    list_filter = ["severity", "code", "account"]


@admin.register(AccountValue)
class ValueAdmin(HistoryAdmin[AccountValue]):
    list_display = ["account", "tag", "currency", "amount", "shown_text", "at"]
    list_filter = ["account", "currency"]
    search_fields = ["tag"]
    fields = ["account", "tag", "currency", "amount", "shown_text", "at"]

    @admin.display(description="text")
    def shown_text(self, value: AccountValue) -> str:
        return mask_text(value.text)


@admin.register(Position)
class PositionAdmin(HistoryAdmin[Position]):
    list_display = ["account", "symbol", "local_symbol", "sec_type", "quantity", "average_cost"]
    list_filter = ["account", "sec_type", "currency"]
    search_fields = ["symbol", "local_symbol"]


@admin.register(AuditEvent)
class AuditAdmin(ReadOnlyAdmin[AuditEvent]):
    """Staff see events of the accounts they hold a grant for; superusers see all."""

    list_display = ["sequence", "at", "actor", "action", "subject", "account"]
    list_filter = ["action", "account"]
    search_fields = ["actor", "subject"]
    list_select_related = ["account"]
    date_hierarchy = "at"
    actions = ["export"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEvent]:
        return audit_of(request.user)

    @admin.action(description="Export as CSV", permissions=["view"])
    def export(self, request: HttpRequest, found: QuerySet[AuditEvent]) -> HttpResponse:
        answer = HttpResponse(content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="audit.csv"'
        rows = audit_rows(found.order_by("sequence"), unmask=may_unmask(request.user))
        csv.writer(answer).writerows(rows)
        return answer

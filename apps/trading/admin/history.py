"""Admin of orders and executions: to be read, never to be changed."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from apps.accounts.admin.base import HistoryAdmin, ReadOnlyAdmin
from apps.accounts.masks import mask_text
from apps.accounts.selectors import accounts_visible
from apps.marketdata.permissions import connections_visible
from apps.trading.models import (
    CommissionReport,
    DisconnectCancel,
    Execution,
    Order,
    OrderChange,
    OrderEvent,
    OutageReport,
)

if TYPE_CHECKING:
    Inline = admin.TabularInline[Any, Any]
else:
    Inline = admin.TabularInline


class ToldInline(Inline):
    """Rows that belong to another one, to be read."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002  # Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return False


class EventInline(ToldInline):
    model = OrderEvent
    fields = ["number", "kind", "before", "after", "origin", "at"]


class ChangeInline(ToldInline):
    model = OrderChange
    fields = ["number", "quantity", "limit_price", "stop_price", "state", "asked_by", "asked_at"]


@admin.register(Order)
class OrderAdmin(HistoryAdmin[Order]):
    list_display = ["id", "account", "instrument", "side", "quantity", "filled", "state", "source"]
    list_filter = ["state", "source", "side", "account"]
    list_select_related = ["account", "instrument"]
    search_fields = ["instrument__symbol", "ref", "=perm_id", "strategy"]
    date_hierarchy = "accepted_at"
    inlines = [EventInline, ChangeInline]
    exclude = ["lease_token", "reason"]
    readonly_fields = ["masked_reason"]

    @admin.display(description="reason")
    def masked_reason(self, order: Order) -> str:
        return mask_text(order.reason)


@admin.register(OrderEvent)
class OrderEventAdmin(HistoryAdmin[OrderEvent]):
    account_path = "order__account"
    list_display = ["order_id", "number", "kind", "before", "after", "origin", "at"]
    list_filter = ["kind", "origin", "after"]
    list_select_related = ["order"]
    search_fields = ["=order__id", "order__ref"]


@admin.register(OrderChange)
class OrderChangeAdmin(HistoryAdmin[OrderChange]):
    account_path = "order__account"
    list_display = ["order_id", "number", "quantity", "limit_price", "stop_price", "state"]
    list_filter = ["state"]
    list_select_related = ["order"]


@admin.register(Execution)
class ExecutionAdmin(HistoryAdmin[Execution]):
    list_display = ["exec_id", "account", "instrument", "side", "quantity", "price", "at"]
    list_filter = ["side", "account"]
    list_select_related = ["account", "instrument"]
    search_fields = ["exec_id", "instrument__symbol", "=perm_id"]
    date_hierarchy = "at"


@admin.register(CommissionReport)
class CommissionAdmin(ReadOnlyAdmin[CommissionReport]):
    list_display = ["exec_id", "amount", "currency", "realized_pnl", "recorded_at"]
    search_fields = ["exec_id"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Of fills of accounts that the reader sees; one without its fill yet is nobody's."""
        seen = Execution.objects.filter(account__in=accounts_visible(request.user))
        return super().get_queryset(request).filter(exec_id__in=seen.values("exec_id"))


@admin.register(OutageReport)
class OutageAdmin(ReadOnlyAdmin[OutageReport]):
    list_display = ["connection", "from_at", "to_at", "facts"]
    list_filter = ["connection"]
    list_select_related = ["connection"]
    exclude = ["data"]

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        return rows.filter(connection__in=connections_visible(request.user))

    @admin.display(description="facts")
    def facts(self, report: OutageReport) -> str:
        """How many of each; the facts themselves are on the pages, by account."""
        return ", ".join(f"{name} {len(found)}" for name, found in report.data.items())


@admin.register(DisconnectCancel)
class DisconnectAdmin(ReadOnlyAdmin[DisconnectCancel]):
    list_display = ["connection", "lost_at", "back_at", "orders_ended", "confirmed_at"]
    list_filter = ["connection"]
    list_select_related = ["connection"]
    exclude = ["orders"]

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        return rows.filter(connection__in=connections_visible(request.user))

    @admin.display(description="orders")
    def orders_ended(self, loss: DisconnectCancel) -> int:
        return loss.orders.count()

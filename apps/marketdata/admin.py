"""Admin of market data: streams and watchlists to be changed, what the broker told to be read."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.accounts.admin.base import ModelAdmin
from apps.lib.errors import PortalError
from apps.marketdata import selectors, services
from apps.marketdata.models import (
    Bar,
    BarDownload,
    BarRange,
    Instrument,
    MarketRule,
    StreamConfig,
    StreamTarget,
    Watchlist,
    WatchlistItem,
)
from apps.marketdata.permissions import connections_visible
from apps.marketdata.saying import sentence_of

if TYPE_CHECKING:
    Inline = admin.TabularInline[WatchlistItem, Watchlist]
else:
    Inline = admin.TabularInline

STATUS = ["status_now", "sentence_now", "status_at"]


class ToldAdmin(ModelAdmin[Any]):
    """What the broker or the portal wrote: to be read, not to be changed."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002  # Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return False


@admin.register(Instrument)
class InstrumentAdmin(ToldAdmin):
    list_display = ["con_id", "symbol", "local_symbol", "sec_type", "currency", "long_name"]
    list_filter = ["sec_type", "currency"]
    search_fields = ["=con_id", "symbol", "local_symbol", "long_name"]


@admin.register(MarketRule)
class MarketRuleAdmin(ToldAdmin):
    list_display = ["rule_id", "bands", "fetched_at"]


@admin.register(Bar)
class BarAdmin(ToldAdmin):
    list_display = ["instrument", "size", "start_at", "open", "high", "low", "close", "source"]
    list_filter = ["size", "source"]
    search_fields = ["instrument__symbol"]
    list_select_related = ["instrument"]
    show_full_result_count = False


@admin.register(BarRange)
class BarRangeAdmin(ToldAdmin):
    list_display = ["instrument", "size", "what", "start_at", "end_at"]
    list_select_related = ["instrument"]


@admin.register(BarDownload)
class BarDownloadAdmin(ToldAdmin):
    list_display = ["instrument", "size", "state", "progress", "bars", "sentence", "requested_at"]
    list_filter = ["state", "size"]
    list_select_related = ["instrument"]


@admin.register(StreamTarget)
class StreamTargetAdmin(ToldAdmin):
    list_display = ["connection", "instrument"]
    list_filter = ["connection"]
    list_select_related = ["connection", "instrument"]


@admin.register(StreamConfig)
class StreamConfigAdmin(ModelAdmin[StreamConfig]):
    """Start and stop are actions; settings reach the gateway when they are saved."""

    list_display = ["connection", "enabled", "status_now", "sentence_now", "max_symbols"]
    list_select_related = ["connection"]
    readonly_fields = STATUS
    exclude = ["status", "sentence"]
    actions = ["start", "stop"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[StreamConfig]:
        rows = super().get_queryset(request)
        return rows.filter(connection__in=connections_visible(request.user))

    def get_readonly_fields(self, request: HttpRequest, obj: StreamConfig | None = None) -> Any:
        fixed = super().get_readonly_fields(request, obj)
        return fixed if obj is None else [*fixed, "connection"]

    def has_delete_permission(
        self,
        request: HttpRequest,  # noqa: ARG002  # Django's signature
        obj: StreamConfig | None = None,  # noqa: ARG002
    ) -> bool:
        return False

    @admin.display(description=_("status"))
    def status_now(self, config: StreamConfig) -> str:
        return str(selectors.stream_state(config)["status"])

    @admin.display(description=_("sentence"))
    def sentence_now(self, config: StreamConfig) -> str:
        return sentence_of(selectors.stream_state(config))

    def save_model(
        self,
        request: HttpRequest,
        obj: StreamConfig,
        form: "ModelForm[StreamConfig]",
        change: bool,  # noqa: FBT001  # Django's signature
    ) -> None:
        del request, form, change
        services.stream_save(obj)

    @admin.action(description=_("Start the stream"), permissions=["change"])
    def start(self, request: HttpRequest, queryset: QuerySet[StreamConfig]) -> None:
        self._switch(request, queryset, services.stream_start)

    @admin.action(description=_("Stop the stream"), permissions=["change"])
    def stop(self, request: HttpRequest, queryset: QuerySet[StreamConfig]) -> None:
        self._switch(request, queryset, services.stream_stop)

    def _switch(self, request: HttpRequest, queryset: QuerySet[StreamConfig], service: Any) -> None:
        for config in queryset:
            try:
                service(user=request.user, connection=config.connection)
            except PortalError as error:
                messages.error(request, f"{config.connection}: {error.sentence}")


class ItemInline(Inline):
    model = WatchlistItem
    raw_id_fields = ["instrument"]
    extra = 0


@admin.register(Watchlist)
class WatchlistAdmin(ModelAdmin[Watchlist]):
    list_display = ["name", "user", "created_at"]
    list_filter = ["user"]
    list_select_related = ["user"]
    inlines = [ItemInline]

"""Admin of connections: settings with help, the link as it is now."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors, services
from apps.accounts.admin.base import HiddenFields
from apps.accounts.hints import port_hint
from apps.accounts.masks import mask_account
from apps.accounts.models import Connection
from apps.accounts.permissions import may_unmask

LINK_FIELDS = ["link_now", "link_since_at", "link_code", "link_sentence"]


@admin.register(Connection)
class ConnectionAdmin(HiddenFields[Connection]):
    hidden = ("pinned_accounts",)
    list_display = ["label", "slug", "mode", "host", "port", "client_id", "enabled", "link_now"]
    list_filter = ["mode", "enabled"]
    readonly_fields = [*LINK_FIELDS, "pinned_masked"]
    prepopulated_fields = {"slug": ["label"]}

    @admin.display(description=_("link"))
    def link_now(self, connection: Connection) -> str:
        link = selectors.link_effective(connection)
        return f"{link.state.value.replace('_', ' ')}: {link.sentence}"

    @admin.display(description=_("pinned accounts"))
    def pinned_masked(self, connection: Connection) -> str:
        return ", ".join(mask_account(code) for code in connection.pinned)

    def get_fieldsets(self, request: HttpRequest, obj: Connection | None = None) -> Any:
        pinned = "pinned_accounts" if obj is None or may_unmask(request.user) else "pinned_masked"
        return [
            (None, {"fields": ["label", "slug", "mode", "enabled"]}),
            (
                _("TWS or IB Gateway"),
                {
                    "fields": ["host", "port", "client_id", pinned, "market_data_type"],
                    "description": _(
                        "In TWS or IB Gateway, switch on “Enable ActiveX and Socket Clients” "
                        "under Settings, API, and use the socket port shown there. Every program "
                        "that connects needs a client id of its own."
                    ),
                },
            ),
            (
                _("Restart"),
                {
                    "fields": [
                        "time_zone",
                        "restart_at",
                        "restart_minutes",
                        "no_orders_minutes",
                        "weekly_login_at",
                    ],
                    "description": _(
                        "TWS and IB Gateway restart every day at the time set in their "
                        "configuration. In that window the portal reconnects without alarm."
                    ),
                },
            ),
            (_("Link"), {"fields": LINK_FIELDS}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Connection | None = None) -> Any:
        fixed = super().get_readonly_fields(request, obj)
        return fixed if obj is None else [*fixed, "slug"]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Connection | None = None) -> Any:
        return super().get_prepopulated_fields(request, obj) if obj is None else {}

    def save_model(
        self,
        request: HttpRequest,
        obj: Connection,
        form: "ModelForm[Connection]",
        change: bool,  # noqa: FBT001  # Django's signature
    ) -> None:
        del form, change
        services.connection_save(obj)
        hint = port_hint(port=obj.port, mode=obj.mode)
        if hint:
            messages.warning(request, hint)

    def delete_model(self, request: HttpRequest, obj: Connection) -> None:
        del request
        services.connection_delete(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        for connection in queryset:
            self.delete_model(request, connection)

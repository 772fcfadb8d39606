"""Admin of accounts, grants and cash flows; account ids are masked without the permission."""

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest

from apps.accounts import services
from apps.accounts.admin.base import HiddenFields, VisibleAdmin
from apps.accounts.models import AccountGrant, BrokerAccount, CashFlow
from apps.accounts.permissions import may_unmask


@admin.register(BrokerAccount)
class BrokerAccountAdmin(HiddenFields[BrokerAccount], VisibleAdmin[BrokerAccount]):
    """Only the name can be changed: the rest is the broker's word."""

    account_path = "pk"
    hidden = ("code",)
    list_filter = ["connection"]
    list_select_related = ["connection"]

    def get_list_display(self, request: HttpRequest) -> Any:
        return ["__str__", self._code(request), "connection", "base_currency", "last_seen_at"]

    def get_search_fields(self, request: HttpRequest) -> Any:
        # A search would be as telling as a filter.
        return ["alias", "code"] if may_unmask(request.user) else ["alias"]

    def get_fields(self, request: HttpRequest, obj: BrokerAccount | None = None) -> Any:
        return ["alias", *self.get_readonly_fields(request, obj)]

    def get_readonly_fields(self, request: HttpRequest, obj: BrokerAccount | None = None) -> Any:
        del obj
        told = ["base_currency", "daily_pnl", "unrealized_pnl", "realized_pnl"]
        times = ["pnl_at", "values_at", "positions_at", "first_seen_at", "last_seen_at"]
        return [self._code(request), "connection", *told, *times]

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002  # Django's signature
        return False

    def save_model(
        self,
        request: HttpRequest,
        obj: BrokerAccount,
        form: "ModelForm[BrokerAccount]",
        change: bool,  # noqa: FBT001  # Django's signature
    ) -> None:
        del request, form, change
        services.account_rename(account=obj, alias=obj.alias)

    def _code(self, request: HttpRequest) -> str:
        return "code" if may_unmask(request.user) else "masked"


@admin.register(AccountGrant)
class GrantAdmin(VisibleAdmin[AccountGrant]):
    list_display = ["user", "account"]
    list_filter = ["user"]
    autocomplete_fields = ["user"]
    list_select_related = ["user", "account"]


@admin.register(CashFlow)
class CashFlowAdmin(VisibleAdmin[CashFlow]):
    """Deposits and withdrawals, so that they do not count as profit."""

    list_display = ["account", "at", "amount", "note"]
    list_filter = ["account"]
    date_hierarchy = "at"

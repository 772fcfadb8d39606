"""What the admin pages share: only visible accounts, and history that nobody edits."""

from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin
from django.db.models import ForeignKey, Model, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest

from apps.accounts.models import BrokerAccount
from apps.accounts.permissions import may_unmask
from apps.accounts.selectors import accounts_visible

Row = TypeVar("Row", bound=Model)

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin
else:

    class ModelAdmin(admin.ModelAdmin):
        """Takes the type of its rows, which Django's own class only does for type checkers."""

        def __class_getitem__(cls, _row):
            return cls


class VisibleAdmin(ModelAdmin[Row]):
    """Staff see rows of the accounts they hold a grant for; superusers see all."""

    account_path = "account"
    list_select_related = ["account"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Row]:
        rows = super().get_queryset(request)
        return rows.filter(**{f"{self.account_path}__in": accounts_visible(request.user)})

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> "ModelChoiceField[Any] | None":
        if db_field.related_model is BrokerAccount:
            kwargs["queryset"] = accounts_visible(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class ReadOnlyAdmin(ModelAdmin[Row]):
    """Rows the broker or the portal wrote: to be read, not to be changed."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002  # Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:  # noqa: ARG002
        return False


class HistoryAdmin(ReadOnlyAdmin[Row], VisibleAdmin[Row]):
    """History of an account."""


class HiddenFields(ModelAdmin[Row]):
    """Keeps URL filters away from hidden columns: they would tell them digit by digit."""

    hidden: tuple[str, ...] = ()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        if lookup.split("__", maxsplit=1)[0] in self.hidden and not may_unmask(request.user):
            return False
        return super().lookup_allowed(lookup, value, request)

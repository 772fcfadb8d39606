"""Admin of strategies, policies and target weights: the same services judge as everywhere."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.accounts.admin.base import VisibleAdmin
from apps.lib import clock
from apps.lib.errors import Invalid, NotAllowed, PortalError
from apps.trading import selectors, services
from apps.trading.models import DecisionSnapshot, Policy, Strategy, TargetWeight
from apps.trading.services.strategies import POLICY_FIELDS
from apps.trading.weightfile import BYTES_LIMIT

if TYPE_CHECKING:
    StrategyFields = forms.ModelForm[Strategy]
    PolicyFields = forms.ModelForm[Policy]
    SnapshotFields = forms.ModelForm[DecisionSnapshot]
    WeightRows = admin.TabularInline[TargetWeight, DecisionSnapshot]
else:
    StrategyFields = PolicyFields = SnapshotFields = forms.ModelForm
    WeightRows = admin.TabularInline


class ServiceForm:
    """Asks the service itself whether it would do this, in a transaction that is undone.

    Stands before a ModelForm, whose parts it names here.
    """

    user: User
    errors: Any
    fields: Any
    add_error: Any

    def apply(self) -> Model:
        raise NotImplementedError

    def clean(self) -> Any:
        cleaned = super().clean()  # type: ignore[misc]  # the form's own
        if not self.errors:
            try:
                with transaction.atomic():
                    self.apply()
                    transaction.set_rollback(True)
            except Invalid as error:
                self._complain(error)
            except PortalError as error:
                self.add_error(None, f"{error.sentence} {error.remedy}".strip())
        return cleaned

    def _complain(self, error: Invalid) -> None:
        for name, texts in error.fields.items():
            known = name in self.fields
            for text in texts:
                self.add_error(name if known else None, text if known else f"{name}: {text}")


class ServiceAdmin(VisibleAdmin[Any]):
    """Saves through the form's service; nothing is ever deleted here."""

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        made = super().get_form(request, *args, **kwargs)
        return type(made.__name__, (made,), {"user": _user(request)})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001  # Django's signature
        del request, change
        obj.pk = form.apply().pk
        obj.refresh_from_db()

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return False


class StrategyForm(ServiceForm, StrategyFields):
    class Meta:
        model = Strategy
        fields = ["account", "name", "provider", "params", "enabled"]

    def apply(self) -> Strategy:
        told, at = self.cleaned_data, clock.now()
        params = told.get("params") or {}
        provider = told.get("provider", "")
        if self.instance._state.adding:  # noqa: SLF001  # Django's documented flag
            return services.strategy_create(
                user=self.user,
                account=told["account"],
                name=told["name"],
                provider=provider,
                params=params,
                at=at,
            )
        return services.strategy_update(
            user=self.user,
            strategy=Strategy.objects.get(pk=self.instance.pk),
            enabled=told["enabled"],
            provider=provider,
            params=params,
            at=at,
        )


@admin.register(Strategy)
class StrategyAdmin(ServiceAdmin):
    form = StrategyForm
    list_display = ["name", "account", "provider", "enabled"]
    list_filter = ["enabled"]

    def get_readonly_fields(self, request: HttpRequest, obj: Strategy | None = None) -> Any:
        fixed = super().get_readonly_fields(request, obj)
        return fixed if obj is None else [*fixed, "account", "name"]


class PolicyForm(ServiceForm, PolicyFields):
    class Meta:
        model = Policy
        fields = ["strategy", *POLICY_FIELDS]

    def apply(self) -> Policy:
        changes = {name: self.cleaned_data[name] for name in POLICY_FIELDS}
        changes["overrides"] = changes["overrides"] or {}
        return services.policy_change(
            user=self.user,
            strategy=self.cleaned_data["strategy"],
            changes=changes,
            at=clock.now(),
        )


class OfStrategy(ServiceAdmin):
    """Rows of a strategy: added, then only to be read."""

    account_path = "strategy__account"
    list_select_related = ["strategy", "made_by"]
    list_filter = ["strategy"]

    def has_change_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:  # noqa: ARG002
        return False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "strategy":
            kwargs["queryset"] = selectors.strategies_visible(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Policy)
class PolicyAdmin(OfStrategy):
    """A new row is a new version."""

    form = PolicyForm
    list_display = ["strategy", "version", "cash_buffer", "turnover_cap", "made_by", "made_at"]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """With ?strategy= everything starts as the newest version has it."""
        told: dict[str, Any] = dict(super().get_changeform_initial_data(request))
        pk = str(told.get("strategy", ""))
        newest = selectors.policy_newest(int(pk)) if pk.isdigit() else None
        if newest is not None and selectors.strategies_visible(request.user).filter(pk=pk).exists():
            told |= {name: getattr(newest, name) for name in POLICY_FIELDS}
        return told


class SnapshotForm(ServiceForm, SnapshotFields):
    file = forms.FileField(
        label=_("file"), help_text=_("Lines of symbol and weight, as the template has them")
    )

    class Meta:
        model = DecisionSnapshot
        fields = ["strategy", "dated_on", "note"]

    def apply(self) -> DecisionSnapshot:
        file = self.cleaned_data["file"]
        file.seek(0)
        return services.snapshot_from_csv(
            user=self.user,
            strategy=self.cleaned_data["strategy"],
            content=file.read(BYTES_LIMIT + 1),
            dated_on=self.cleaned_data["dated_on"],
            note=self.cleaned_data["note"],
            at=clock.now(),
        )


class WeightInline(WeightRows):
    model = TargetWeight
    fields = ["instrument", "weight"]
    readonly_fields = ["instrument", "weight"]
    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return True  # who sees the snapshot sees what is in it

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


@admin.register(DecisionSnapshot)
class SnapshotAdmin(OfStrategy):
    form = SnapshotForm
    list_display = ["strategy", "dated_on", "origin", "note", "made_by", "made_at"]

    def get_inlines(self, request: HttpRequest, obj: Any | None = None) -> Any:
        del request
        return [] if obj is None else [WeightInline]

    def get_fields(self, request: HttpRequest, obj: Any | None = None) -> Any:
        del request
        shown = ["strategy", "dated_on", "note"]
        return (
            [*shown, "file"] if obj is None else [*shown, "origin", "digest", "made_by", "made_at"]
        )


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise NotAllowed("Log in first.")
    return request.user

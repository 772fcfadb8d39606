"""Admin of limits: changed through the same service as everywhere; history is read-only."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.admin.base import HistoryAdmin, ModelAdmin, ReadOnlyAdmin
from apps.accounts.selectors import accounts_visible
from apps.lib import clock
from apps.lib.errors import Invalid, PortalError
from apps.risk import services
from apps.risk.models import GateDecision, LimitChange, Restriction, RiskLimit
from apps.risk.policy import PARAMETERS
from apps.risk.selectors import limits as selectors

if TYPE_CHECKING:
    Fields = forms.ModelForm[LimitChange]
else:
    Fields = forms.ModelForm

SCOPE = ["connection", "account", "sec_type", "strategy", "con_id"]


class ChangeForm(Fields):
    """One number in one scope."""

    parameter = forms.ChoiceField(
        choices=lambda: [(f"{code}.{name}", f"{code}: {name}") for code, name in PARAMETERS]
    )
    value = forms.CharField(required=False, help_text="Empty takes it out.")

    class Meta:
        model = LimitChange
        fields = ["parameter", "value", "reason", *SCOPE]

    def clean(self) -> dict[str, Any]:
        """The service judges, and applies where it agrees."""
        told = super().clean() or {}
        if self.errors:
            return told
        code, _, name = told["parameter"].partition(".")
        scope = services.LimitScope(**{field: told.get(field) for field in SCOPE[:2]},
                                    sec_type=told["sec_type"], strategy=told["strategy"],
                                    con_id=told.get("con_id"))  # fmt: skip
        try:
            change = services.limit_change(
                user=self.user,  # type: ignore[attr-defined]  # set by the admin, which knows it
                code=code,
                name=name,
                value=told["value"] or None,
                reason=told["reason"],
                scope=scope,
                at=clock.now(),
            )
        except Invalid as error:
            said = [text for texts in error.fields.values() for text in texts]
            raise forms.ValidationError([error.sentence, *said]) from error
        except PortalError as error:
            raise forms.ValidationError(error.sentence) from error
        self.instance = change
        return told

    def _post_clean(self) -> None:
        """The row is made by the service, complete and checked."""


@admin.register(LimitChange)
class ChangeAdmin(ModelAdmin[LimitChange]):
    """Adding one is how a limit is changed here."""

    form = ChangeForm
    list_display = ["code", "name", "old", "new", "raises", "state", "asked_by", "asked_at"]
    list_filter = ["state", "code", "account"]
    list_select_related = ["asked_by"]
    actions = ["accept", "decline"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[LimitChange]:
        return selectors.changes_visible(request.user)

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, *args, **kwargs)
        form.user = request.user
        if "account" in form.base_fields:
            form.base_fields["account"].queryset = accounts_visible(request.user)
        return form

    def has_change_permission(self, request: HttpRequest, obj: LimitChange | None = None) -> bool:  # noqa: ARG002  # Django's signature
        return False

    def has_delete_permission(self, request: HttpRequest, obj: LimitChange | None = None) -> bool:  # noqa: ARG002
        return False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("risk.change_limits")

    def has_view_permission(self, request: HttpRequest, obj: LimitChange | None = None) -> bool:
        return self.has_add_permission(request) or super().has_view_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: LimitChange, form: Any, change: bool) -> None:  # noqa: FBT001
        """The service has saved it."""

    @admin.action(description="Apply what waits (as a second person)")
    def accept(self, request: HttpRequest, found: QuerySet[LimitChange]) -> None:
        self._decide(request, found, accept=True)

    @admin.action(description="Decline what waits")
    def decline(self, request: HttpRequest, found: QuerySet[LimitChange]) -> None:
        self._decide(request, found, accept=False)

    def _decide(self, request: HttpRequest, found: QuerySet[LimitChange], *, accept: bool) -> None:
        for change in found:
            try:
                services.limit_decide(
                    user=request.user, change=change, accept=accept, at=clock.now()
                )
            except PortalError as error:
                self.message_user(request, f"{change}: {error.sentence}", messages.ERROR)


@admin.register(RiskLimit)
class LimitAdmin(ReadOnlyAdmin[RiskLimit]):
    list_display = ["code", "scope", "parameters", *SCOPE, "changed_at"]
    list_filter = ["code", "account"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[RiskLimit]:
        return selectors.limits_visible(request.user)


@admin.register(Restriction)
class RestrictionAdmin(ReadOnlyAdmin[Restriction]):
    list_display = ["issuer", "con_id", "account", "reduce_only", "reason", "added_by", "ended_at"]
    list_filter = ["reduce_only", "account"]


@admin.register(GateDecision)
class DecisionAdmin(HistoryAdmin[GateDecision]):
    list_display = ["account", "con_id", "source", "passed", "before_wire", "at"]
    list_filter = ["passed", "before_wire", "source", "account"]
    date_hierarchy = "at"

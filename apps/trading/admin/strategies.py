"""Admin of strategies, target weights and schedules: everything is saved by the services."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.accounts.admin.base import HistoryAdmin, Row, VisibleAdmin
from apps.lib import clock
from apps.lib.errors import PortalError
from apps.trading import weightfile
from apps.trading.admin.history import ToldInline
from apps.trading.models import DecisionSnapshot, Policy, Schedule, Strategy, TargetWeight
from apps.trading.selectors import schedule_next
from apps.trading.services import (
    schedule_save,
    snapshot_from_csv,
    strategy_create,
    strategy_update,
)

if TYPE_CHECKING:
    Form = ModelForm[Any]
else:
    Form = ModelForm

Save = Callable[[User, dict[str, Any], Any], Any]


class ServiceForm(Form):
    """Asks the service whether it would save this, and shows its sentences beside the fields."""

    user: User
    save_by: Save

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not self.errors:
            try:
                with transaction.atomic():
                    type(self).save_by(self.user, given, self.instance)
                    transaction.set_rollback(True)
            except PortalError as error:
                self._complain(error)
        return given

    def _post_clean(self) -> None:
        """The service judges the row, and only one that it would save."""

    def _complain(self, error: PortalError) -> None:
        fields: dict[str, list[str]] = getattr(error, "fields", {})
        for name, texts in fields.items():
            beside = name in self.fields
            told = texts if beside else [f"{name}: {text}" for text in texts]
            self.add_error(name if beside else None, told)
        if not fields:
            self.add_error(None, f"{error.sentence} {error.remedy}".strip())


class ServiceAdmin(VisibleAdmin[Row]):
    """What the form holds is handed to the service; nothing is written past it."""

    form = ServiceForm

    def get_form(
        self,
        request: HttpRequest,
        obj: Row | None = None,
        change: bool = False,  # noqa: FBT001, FBT002  # Django's signature
        **kwargs: Any,
    ) -> Any:
        made: Any = super().get_form(request, obj, change=change, **kwargs)
        made.user = request.user
        return made

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:  # noqa: ARG002, FBT001
        return form.instance

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        """The service has written all of it."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ARG002, FBT001
        saved = type(form).save_by(request.user, form.cleaned_data, obj)
        obj.__dict__.update(saved.__dict__)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return False


def strategy_saved(user: User, given: dict[str, Any], row: Strategy) -> Strategy:
    fields = {name: given[name] for name in ("provider", "params") if name in given}
    if not row.pk:
        name, account = given["name"], given["account"]
        return strategy_create(user=user, account=account, name=name, at=clock.now(), **fields)
    stored = Strategy.objects.select_related("account__connection").get(pk=row.pk)
    enabled = given["enabled"]
    return strategy_update(user=user, strategy=stored, enabled=enabled, at=clock.now(), **fields)


class StrategyForm(ServiceForm):
    save_by = staticmethod(strategy_saved)

    class Meta:
        model = Strategy
        fields = ("account", "name", "provider", "params", "enabled")


@admin.register(Strategy)
class StrategyAdmin(ServiceAdmin[Strategy]):
    form = StrategyForm
    list_display = ["name", "account", "provider", "enabled"]
    list_filter = ["enabled", "account"]
    search_fields = ["name"]

    def get_readonly_fields(self, request: HttpRequest, obj: Strategy | None = None) -> Any:  # noqa: ARG002
        return [] if obj is None else ["account", "name"]


def schedule_saved(user: User, given: dict[str, Any], row: Schedule) -> Schedule:
    fields = {name: value for name, value in given.items() if name != "strategy"}
    named = given.get("strategy") or row.strategy
    strategy = Strategy.objects.select_related("account__connection").get(pk=named.pk)
    return schedule_save(user=user, strategy=strategy, at=clock.now(), **fields)


class ScheduleForm(ServiceForm):
    save_by = staticmethod(schedule_saved)

    class Meta:
        model = Schedule
        exclude = ("changed_by", "changed_at")


@admin.register(Schedule)
class ScheduleAdmin(ServiceAdmin[Schedule]):
    form = ScheduleForm
    account_path = "strategy__account"
    list_display = ["strategy", "calendar", "session", "anchor", "minutes", "missed", "enabled"]
    list_select_related = ["strategy"]

    def get_readonly_fields(self, request: HttpRequest, obj: Schedule | None = None) -> Any:  # noqa: ARG002
        return [] if obj is None else ["strategy", "next_runs", "changed_by", "changed_at"]

    @admin.display(description=_("Next five runs"))
    def next_runs(self, schedule: Schedule) -> str:
        """At the exchange and in UTC; the worker may not have read the calendar yet."""
        if not schedule.enabled:
            return str(_("It is off: nothing runs by itself."))
        found = schedule_next(schedule, at=clock.now())
        told = [(f"{run.period}: {run.local:%F %R %Z}, {run.due_at:%F %R} UTC",) for run in found]
        waits = _("The exchange's calendar is being read…")
        return format_html_join(SafeString("<br>"), "{}", told) or str(waits)


def snapshot_saved(user: User, given: dict[str, Any], row: Any) -> DecisionSnapshot:
    del row
    return snapshot_from_csv(
        user=user,
        strategy=given["strategy"],
        content=given["lines"],
        dated_on=given["dated_on"],
        note=given["note"],
        origin="admin",
        at=clock.now(),
    )


class SnapshotForm(ServiceForm):
    """New weights are typed or pasted as the file has them."""

    save_by = staticmethod(snapshot_saved)
    lines = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 20}),
        initial=weightfile.TEMPLATE,
        help_text=_("Lines as in the file: the names of the columns first."),
    )

    class Meta:
        model = DecisionSnapshot
        fields = ("strategy", "dated_on", "note")


class WeightInline(ToldInline):
    model = TargetWeight
    fields = ["instrument", "weight"]


@admin.register(DecisionSnapshot)
class SnapshotAdmin(ServiceAdmin[DecisionSnapshot]):
    """Append-only: a change is another snapshot."""

    form = SnapshotForm
    account_path = "strategy__account"
    list_display = ["strategy", "dated_on", "origin", "note", "made_by", "made_at"]
    list_filter = ["origin", "strategy"]
    list_select_related = ["strategy", "made_by"]

    def has_change_permission(
        self,
        request: HttpRequest,  # noqa: ARG002  # Django's signature
        obj: DecisionSnapshot | None = None,  # noqa: ARG002
    ) -> bool:
        return False

    def get_inlines(self, request: HttpRequest, obj: DecisionSnapshot | None = None) -> Any:  # noqa: ARG002
        return [] if obj is None else [WeightInline]


@admin.register(TargetWeight)
class WeightAdmin(HistoryAdmin[TargetWeight]):
    account_path = "snapshot__strategy__account"
    list_display = ["snapshot", "instrument", "weight"]
    list_select_related = ["snapshot", "instrument"]
    search_fields = ["instrument__symbol"]


@admin.register(Policy)
class PolicyAdmin(HistoryAdmin[Policy]):
    """Versions are made on the strategy's page."""

    account_path = "strategy__account"
    list_display = ["strategy", "version", "style", "cash_buffer", "turnover_cap", "made_at"]
    list_filter = ["strategy"]
    list_select_related = ["strategy"]

"""Admin of trade runs, their plans and what became of scheduled weeks: to be read."""

from django.contrib import admin

from apps.accounts.admin.base import HistoryAdmin, ReadOnlyAdmin
from apps.accounts.masks import mask_text
from apps.trading.admin.history import ToldInline
from apps.trading.models import (
    MarketCalendar,
    Occurrence,
    Plan,
    PlanLine,
    RunEvent,
    TradeRun,
)


class RunEventInline(ToldInline):
    model = RunEvent
    fields = ["number", "kind", "at"]


@admin.register(TradeRun)
class RunAdmin(HistoryAdmin[TradeRun]):
    list_display = ["id", "account", "strategy", "period", "state", "code", "dry", "created_at"]
    list_filter = ["state", "mode", "dry", "scheduled", "account"]
    list_select_related = ["account", "strategy"]
    search_fields = ["strategy__name", "period"]
    date_hierarchy = "created_at"
    exclude = ["inputs", "sentence"]
    readonly_fields = ["masked_sentence"]
    inlines = [RunEventInline]

    @admin.display(description="sentence")
    def masked_sentence(self, run: TradeRun) -> str:
        return mask_text(run.sentence)


@admin.register(RunEvent)
class RunEventAdmin(HistoryAdmin[RunEvent]):
    account_path = "run__account"
    list_display = ["run_id", "number", "kind", "at"]
    list_filter = ["kind"]
    list_select_related = ["run"]
    exclude = ["data"]


class LineInline(ToldInline):
    model = PlanLine
    fields = ["number", "instrument", "weight_before", "target_weight", "weight_after", "quantity"]


@admin.register(Plan)
class PlanAdmin(HistoryAdmin[Plan]):
    account_path = "run__account"
    list_display = ["run_id", "digest", "nlv", "turnover", "cash_after", "made_at", "expires_at"]
    list_select_related = ["run"]
    inlines = [LineInline]


@admin.register(PlanLine)
class PlanLineAdmin(HistoryAdmin[PlanLine]):
    account_path = "plan__run__account"
    list_display = ["plan_id", "number", "instrument", "quantity", "weight_after", "reason"]
    list_filter = ["reason"]
    list_select_related = ["plan", "instrument"]


@admin.register(Occurrence)
class OccurrenceAdmin(HistoryAdmin[Occurrence]):
    account_path = "schedule__strategy__account"
    list_display = ["schedule_id", "period", "due_at", "state", "run_id"]
    list_filter = ["state"]
    list_select_related = ["schedule"]


@admin.register(MarketCalendar)
class CalendarAdmin(ReadOnlyAdmin[MarketCalendar]):
    list_display = ["name", "time_zone", "loaded_at"]
    exclude = ["sessions"]

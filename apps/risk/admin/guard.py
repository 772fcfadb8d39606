"""Admin of what guard, kill switch and people did: to be read; acting is the risk page's."""

from typing import TypeVar

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from apps.accounts.admin.base import HistoryAdmin, ReadOnlyAdmin
from apps.accounts.selectors import accounts_visible
from apps.risk.models import (
    Alert,
    Flatten,
    GatewayCommand,
    GuardEvent,
    GuardState,
    KillEvent,
    KillSwitch,
    LedgerBalance,
    Lock,
)

Row = TypeVar("Row", bound=Model)


class SharedHistory(ReadOnlyAdmin[Row]):
    """Rows of the reader's accounts, and those of no account."""

    list_select_related = ("account",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Row]:
        mine = Q(account__isnull=True) | Q(account__in=accounts_visible(request.user))
        return super().get_queryset(request).filter(mine)


@admin.register(KillSwitch)
class KillSwitchAdmin(SharedHistory[KillSwitch]):
    list_display = ["scope", "account", "level", "reason", "by", "since_at"]


@admin.register(KillEvent)
class KillEventAdmin(SharedHistory[KillEvent]):
    list_display = ["at", "account", "before", "after", "by", "source", "reason"]
    list_filter = ["source", "after"]


@admin.register(GatewayCommand)
class CommandAdmin(SharedHistory[GatewayCommand]):
    list_display = ["asked_at", "connection", "account", "command", "sendings", "confirmed_at"]
    list_filter = ["command", "connection"]


@admin.register(Alert)
class AlertAdmin(SharedHistory[Alert]):
    list_display = ["last_at", "account", "severity", "code", "sentence", "count", "seen_at"]
    list_filter = ["severity", "code"]


@admin.register(Flatten)
class FlattenAdmin(HistoryAdmin[Flatten]):
    list_display = ["opened_at", "account", "state", "sentence", "by", "closed_at"]


@admin.register(GuardState)
class GuardStateAdmin(HistoryAdmin[GuardState]):
    list_display = ["account", "state", "since_at", "evaluated_at", "session_on", "high_water"]


@admin.register(GuardEvent)
class GuardEventAdmin(HistoryAdmin[GuardEvent]):
    list_display = ["at", "account", "before", "after", "sentence"]
    list_filter = ["after"]


@admin.register(Lock)
class LockAdmin(HistoryAdmin[Lock]):
    list_display = ["opened_at", "account", "name", "kind", "reason", "closed_at", "how"]
    list_filter = ["kind", "how"]


@admin.register(LedgerBalance)
class BalanceAdmin(HistoryAdmin[LedgerBalance]):
    list_display = ["at", "account", "con_id", "quantity", "note", "user"]

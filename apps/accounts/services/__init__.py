"""Writes of the accounts app that people and schedules ask for."""

from apps.accounts.services.access import account_rename, grant_give, grant_revoke
from apps.accounts.services.audit import audit_append
from apps.accounts.services.connections import (
    connection_create,
    connection_delete,
    connection_save,
    connection_update,
    links_watch,
    refresh_request,
)
from apps.accounts.services.equity import cash_flow_note, equity_snapshot, equity_thin
from apps.accounts.services.findings import days_roll, findings_refresh
from apps.accounts.services.seed import demo_seed

__all__ = [
    "account_rename",
    "audit_append",
    "cash_flow_note",
    "connection_create",
    "connection_delete",
    "connection_save",
    "connection_update",
    "days_roll",
    "demo_seed",
    "equity_snapshot",
    "equity_thin",
    "findings_refresh",
    "grant_give",
    "grant_revoke",
    "links_watch",
    "refresh_request",
]

"""REST views of connections and accounts: they parse, call selectors and services, and answer."""

from apps.accounts.api.accounts import (
    AccountDetail,
    AccountEquity,
    AccountFindings,
    AccountList,
    AccountPositions,
    AccountValues,
    FindingList,
)
from apps.accounts.api.audit import AuditExport, AuditList
from apps.accounts.api.connections import (
    ConnectionDetail,
    ConnectionList,
    ConnectionRefresh,
    Status,
)

__all__ = [
    "AccountDetail",
    "AccountEquity",
    "AccountFindings",
    "AccountList",
    "AccountPositions",
    "AccountValues",
    "AuditExport",
    "AuditList",
    "ConnectionDetail",
    "ConnectionList",
    "ConnectionRefresh",
    "FindingList",
    "Status",
]

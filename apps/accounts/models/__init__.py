"""The tables of the accounts app."""

from apps.accounts.models.access import AccountGrant
from apps.accounts.models.account import AccountValue, BrokerAccount
from apps.accounts.models.audit import AuditEvent, AuditHead
from apps.accounts.models.connection import Connection, LinkEvent, Mode
from apps.accounts.models.equity import CashFlow, EquityPoint
from apps.accounts.models.finding import Finding
from apps.accounts.models.position import Position

__all__ = [
    "AccountGrant",
    "AccountValue",
    "AuditEvent",
    "AuditHead",
    "BrokerAccount",
    "CashFlow",
    "Connection",
    "EquityPoint",
    "Finding",
    "LinkEvent",
    "Mode",
    "Position",
]

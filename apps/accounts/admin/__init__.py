"""Admin of connections, accounts, access and history."""

from apps.accounts.admin.accounts import BrokerAccountAdmin, CashFlowAdmin, GrantAdmin
from apps.accounts.admin.connections import ConnectionAdmin
from apps.accounts.admin.history import (
    EquityPointAdmin,
    FindingAdmin,
    LinkEventAdmin,
    PositionAdmin,
    ValueAdmin,
)

__all__ = [
    "BrokerAccountAdmin",
    "CashFlowAdmin",
    "ConnectionAdmin",
    "EquityPointAdmin",
    "FindingAdmin",
    "GrantAdmin",
    "LinkEventAdmin",
    "PositionAdmin",
    "ValueAdmin",
]

"""Reads of the accounts app: who sees what, states of topics, equity, findings."""

from apps.accounts.selectors.accounts import (
    account_get,
    account_seen,
    account_state,
    accounts_of,
    accounts_visible,
    contracts_held,
    findings_open,
)
from apps.accounts.selectors.audit import ChainVerdict, audit_of, audit_rows, audit_verified
from apps.accounts.selectors.equity import equity_series, equity_stats
from apps.accounts.selectors.links import (
    connections_enabled,
    link_effective,
    link_keys,
    link_read,
    link_state,
    link_unknown,
    links_effective,
    links_state,
)
from apps.accounts.selectors.notices import BrokerNotice, notices

__all__ = [
    "BrokerNotice",
    "ChainVerdict",
    "account_get",
    "account_seen",
    "account_state",
    "accounts_of",
    "accounts_visible",
    "audit_of",
    "audit_rows",
    "audit_verified",
    "connections_enabled",
    "contracts_held",
    "equity_series",
    "equity_stats",
    "findings_open",
    "link_effective",
    "link_keys",
    "link_read",
    "link_state",
    "link_unknown",
    "links_effective",
    "links_state",
    "notices",
]

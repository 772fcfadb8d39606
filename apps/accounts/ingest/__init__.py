"""What the broker reports becomes rows and events; called by one ordered thread per connection.

Each function is idempotent, runs in one transaction, writes only what changed and publishes on
commit. Accounts are created when first seen; an account of another connection is left alone.
"""

from apps.accounts.ingest.accounts import on_accounts
from apps.accounts.ingest.links import on_link
from apps.accounts.ingest.pnl import on_account_pnl, on_position_pnl
from apps.accounts.ingest.positions import on_portfolio, on_position, on_positions_snapshot
from apps.accounts.ingest.values import on_account_values

__all__ = [
    "on_account_pnl",
    "on_account_values",
    "on_accounts",
    "on_link",
    "on_portfolio",
    "on_position",
    "on_position_pnl",
    "on_positions_snapshot",
]

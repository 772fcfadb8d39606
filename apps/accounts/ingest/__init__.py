"""What the broker reports becomes rows and events; called by one ordered thread per connection.

Each function is idempotent, runs in one transaction, writes only what changed and publishes on
commit. Accounts are created when first seen; an account of another connection is left alone.
"""

from apps.accounts.ingest.accounts import on_accounts
from apps.accounts.ingest.figures import FIGURES, on_figures
from apps.accounts.ingest.links import on_link
from apps.accounts.ingest.positions import on_positions_snapshot

__all__ = [
    "FIGURES",
    "on_accounts",
    "on_figures",
    "on_link",
    "on_positions_snapshot",
]

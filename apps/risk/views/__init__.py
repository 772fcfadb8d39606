"""The risk pages: where accounts stand, the kill switch, locks, alerts, limits."""

from apps.risk.views.actions import alert_seen, kill, lift, lock_close, lock_open
from apps.risk.views.overview import account, overview

__all__ = [
    "account",
    "alert_seen",
    "kill",
    "lift",
    "lock_close",
    "lock_open",
    "overview",
]

"""The risk pages: where accounts stand, the kill switch, locks, alerts, limits."""

from apps.risk.views.actions import alert_seen, kill, lift, lock_close, lock_open
from apps.risk.views.alerts import (
    alerts,
    channel_delete,
    channel_save,
    channel_test,
    channels,
    chat_allow,
    chat_forbid,
    strip,
)
from apps.risk.views.limits import limit_change, limit_decide, limits
from apps.risk.views.overview import account, overview

__all__ = [
    "account",
    "alert_seen",
    "alerts",
    "channel_delete",
    "channel_save",
    "channel_test",
    "channels",
    "chat_allow",
    "chat_forbid",
    "kill",
    "lift",
    "limit_change",
    "limit_decide",
    "limits",
    "lock_close",
    "lock_open",
    "overview",
    "strip",
]

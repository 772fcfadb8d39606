"""Writes of the risk app: kill levels, locks, the guard, flattening, alerts."""

from apps.risk.services.alerts import Raised, alert_raise, alert_recover, alert_seen
from apps.risk.services.carrying import channel_disable, channel_send
from apps.risk.services.channels import (
    ChannelWish,
    Tested,
    channel_config,
    channel_delete,
    channel_get,
    channel_save,
    channel_test,
    chat_allow,
    chat_forbid,
    secrets_rotate,
)
from apps.risk.services.commands import commands_sweep
from apps.risk.services.deliveries import alerts_escalate, alerts_sweep
from apps.risk.services.flattening import flatten_step, flattens_advance, flattens_watch
from apps.risk.services.gate import gate_check, gate_preview
from apps.risk.services.guard import guard_evaluate, guard_evaluate_all, guard_thin
from apps.risk.services.heartbeat import heartbeat, unhealthy
from apps.risk.services.kill import kill_lift, kill_set
from apps.risk.services.limits import LimitScope, limit_change, limit_decide
from apps.risk.services.link_alerts import links_alert
from apps.risk.services.locks import lock_close, lock_get, lock_open, mismatches_check
from apps.risk.services.restrictions import restriction_add, restriction_end
from apps.risk.services.telegram import telegram_poll

__all__ = [
    "ChannelWish",
    "LimitScope",
    "Raised",
    "Tested",
    "alert_raise",
    "alert_recover",
    "alert_seen",
    "alerts_escalate",
    "alerts_sweep",
    "channel_config",
    "channel_delete",
    "channel_disable",
    "channel_get",
    "channel_save",
    "channel_send",
    "channel_test",
    "chat_allow",
    "chat_forbid",
    "commands_sweep",
    "flatten_step",
    "flattens_advance",
    "flattens_watch",
    "gate_check",
    "gate_preview",
    "guard_evaluate",
    "guard_evaluate_all",
    "guard_thin",
    "heartbeat",
    "kill_lift",
    "kill_set",
    "limit_change",
    "limit_decide",
    "links_alert",
    "lock_close",
    "lock_get",
    "lock_open",
    "mismatches_check",
    "restriction_add",
    "restriction_end",
    "secrets_rotate",
    "telegram_poll",
    "unhealthy",
]

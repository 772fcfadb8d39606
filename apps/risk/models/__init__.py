"""The tables of the risk app."""

from apps.risk.models.alerting import Channel, Delivery, TelegramChat
from apps.risk.models.decision import GateDecision
from apps.risk.models.guard import Alert, GuardEvaluation, GuardEvent, GuardState
from apps.risk.models.kill import Flatten, FlattenLine, GatewayCommand, KillEvent, KillSwitch
from apps.risk.models.limits import LimitChange, Restriction, RiskLimit
from apps.risk.models.lock import LedgerBalance, Lock

__all__ = [
    "Alert",
    "Channel",
    "Delivery",
    "Flatten",
    "FlattenLine",
    "GateDecision",
    "GatewayCommand",
    "GuardEvaluation",
    "GuardEvent",
    "GuardState",
    "KillEvent",
    "KillSwitch",
    "LedgerBalance",
    "LimitChange",
    "Lock",
    "Restriction",
    "RiskLimit",
    "TelegramChat",
]

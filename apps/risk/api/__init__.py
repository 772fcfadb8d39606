"""The risk API: state of the guard, kill levels, locks, alerts."""

from apps.risk.api.channels import ChannelDetail, ChannelList, ChannelTest, DeliveryList
from apps.risk.api.kill import KillView, LiftView
from apps.risk.api.limits import (
    ChangeDecide,
    ChangeList,
    Controls,
    DecisionList,
    LimitList,
    RestrictionEnd,
    RestrictionList,
)
from apps.risk.api.locks import AlertList, AlertSeen, LockClose, LockList
from apps.risk.api.state import Evaluations, RiskDetail, RiskState

__all__ = [
    "AlertList",
    "AlertSeen",
    "ChangeDecide",
    "ChangeList",
    "ChannelDetail",
    "ChannelList",
    "ChannelTest",
    "Controls",
    "DecisionList",
    "DeliveryList",
    "Evaluations",
    "KillView",
    "LiftView",
    "LimitList",
    "LockClose",
    "LockList",
    "RestrictionEnd",
    "RestrictionList",
    "RiskDetail",
    "RiskState",
]

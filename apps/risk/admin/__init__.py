"""Django admin of the risk app."""

from apps.risk.admin.channels import ChannelAdmin, ChatAdmin, DeliveryAdmin
from apps.risk.admin.guard import KillSwitchAdmin, LockAdmin
from apps.risk.admin.limits import (
    ChangeAdmin,
    DecisionAdmin,
    LimitAdmin,
    RestrictionAdmin,
)

__all__ = [
    "ChangeAdmin",
    "ChannelAdmin",
    "ChatAdmin",
    "DecisionAdmin",
    "DeliveryAdmin",
    "KillSwitchAdmin",
    "LimitAdmin",
    "LockAdmin",
    "RestrictionAdmin",
]

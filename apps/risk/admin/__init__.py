"""Django admin of the risk app."""

from apps.risk.admin.limits import (
    ChangeAdmin,
    DecisionAdmin,
    LimitAdmin,
    RestrictionAdmin,
)

__all__ = ["ChangeAdmin", "DecisionAdmin", "LimitAdmin", "RestrictionAdmin"]

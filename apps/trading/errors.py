"""Why a trade run does not go on, as people and programs are told."""

from apps.lib.errors import PortalError
from apps.risk.alerts.said import Said, as_said
from apps.risk.alerts.words import spoken


class RunRefused(PortalError):
    """`code` is one of the run's: period_taken, plan_expired, price_moved, …"""

    status = 409

    def __init__(self, code: str, sentence: Said | str, *, remedy: str = "") -> None:
        self.said = as_said(sentence)
        super().__init__(spoken(self.said), remedy=remedy)
        self.code = code


class OddLot(PortalError):
    """Less is held than the market takes in one order."""

    code = "odd_lot"

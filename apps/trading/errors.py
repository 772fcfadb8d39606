"""Why a trade run does not go on, as people and programs are told."""

from apps.lib.errors import PortalError


class RunRefused(PortalError):
    """`code` is one of the run's: period_taken, plan_expired, price_moved, …"""

    status = 409

    def __init__(self, code: str, sentence: str, *, remedy: str = "") -> None:
        super().__init__(sentence, remedy=remedy)
        self.code = code


class OddLot(PortalError):
    """Less is held than the market takes in one order."""

    code = "odd_lot"

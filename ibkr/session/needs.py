"""What a link lacks before it may be called ready, from the codes TWS sends about itself. Pure."""

from enum import Enum, auto

BROKEN = {
    1100: "TWS has lost Interactive Brokers and is trying to reach it again.",
    2110: "TWS has lost its network connection to Interactive Brokers.",
}
RESTORED, DATA_LOST = frozenset({1101, 1102}), 1101
FARM_OK = frozenset({2104, 2106, 2158})


class Need(Enum):
    NOTHING = auto()
    RECONCILE = auto()
    REPAIR = auto()
    """TWS itself has lost IB; only TWS can mend that."""


class Needs:
    def __init__(self) -> None:
        self.now = Need.RECONCILE
        self.broken_by = 0
        self._data_lost = False

    def start_over(self) -> None:
        """A fresh connection: everything is still to be read, nothing is known to be broken."""
        self.now, self.broken_by, self._data_lost = Need.RECONCILE, 0, False

    def hear(self, code: int) -> None:
        if code in BROKEN:
            self.now, self.broken_by = Need.REPAIR, code
        elif code in RESTORED:
            self.now = Need.RECONCILE
            self._data_lost = self._data_lost or code == DATA_LOST
        elif code in FARM_OK and self.now is Need.REPAIR and self.broken_by == 2110:
            # A farm that works again is the only sign TWS may give after 2110.
            self.now = Need.RECONCILE

    def meet(self) -> bool:
        """The reconciliation begins; True when every subscription has to be made anew."""
        anew, self._data_lost, self.now = self._data_lost, False, Need.NOTHING
        return anew

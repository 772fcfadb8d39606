"""A line while it is being planned; pure."""

from dataclasses import dataclass
from decimal import Decimal

from apps.trading.rebalance.costs import trade_cost
from apps.trading.rebalance.types import Holding, Quoted

ZERO = Decimal(0)
NO_QUOTE = Quoted(price=None, kind="missing", fx=None)


@dataclass(slots=True, kw_only=True)
class Draft:
    """`unit` is the value of one share or contract in base currency, 0 without a good price."""

    holding: Holding
    quoted: Quoted
    target: Decimal | None
    unit: Decimal
    investable: Decimal
    """V."""
    wanted: Decimal = ZERO
    quantity: Decimal = ZERO
    reason: str = ""

    @property
    def con_id(self) -> int:
        return self.holding.con_id

    @property
    def projected(self) -> Decimal:
        """Held once the open orders are filled."""
        return self.holding.quantity + self.holding.working_signed

    @property
    def weight_before(self) -> Decimal:
        return self.weight(self.projected)

    @property
    def drift(self) -> Decimal:
        """How far the weight is from its target; 0 for what has none and is left as it is."""
        if self.target is None and not self.wanted:
            return ZERO
        return abs(self.weight_before - (self.target or ZERO))

    @property
    def value(self) -> Decimal:
        return self.quantity * self.unit

    @property
    def cost(self) -> Decimal:
        return trade_cost(self.quoted, self.quantity)

    def weight(self, quantity: Decimal) -> Decimal:
        return quantity * self.unit / self.investable

    def skip(self, reason: str) -> None:
        self.quantity, self.reason = ZERO, reason

    def cut(self, quantity: Decimal, reason: str, minimum: Decimal) -> None:
        """To a smaller quantity of the same sign, in whole lots; nothing when too little is left
        to be worth a trade or for the market to take."""
        lots = quantity // self.quoted.lot * self.quoted.lot
        too_few = not lots or abs(lots) < self.quoted.least
        if too_few or abs(lots * self.unit) < minimum:
            self.skip(reason)
        elif lots != self.quantity:
            self.quantity, self.reason = lots, reason


def by_drift(draft: Draft) -> tuple[Decimal, int]:
    """Sort key: what is furthest from its target comes first."""
    return -draft.drift, draft.con_id

"""What the gate is asked and what it answers; pure."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderIntent:
    """An order somebody wants, before it is anybody's. Prices in the instrument's currency."""

    account_id: int
    """Primary key of the account."""
    con_id: int
    side: str
    """BUY or SELL."""
    quantity: Decimal
    order_type: str
    tif: str
    source: str
    """The door: page, api, run, command, admin, telegram, flatten."""
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    outside_rth: bool = False
    algo_strategy: str = ""
    strategy: str = ""
    idempotency_key: str = ""
    plan_line_id: int | None = None
    order_id: int | None = None
    """Primary key of the order that is being changed or checked again; its own row is left out
    of what is working."""
    oca_group: str = ""
    """Of a group only one order fills: the largest counts."""
    parent_signed: Decimal = Decimal(0)
    """Signed quantity that its parent still has to fill before this order may: what a bracket's
    children close need not be held yet."""

    @property
    def signed(self) -> Decimal:
        return self.quantity if self.side == "BUY" else -self.quantity

    @property
    def may_be_twin(self) -> bool:
        """Without a key or plan line of its own, and not accepted yet."""
        return not self.idempotency_key and self.plan_line_id is None and self.order_id is None


class Verdict(NamedTuple):
    """One check's answer. `limit` and `value` are None where there is nothing to compare."""

    code: str
    passed: bool
    message: str
    limit: Decimal | None = None
    value: Decimal | None = None
    unit: str = ""
    warning: bool = False
    """Passed, but a person should see it (missing input on an order that lowers risk)."""
    template: str = ""
    """The English sentence with its places, for translators; `message` has them filled."""
    facts: tuple[tuple[str, str], ...] = ()

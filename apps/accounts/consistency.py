"""Checks that what the broker told about an account fits together; pure: facts in, findings out."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

INFO, WARNING, ERROR = "info", "warning", "error"

OPTIONS = {"OPT", "FOP"}
MULTIPLIED = OPTIONS | {"FUT"}
EXPECTED_TAGS = ("NetLiquidation", "TotalCashValue", "AvailableFunds", "ExcessLiquidity")
SETTLING_DAYS = 3
"""The broker takes an expired contract off the books within this many days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One position. Price, value, cost and `unrealized` are in its own currency.

    `average_cost` contains the multiplier for options and futures; None is missing.
    """

    con_id: int
    name: str
    symbol: str
    sec_type: str
    currency: str
    quantity: Decimal
    average_cost: Decimal
    multiplier: Decimal | None
    strike: Decimal | None
    right: str
    expires: bool
    days_to_expiry: int | None
    price: Decimal | None
    value: Decimal | None
    unrealized: Decimal | None
    unrealized_base: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFacts:
    """`ledger` is the quantity by conId that our own executions add up to; None without them."""

    base_currency: str
    tags: frozenset[str]
    currencies_with_rate: frozenset[str]
    gross_value: Decimal | None
    unrealized: Decimal | None
    holdings: tuple[Holding, ...]
    ledger: Mapping[int, Decimal] | None = None


@dataclass(frozen=True, slots=True)
class Tolerance:
    """A difference counts when it is above both the amount and the share."""

    amount: Decimal
    share: Decimal

    def exceeded(self, difference: Decimal, *, of: Decimal) -> bool:
        return abs(difference) > max(self.amount, self.share * abs(of))


@dataclass(frozen=True, slots=True)
class Rules:
    """One message carries a position's value and P&L, so they agree closely.

    The account's P&L and those of its positions come seconds apart.
    """

    position_pnl: Tolerance = field(default=Tolerance(Decimal(1), Decimal("0.001")))
    account_pnl: Tolerance = field(default=Tolerance(Decimal(10), Decimal("0.01")))


@dataclass(frozen=True, slots=True)
class Finding:
    """con_id 0: about the account itself."""

    code: str
    severity: str
    con_id: int
    sentence: str


def findings(facts: AccountFacts, rules: Rules | None = None) -> list[Finding]:
    """Every finding, in a fixed order; at most one per (code, con_id)."""
    used = rules or Rules()
    found = [finding for check in ACCOUNT_CHECKS for finding in check(facts, used)]
    for holding in facts.holdings:
        found += [finding for check in HOLDING_CHECKS for finding in check(holding, used)]
    return found


def _account_values(facts: AccountFacts, _rules: Rules) -> Iterator[Finding]:
    missing = [tag for tag in EXPECTED_TAGS if tag not in facts.tags]
    if missing:
        yield Finding(
            "account_values_missing",
            ERROR,
            0,
            f"The broker has not told: {', '.join(missing)}.",
        )
    elif not facts.base_currency:
        yield Finding(
            "base_currency_missing", ERROR, 0, "The account's base currency is not known."
        )


def _rates(facts: AccountFacts, _rules: Rules) -> Iterator[Finding]:
    held = {holding.currency for holding in facts.holdings if holding.currency}
    missing = sorted(held - facts.currencies_with_rate)
    if missing:
        yield Finding(
            "rate_missing",
            WARNING,
            0,
            f"No exchange rate for {', '.join(missing)}: totals leave those positions out.",
        )


def _account_pnl(facts: AccountFacts, rules: Rules) -> Iterator[Finding]:
    parts = [holding.unrealized_base for holding in facts.holdings]
    known = [part for part in parts if part is not None]
    if facts.unrealized is None or facts.gross_value is None or len(known) < len(parts):
        return
    ours = sum(known, Decimal(0))
    if rules.account_pnl.exceeded(facts.unrealized - ours, of=facts.gross_value):
        yield Finding(
            "account_pnl_differs",
            WARNING,
            0,
            f"The broker's unrealised P&L is {_money(facts.unrealized)}, "
            f"the positions add up to {_money(ours)} {facts.base_currency}.",
        )


def _ledger(facts: AccountFacts, _rules: Rules) -> Iterator[Finding]:
    if facts.ledger is None:
        return
    held = {holding.con_id: holding for holding in facts.holdings}
    for con_id in sorted(held.keys() | facts.ledger.keys()):
        ours = facts.ledger.get(con_id, Decimal(0))
        theirs = held[con_id].quantity if con_id in held else Decimal(0)
        if ours != theirs:
            name = held[con_id].name if con_id in held else f"conId {con_id}"
            yield Finding(
                "ledger_differs",
                ERROR,
                con_id,
                f"{name}: the broker holds {_money(theirs)}, our executions give {_money(ours)}.",
            )


def _fields(holding: Holding, _rules: Rules) -> Iterator[Finding]:
    required = {
        "symbol": holding.symbol,
        "kind": holding.sec_type,
        "currency": holding.currency,
        "multiplier": holding.multiplier or holding.sec_type not in MULTIPLIED,
    }
    missing = [name for name, value in required.items() if not value]
    if missing:
        yield Finding(
            "fields_missing",
            ERROR,
            holding.con_id,
            f"{holding.name}: the broker has not told its {', '.join(missing)}.",
        )


def _option(holding: Holding, _rules: Rules) -> Iterator[Finding]:
    if holding.sec_type not in OPTIONS:
        return
    parts = {"expiry": holding.expires, "strike": holding.strike, "right": holding.right}
    missing = [name for name, value in parts.items() if not value]
    if missing:
        yield Finding(
            "option_incomplete",
            ERROR,
            holding.con_id,
            f"{holding.name} is an option without {', '.join(missing)}.",
        )


def _quantity(holding: Holding, _rules: Rules) -> Iterator[Finding]:
    if not holding.quantity:
        yield Finding(
            "zero_quantity", WARNING, holding.con_id, f"{holding.name} is listed with quantity 0."
        )


def _expired(holding: Holding, _rules: Rules) -> Iterator[Finding]:
    days = holding.days_to_expiry
    if days is not None and days < 0:
        yield Finding(
            "expired_held",
            ERROR if -days > SETTLING_DAYS else WARNING,
            holding.con_id,
            f"{holding.name} expired {-days} day{'s' if days < -1 else ''} ago and is still held.",
        )


def _cost(holding: Holding, _rules: Rules) -> Iterator[Finding]:
    if holding.average_cost < 0:
        yield Finding(
            "negative_cost",
            WARNING,
            holding.con_id,
            f"{holding.name} has a negative average cost ({_money(holding.average_cost)}).",
        )


def _price(holding: Holding, _rules: Rules) -> Iterator[Finding]:
    if holding.price is None and holding.quantity:
        yield Finding(
            "price_missing",
            WARNING,
            holding.con_id,
            f"{holding.name} has no price: totals leave it out.",
        )


def _pnl(holding: Holding, rules: Rules) -> Iterator[Finding]:
    if holding.value is None or holding.unrealized is None:
        return
    cost = holding.quantity * holding.average_cost
    ours = holding.value - cost
    if rules.position_pnl.exceeded(ours - holding.unrealized, of=abs(cost) + abs(holding.value)):
        yield Finding(
            "pnl_differs",
            WARNING,
            holding.con_id,
            f"{holding.name}: the broker's unrealised P&L is {_money(holding.unrealized)}, "
            f"value less cost is {_money(ours)} {holding.currency}.",
        )


def _money(value: Decimal) -> str:
    return f"{value:,.2f}"


AccountCheck = Callable[[AccountFacts, Rules], Iterator[Finding]]
HoldingCheck = Callable[[Holding, Rules], Iterator[Finding]]
ACCOUNT_CHECKS: tuple[AccountCheck, ...] = (_account_values, _rates, _account_pnl, _ledger)
HOLDING_CHECKS: tuple[HoldingCheck, ...] = (
    _fields,
    _option,
    _quantity,
    _expired,
    _cost,
    _price,
    _pnl,
)

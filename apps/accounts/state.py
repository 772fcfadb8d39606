"""Composes the state of the topic `accounts:<pk>` from rows; no queries, missing is left out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from apps.accounts.masks import mask_account
from apps.accounts.models import AccountValue, BrokerAccount, Position
from apps.accounts.numbers import plain, rounded
from apps.accounts.valuation import Valuation

CARD_TAGS = {
    "net_liquidation": "NetLiquidation",
    "total_cash": "TotalCashValue",
    "available_funds": "AvailableFunds",
    "buying_power": "BuyingPower",
    "excess_liquidity": "ExcessLiquidity",
    "init_margin": "InitMarginReq",
    "maint_margin": "MaintMarginReq",
    "cushion": "Cushion",
    "gross_position_value": "GrossPositionValue",
}
CASH_TAGS = ("TotalCashBalance", "CashBalance")
"""The second wins where a currency has both."""

SHOWN_TAGS = frozenset({*CARD_TAGS.values(), *CASH_TAGS, "ExchangeRate"})
"""The only account values that the state depends on."""

TOTALS = "BASE"
"""IB's currency code of a total over all currencies, in the account's base currency."""

Values = dict[tuple[str, str], AccountValue]


def compose(
    account: BrokerAccount, values: Values, positions: Iterable[Position], *, unmask: bool = False
) -> dict[str, Any]:
    rates = exchange_rates(account, values)
    return {
        "card": card(account, values, unmask=unmask),
        "cash": cash(values, rates),
        "positions": {str(p.con_id): row(p, rates.get(p.currency)) for p in positions},
    }


def card(account: BrokerAccount, values: Values, *, unmask: bool) -> dict[str, Any]:
    code = account.code if unmask else mask_account(account.code)
    amounts = {key: plain(amount_in_base(account, values, tag)) for key, tag in CARD_TAGS.items()}
    return _present(
        {
            "id": account.pk,
            "name": account.alias or code,
            "code": code,
            "connection": account.connection.slug,
            "mode": account.connection.mode,
            "base_currency": account.base_currency or None,
            **amounts,
            "daily_pnl": plain(account.daily_pnl),
            "unrealized_pnl": plain(account.unrealized_pnl),
            "realized_pnl": plain(account.realized_pnl),
            "updated_at": _newest(account.values_at, account.pnl_at),
            "positions_at": _iso(account.positions_at),
        }
    )


def amount_in_base(account: BrokerAccount, values: Values, tag: str) -> Decimal | None:
    """The tag in base currency, or without a currency, or IB's total; never another currency."""
    for currency in (account.base_currency, "", TOTALS):
        found = values.get((tag, currency))
        if found is not None and found.amount is not None:
            return found.amount
    return None


def exchange_rates(account: BrokerAccount, values: Values) -> dict[str, Decimal]:
    """Base currency for one unit of each currency, as IB converts."""
    own = {account.base_currency: Decimal(1)} if account.base_currency else {}
    return own | {
        currency: value.amount
        for (tag, currency), value in values.items()
        if tag == "ExchangeRate" and currency not in {"", TOTALS} and value.amount
    }


def cash(values: Values, rates: dict[str, Decimal]) -> dict[str, Any]:
    """By currency; `base` is the balance converted, missing without a rate."""
    balances: dict[str, Decimal] = {}
    for tag in CASH_TAGS:
        for (name, currency), value in values.items():
            if name == tag and currency not in {"", TOTALS} and value.amount is not None:
                balances[currency] = value.amount
    return {
        currency: _present(
            {
                "cash": plain(amount),
                "rate": plain(rates.get(currency)),
                "base": plain(rounded(amount * rates[currency], 8)) if currency in rates else None,
            }
        )
        for currency, amount in balances.items()
    }


def row(position: Position, rate: Decimal | None) -> dict[str, Any]:
    """One position; distance to strike needs the underlying's price, so the page computes it."""
    worth = worth_of(position, rate)
    return _present(
        {
            "con_id": position.con_id,
            "symbol": position.symbol,
            "local_symbol": position.local_symbol or None,
            "sec_type": position.sec_type,
            "currency": position.currency,
            "exchange": position.exchange or None,
            "multiplier": plain(position.multiplier),
            "expiry": _iso(position.expiry),
            "strike": plain(position.strike),
            "right": position.right or None,
            "quantity": plain(position.quantity),
            "average_cost": plain(position.average_cost),
            "days_to_expiry": position.days_to_expiry,
            "daily_pnl": plain(position.daily_pnl),
            "valued_at": _newest(position.valued_at, position.pnl_at),
            "market_price": plain(worth.price),
            "market_value": plain(worth.value),
            "value_base": plain(worth.value_base),
            "unrealized_pnl": plain(worth.unrealized),
            "realized_pnl": plain(worth.realized),
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What is known about a position's worth at its present quantity.

    `told_value` and `told_unrealized` come from one message, in the instrument's currency; price
    and value are in that currency too, the rest in the account's base currency.
    """

    price: Decimal | None
    value: Decimal | None
    value_base: Decimal | None
    unrealized: Decimal | None
    realized: Decimal | None
    told_value: Decimal | None
    told_unrealized: Decimal | None


def _later(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and (other is None or one > other)


def worth_of(position: Position, rate: Decimal | None) -> Worth:
    """Leaves out figures that were told for another quantity."""
    valued = position.valued_quantity == position.quantity
    has_pnl = position.pnl_quantity == position.quantity
    told_value = position.market_value if valued else None
    told_unrealized = position.local_unrealized_pnl if valued else None
    filled = Valuation(
        quantity=position.quantity,
        multiplier=position.multiplier,
        price=position.market_price,
        value=told_value,
        value_base=position.value_base if has_pnl else None,
        rate=rate,
        base_is_newer=has_pnl and _later(position.pnl_at, position.valued_at),
    )
    return Worth(
        price=filled.market_price(),
        value=filled.market_value(),
        value_base=filled.base_value(),
        unrealized=_in_base(position.unrealized_pnl if has_pnl else None, told_unrealized, rate),
        realized=_in_base(position.realized_pnl, position.local_realized_pnl, rate),
        told_value=told_value,
        told_unrealized=told_unrealized,
    )


def _in_base(base: Decimal | None, local: Decimal | None, rate: Decimal | None) -> Decimal | None:
    """What the P&L stream told, or the portfolio's figure converted."""
    if base is not None or local is None or rate is None:
        return base
    return rounded(local * rate, 6)


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None}


def _iso(moment: date | datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _newest(*moments: datetime | None) -> str | None:
    known = [moment for moment in moments if moment is not None]
    return max(known).isoformat() if known else None

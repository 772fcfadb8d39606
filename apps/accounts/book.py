"""Positions as the desk shows them: class, name, totals with their coverage; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.accounts.figures import figure

CLASSES = ("stocks", "us_options", "hk_options", "futures", "fx", "other")
OPTION_CLASSES = {"USD": "us_options", "HKD": "hk_options"}
BY_TYPE = {"STK": "stocks", "ETF": "stocks", "FUT": "futures", "CASH": "fx"}
SUMMED = ("value_base", "daily_pnl", "unrealized_pnl")

Row = Mapping[str, Any]


def class_of(row: Row) -> str:
    """The tab a position is listed under."""
    if row["sec_type"] in {"OPT", "FOP", "WAR"}:
        return OPTION_CLASSES.get(row["currency"], "other")
    return BY_TYPE.get(row["sec_type"], "other")


def order_of(row: Row) -> tuple[int, str, str, Decimal, str]:
    """Sort key: by tab, then name, then date and strike."""
    place = CLASSES.index(class_of(row))
    strike = Decimal(row.get("strike", 0))
    return place, row["symbol"], row.get("expiry", ""), strike, row.get("right", "")


def detail_of(row: Row) -> str:
    """The second line of a position's name: what tells it from its neighbours."""
    if row["sec_type"] == "CASH":
        return f"{row['symbol']}.{row['currency']}"
    if "expiry" not in row:
        return str(row.get("exchange", ""))
    parts = [row["expiry"]]
    if "strike" in row:
        parts += [figure(row["strike"], "quantity"), row.get("right", "")]
    return " ".join(parts).strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """`amount` is None when nothing could be added; `known` of `count` rows were."""

    amount: Decimal | None
    known: int
    count: int

    @property
    def complete(self) -> bool:
        return self.known == self.count


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The sums over the accounts of one mode and base currency; `group` names both."""

    group: str
    priced: int
    value_base: Sum
    daily_pnl: Sum
    unrealized_pnl: Sum


def group_of(card: Row) -> str:
    """Accounts whose amounts may be added: real money is never added to paper."""
    return f"{card['mode']} {card.get('base_currency', '')}".strip()


def totals(groups: Iterable[str], rows: Iterable[tuple[str, Row]]) -> list[Totals]:
    """One for each group; `rows` are (group, position)."""
    members: dict[str, list[Row]] = {group: [] for group in sorted(set(groups))}
    for name, row in rows:
        members[name].append(row)
    return [
        Totals(
            group=name,
            priced=sum(row.get("market_price") is not None for row in group),
            **{field: _sum(group, field) for field in SUMMED},
        )
        for name, group in members.items()
    ]


def _sum(rows: list[Row], field: str) -> Sum:
    amounts = [Decimal(row[field]) for row in rows if row.get(field) is not None]
    return Sum(
        amount=sum(amounts, Decimal(0)) if amounts else None, known=len(amounts), count=len(rows)
    )

"""What an account holds and has working, valued per unit in base currency; two queries."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from apps.accounts.models import BrokerAccount, Position
from apps.marketdata.models import Instrument
from apps.risk.book import WorkingOrder
from apps.risk.snapshot import Line

HELD = (
    "con_id", "quantity", "currency", "sec_type", "right", "multiplier",
    "value_base", "pnl_quantity", "market_value", "valued_quantity", "market_price",
)  # fmt: skip
KNOWN = (
    "con_id", "currency", "sec_type", "stock_type", "right", "multiplier", "price_magnifier",
    "under_con_id", "industry",
)  # fmt: skip
ONE = Decimal(1)
Rates = Mapping[str, Decimal]
Known = dict[int, dict[str, Any]]


def lines_of(
    account: BrokerAccount,
    rates: Rates,
    working: Iterable[WorkingOrder],
    con_id: int,
    prices: Mapping[int, Decimal],
) -> tuple[Line, ...] | None:
    """None until the broker has told a complete picture of the account's positions.

    `prices` are in the instruments' currencies, for what is not valued by the broker.
    """
    if account.positions_at is None:
        return None
    rows = [
        dict(zip(HELD, row, strict=True))
        for row in Position.objects.filter(account=account).order_by().values_list(*HELD)
    ]
    held = {row["con_id"]: row for row in rows if row["quantity"]}
    others = {order.con_id: order.limit_price for order in working if order.con_id not in held}
    others.setdefault(con_id, None) if con_id not in held else None
    known = _known([*held, *others])
    lines = [_held(row, known.get(key), rates) for key, row in held.items()]
    for key, limit in others.items():
        price = prices.get(key, limit)
        lines.append(_other(key, known.get(key), price, rates))
    return tuple(lines)


def _known(con_ids: list[int]) -> Known:
    rows = Instrument.objects.filter(pk__in=con_ids).order_by().values_list(*KNOWN)
    return {row[0]: dict(zip(KNOWN, row, strict=True)) for row in rows}


def _held(row: dict[str, Any], known: dict[str, Any] | None, rates: Rates) -> Line:
    return Line(
        row["con_id"],
        row["quantity"],
        _unit(row, rates.get(row["currency"])),
        row["currency"],
        *_groups(row["con_id"], known),
        _kind(known) or row["sec_type"],
        row["right"],
        None if known is None else known["under_con_id"],
        row["multiplier"] or ONE,
    )


def _unit(row: dict[str, Any], rate: Decimal | None) -> Decimal | None:
    """The broker's P&L stream is newest, its portfolio next, its price last."""
    if row["value_base"] is not None and row["pnl_quantity"]:
        return abs(row["value_base"] / row["pnl_quantity"])
    if rate is None:
        return None
    if row["market_value"] is not None and row["valued_quantity"]:
        return abs(row["market_value"] / row["valued_quantity"]) * rate
    if row["market_price"] is not None:
        return abs(row["market_price"]) * (row["multiplier"] or ONE) * rate
    return None


def _other(con_id: int, known: dict[str, Any] | None, price: Decimal | None, rates: Rates) -> Line:
    if known is None:
        return Line(con_id, Decimal(0), None)
    rate, multiplier = rates.get(known["currency"]), known["multiplier"] or ONE
    unit = None
    if price is not None and rate is not None:
        unit = abs(price) * multiplier * rate / (known["price_magnifier"] or 1)
    return Line(
        con_id,
        Decimal(0),
        unit,
        known["currency"],
        *_groups(con_id, known),
        _kind(known),
        known["right"],
        known["under_con_id"],
        multiplier,
    )


def _groups(con_id: int, known: dict[str, Any] | None) -> tuple[str, str]:
    """Issuer and sector; a fund is in no sector."""
    if known is None:
        return str(con_id), ""
    sector = "" if _kind(known) in {"ETF", "IND", "CASH"} else known["industry"]
    return str(known["under_con_id"] or con_id), sector


def _kind(known: dict[str, Any] | None) -> str:
    if known is None:
        return ""
    if known["sec_type"] == "STK" and known["stock_type"] == "ETF":
        return "ETF"
    return str(known["sec_type"])

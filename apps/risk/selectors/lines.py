"""What an account holds and has working, valued per unit in base currency; two queries.

Lines are kept between two calls as long as the rows they are made of are the same.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import QuerySet

from apps.accounts.models import BrokerAccount, Position
from apps.lib.prepared import Kept, Prepared
from apps.marketdata.models import Instrument
from apps.risk.book import WorkingOrder
from apps.risk.snapshot import Line

ONE, NONE = Decimal(1), Decimal(0)
FUNDS = "ETF"
SECTORLESS = frozenset({FUNDS, "IND", "CASH"})
Rates = Mapping[str, Decimal]


class Held(NamedTuple):
    """Columns of a position, in the order they are read."""

    con_id: int
    quantity: Decimal
    currency: str
    sec_type: str
    right: str
    multiplier: Decimal | None
    value_base: Decimal | None
    pnl_quantity: Decimal | None
    market_value: Decimal | None
    valued_quantity: Decimal | None
    market_price: Decimal | None


class Known(NamedTuple):
    """Columns of an instrument, in the order they are read."""

    con_id: int
    currency: str
    sec_type: str
    stock_type: str
    right: str
    multiplier: Decimal | None
    price_magnifier: int
    under_con_id: int | None
    industry: str

    @property
    def kind(self) -> str:
        return FUNDS if self.sec_type == "STK" and self.stock_type == FUNDS else self.sec_type


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
    held = {row.con_id: row for row in HELD(account_id=account.pk)}
    others = {order.con_id: order.limit_price for order in working if order.con_id not in held}
    if con_id not in held:
        others.setdefault(con_id, None)
    known = {row.con_id: row for row in KNOWN(account_id=account.pk)}
    known |= _known([key for key in others if key not in known])
    lines = _lines_held(account.pk, held, known, rates)
    for key, limit in others.items():
        lines.append(_other(key, known.get(key), prices.get(key, limit), rates))
    return tuple(lines)


def _positions(account_id: int) -> QuerySet[Any, Any]:
    rows = Position.objects.filter(account=account_id).exclude(quantity=0)
    return rows.order_by().values_list(*Held._fields)


def _instruments(account_id: int) -> QuerySet[Any, Any]:
    held = Position.objects.filter(account=account_id).exclude(quantity=0).order_by()
    rows = Instrument.objects.filter(pk__in=held.values("con_id"))
    return rows.order_by().values_list(*Known._fields)


HELD = Kept(Prepared(_positions), lambda row: Held(*row))
KNOWN = Kept(Prepared(_instruments), lambda row: Known(*row))
LINES: dict[int, dict[int, tuple[Held, Known | None, Decimal | None, Line]]] = {}
"""By account and conId, with what each line was made of."""


def _known(con_ids: list[int]) -> dict[int, Known]:
    if not con_ids:
        return {}
    rows = Instrument.objects.filter(pk__in=con_ids).order_by().values_list(*Known._fields)
    return {row[0]: Known(*row) for row in rows}


def _lines_held(
    account_id: int, held: Mapping[int, Held], known: Mapping[int, Known], rates: Rates
) -> list[Line]:
    before, found = LINES.get(account_id, {}), {}
    for key, row in held.items():
        parts = row, known.get(key), rates.get(row.currency)
        line = before.get(key)
        if line is None or line[0] is not parts[0] or line[1:3] != parts[1:]:
            line = *parts, _line_held(*parts)
        found[key] = line
    LINES[account_id] = found
    return [line[-1] for line in found.values()]


def _line_held(row: Held, known: Known | None, rate: Decimal | None) -> Line:
    issuer, sector = _groups(row.con_id, known)
    return Line(
        row.con_id,
        row.quantity,
        _unit(row, rate),
        row.currency,
        issuer,
        sector,
        row.sec_type if known is None else known.kind,
        row.right,
        None if known is None else known.under_con_id,
        row.multiplier or ONE,
    )


def _unit(row: Held, rate: Decimal | None) -> Decimal | None:
    """The broker's P&L stream is newest, its portfolio next, its price last."""
    if row.value_base is not None and row.pnl_quantity:
        return abs(row.value_base / row.pnl_quantity)
    if rate is None:
        return None
    if row.market_value is not None and row.valued_quantity:
        return abs(row.market_value / row.valued_quantity) * rate
    if row.market_price is not None:
        return abs(row.market_price) * (row.multiplier or ONE) * rate
    return None


def _other(con_id: int, known: Known | None, price: Decimal | None, rates: Rates) -> Line:
    if known is None:
        return Line(con_id, NONE, None)
    issuer, sector = _groups(con_id, known)
    rate, multiplier = rates.get(known.currency), known.multiplier or ONE
    unit = None
    if price is not None and rate is not None:
        unit = abs(price) * multiplier * rate / (known.price_magnifier or 1)
    return Line(
        con_id,
        NONE,
        unit,
        known.currency,
        issuer,
        sector,
        known.kind,
        known.right,
        known.under_con_id,
        multiplier,
    )


def _groups(con_id: int, known: Known | None) -> tuple[str, str]:
    """Issuer and sector; a fund is in no sector."""
    if known is None:
        return str(con_id), ""
    sector = "" if known.kind in SECTORLESS else known.industry
    return str(known.under_con_id or con_id), sector

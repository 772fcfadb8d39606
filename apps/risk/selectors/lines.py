"""What an account holds and has working, valued per unit in base currency.

Lines are kept between two calls as long as the rows they are made of are the same.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import QuerySet

from apps.accounts.models import BrokerAccount, Position
from apps.lib.prepared import Asked, Derived, Kept, Pick, Picked, Prepared, Raw, together
from apps.marketdata.models import Instrument
from apps.risk.book import WorkingOrder
from apps.risk.snapshot import Line

ONE, NONE = Decimal(1), Decimal(0)
FEW = 5
FUNDS = "ETF"
SECTORLESS = frozenset({FUNDS, "IND", "CASH"})
Rates = Mapping[str, Decimal]


class Held(NamedTuple):
    """Columns of a position that trades alone change, in the order they are read."""

    con_id: int
    quantity: Decimal
    currency: str
    sec_type: str
    right: str
    multiplier: Decimal | None


class Valued(NamedTuple):
    """What a unit of a position is worth; the broker tells it anew all day.

    Its P&L stream is newest, its portfolio next, its price last; what a newer one tells, an older
    one need not.
    """

    con_id: int
    in_base: Decimal | None = None
    in_currency: Decimal | None = None
    price: Decimal | None = None
    """Without the multiplier."""


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


class _Frame(NamedTuple):
    """A line but for what a unit is worth: its columns before and behind that one."""

    before: tuple[int, Decimal]
    behind: tuple[str, str, str, str, str, int | None, Decimal]


class _Made(NamedTuple):
    """Lines with what they were made of: frames of positions and instruments, then values."""

    held: tuple[Held, ...]
    known: tuple[Known, ...]
    frames: tuple[_Frame, ...]
    valued: tuple[Valued, ...]
    rates: Rates
    lines: Mapping[int, Line]
    whole: tuple[Line, ...]


def lines_asked(account_id: int) -> list[Asked]:
    """What `lines_of` reads, for `together`."""
    return [query.asked(account_id=account_id) for query in (HELD, VALUED, KNOWN)]


def lines_of(
    account: BrokerAccount,
    rates: Rates,
    working: Iterable[WorkingOrder],
    own: Instrument | None,
    prices: Mapping[int, Decimal],
) -> tuple[Line, ...] | None:
    """None until the broker has told a complete picture of the account's positions.

    `own` is the order's instrument. `prices` are in the instruments' currencies, for what is not
    valued by the broker. Three queries, and one more for orders in what is not held.
    """
    if account.positions_at is None:
        return None
    made = _made(account.pk, rates)
    others = NOT_HELD(account.pk, made.lines, working)
    if own is not None and own.con_id not in made.lines:
        others = {**others, own.con_id: others.get(own.con_id)}
    if not others:
        return made.whole
    known = {} if own is None else {own.con_id: _known_of(own)}
    known |= _known([con_id for con_id in others if con_id not in known])
    rest = (
        _other(con_id, known.get(con_id), prices.get(con_id, limit), rates)
        for con_id, limit in others.items()
    )
    return (*made.whole, *rest)


def _not_held(
    held: Mapping[int, Line], working: Iterable[WorkingOrder]
) -> Mapping[int, Decimal | None]:
    """A limit for each instrument of orders in what is not held; None where they have none."""
    return {order.con_id: order.limit_price for order in working if order.con_id not in held}


NOT_HELD = Derived(_not_held)


def _positions(account_id: int) -> QuerySet[Any, Any]:
    return Position.objects.filter(account=account_id).exclude(quantity=0).order_by("con_id")


def _instruments(account_id: int) -> QuerySet[Any, Any]:
    held = Position.objects.filter(account=account_id).exclude(quantity=0).order_by()
    rows = Instrument.objects.filter(pk__in=held.values("con_id"))
    return rows.order_by("con_id").values_list(*Known._fields)


HELD = Kept(
    Prepared(lambda account_id: _positions(account_id).values_list(*Held._fields)), Held._make
)


def _valued(row: Raw, value: Pick) -> Valued:
    """Of a row of `VALUED`."""
    value_base = value(row, 1)
    if value_base is not None and (quantity := value(row, 2)):
        return Valued(row[0], abs(value_base / quantity))
    market_value = value(row, 3)
    if market_value is not None and (quantity := value(row, 4)):
        return Valued(row[0], None, abs(market_value / quantity))
    price = value(row, 5)
    return Valued(row[0], price=None if price is None else abs(price))


VALUED = Picked(
    Prepared(
        lambda account_id: _positions(account_id).values_list(
            "con_id",
            "value_base",
            "pnl_quantity",
            "market_value",
            "valued_quantity",
            "market_price",
        )
    ),
    _valued,
)
KNOWN = Kept(Prepared(_instruments), Known._make)
ONE_KNOWN = Prepared(
    lambda con_id: Instrument.objects.filter(pk=con_id).order_by().values_list(*Known._fields)
)
MADE: dict[int, _Made] = {}
"""By account."""


def _known(con_ids: list[int]) -> dict[int, Known]:
    """Each by a query that is there already; many by one that is made for them."""
    if not con_ids:
        return {}
    if len(con_ids) > FEW:
        rows = Instrument.objects.filter(pk__in=con_ids).order_by().values_list(*Known._fields)
        return {row[0]: Known(*row) for row in rows}
    with together([ONE_KNOWN.asked(con_id=con_id) for con_id in con_ids]):
        found = [ONE_KNOWN.first(con_id=con_id) for con_id in con_ids]
    return {row[0]: Known(*row) for row in found if row is not None}


def _known_of(row: Instrument) -> Known:
    return Known(*(getattr(row, name) for name in Known._fields))


def _made(account_id: int, rates: Rates) -> _Made:
    """The same lines as before where the rows they were made of are the very same."""
    held, valued = HELD(account_id=account_id), VALUED(account_id=account_id)
    known, before = KNOWN(account_id=account_id), MADE.get(account_id)
    if before is None or before.held is not held or before.known is not known:
        frames = _frames(held, known)
    elif before.valued is not valued or before.rates != rates:
        frames = before.frames
    else:
        return before
    lines = _lines(frames, valued, rates, {} if before is None else before.lines)
    made = _Made(held, known, frames, valued, rates, lines, tuple(lines.values()))
    MADE[account_id] = made
    return made


def _frames(held: Iterable[Held], known: Iterable[Known]) -> tuple[_Frame, ...]:
    instruments = {row.con_id: row for row in known}
    return tuple(_frame(row, instruments.get(row.con_id)) for row in held)


def _frame(row: Held, known: Known | None) -> _Frame:
    issuer, sector = _groups(row.con_id, known)
    kind = row.sec_type if known is None else known.kind
    under = None if known is None else known.under_con_id
    behind = row.currency, issuer, sector, kind, row.right, under, row.multiplier or ONE
    return _Frame((row.con_id, row.quantity), behind)


def _lines(
    frames: Iterable[_Frame], valued: Iterable[Valued], rates: Rates, known: Mapping[int, Line]
) -> dict[int, Line]:
    """Lines that are known and have not changed are the very same."""
    values, found = {row.con_id: row for row in valued}, {}
    for before, behind in frames:
        con_id = before[0]
        row, held = values[con_id], known.get(con_id)
        unit = row.in_base
        if unit is None:
            unit = _unit(row, behind[-1], rates.get(behind[0]))
        line = Line._make((*before, unit, *behind))
        found[con_id] = held if held is not None and held == line else line
    return found


def _unit(row: Valued, multiplier: Decimal, rate: Decimal | None) -> Decimal | None:
    """Where it is not told in base currency."""
    if rate is None:
        return None
    if row.in_currency is not None:
        return row.in_currency * rate
    return None if row.price is None else row.price * multiplier * rate


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

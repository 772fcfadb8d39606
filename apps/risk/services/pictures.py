"""Builds the guard's frozen picture of an account from rows, quotes and the order book."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.accounts.models import BrokerAccount, Position
from apps.accounts.selectors import link_effective
from apps.accounts.state import Values, amount_in_base, exchange_rates, worth_of
from apps.marketdata.hours import is_open
from apps.marketdata.models import Instrument
from apps.marketdata.selectors import quotes_judged
from apps.risk.book import ActivityQuestion, BookMissing, book
from apps.risk.guard.types import Flow, Health, Holding, Liquidity, Picture, Track
from apps.risk.models import GateDecision, Lock

DAY = timedelta(days=1)
YEAR_DAYS = 365.0
FUND = "ETF"
TAGS = (
    "NetLiquidation",
    "GrossPositionValue",
    "ExcessLiquidity",
    "LookAheadExcessLiquidity",
    "ExchangeRate",
)
Quote = dict[str, Any]


def picture_of(account: BrokerAccount, track: Track, *, at: datetime) -> Picture:
    """Everything the guard looks at; what nobody told is None in it."""
    values = values_of(account)
    return Picture(
        at=at,
        liquidity=_liquidity(account, values, at),
        track=track,
        holdings=tuple(_holdings(account, exchange_rates(account, values), at)),
        health=_health(account, at),
    )


def values_of(account: BrokerAccount) -> Values:
    rows = account.values.filter(tag__in=TAGS)
    return {(row.tag, row.currency): row for row in rows}


def flows_of(account: BrokerAccount) -> tuple[Flow, ...]:
    return tuple(Flow(at, amount) for at, amount in account.cash_flows.values_list("at", "amount"))


def _liquidity(account: BrokerAccount, values: Values, at: datetime) -> Liquidity:
    fresh = account.pnl_at is not None and at - account.pnl_at < DAY
    return Liquidity(
        net=amount_in_base(account, values, "NetLiquidation"),
        gross=amount_in_base(account, values, "GrossPositionValue"),
        excess=amount_in_base(account, values, "ExcessLiquidity"),
        look_ahead=amount_in_base(account, values, "LookAheadExcessLiquidity"),
        daily_pnl=account.daily_pnl if fresh else None,
    )


def _holdings(account: BrokerAccount, rates: dict[str, Decimal], at: datetime) -> Iterable[Holding]:
    positions = list(account.positions.exclude(quantity=0))
    con_ids = [position.con_id for position in positions]
    instruments = Instrument.objects.in_bulk(con_ids)
    unders = [row.under_con_id for row in instruments.values() if row.under_con_id]
    instruments |= Instrument.objects.in_bulk(unders)
    found = quotes_judged([account.connection.slug], [*con_ids, *unders])
    quotes = {con_id: quote for con_id, (_slug, quote) in found.items()}
    for position in positions:
        instrument = instruments.get(position.con_id)
        under = instruments.get(instrument.under_con_id or 0) if instrument else None
        held = _holding(position, instrument, quotes, rates.get(position.currency), at)
        yield replace(held, fund=FUND in {_kind(instrument), _kind(under)})


def _holding(
    position: Position,
    instrument: Instrument | None,
    quotes: dict[int, Quote],
    rate: Decimal | None,
    at: datetime,
) -> Holding:
    quote = quotes.get(position.con_id, {})
    days = position.days_to_expiry
    return Holding(
        con_id=position.con_id,
        name=position.local_symbol or position.symbol,
        issuer=position.symbol,
        sec_type=position.sec_type,
        quantity=position.quantity,
        multiplier=position.multiplier or Decimal(1),
        price=worth_of(position, rate).price,
        fx=rate,
        delta=_float(quote.get("delta")),
        gamma=_float(quote.get("gamma")),
        vega=_float(quote.get("vega")),
        theta=_float(quote.get("theta")),
        volatility=_float(quote.get("iv")),
        underlying=_underlying(quote, instrument, quotes),
        strike=None if position.strike is None else float(position.strike),
        right=position.right[:1],
        years=max((days or 0) + 0.5, 0.0) / YEAR_DAYS,
        stale_seconds=_age(quote, instrument, at),
        cut=bool(quote.get("stale")),
    )


def _kind(instrument: Instrument | None) -> str:
    return "" if instrument is None else instrument.kind


def _underlying(
    quote: Quote, instrument: Instrument | None, quotes: dict[int, Quote]
) -> float | None:
    """What the model greeks were computed with, else the underlying's own quote."""
    if "und" in quote:
        return _float(quote["und"])
    under = quotes.get(instrument.under_con_id or 0, {}) if instrument is not None else {}
    names = ("last", "mark", "close")
    return next((_float(under[name]) for name in names if under.get(name) is not None), None)


def _age(quote: Quote, instrument: Instrument | None, at: datetime) -> float | None:
    """Only in an open market, and only of what streams: a stand-in close has no age."""
    moment = quote.get("at")
    if moment is None or quote.get("kind") == "close" or instrument is None:
        return None
    if not is_open(instrument.liquid_sessions, at):
        return None
    return max(at.timestamp() - float(moment) / 1000, 0.0)


def _health(account: BrokerAccount, at: datetime) -> Health:
    link = link_effective(account.connection)
    down = None
    if not link.alive:
        since = link.since_at or account.connection.link_since_at or account.last_seen_at
        down = (at - since).total_seconds()
    told = [moment for moment in (account.values_at, account.pnl_at) if moment is not None]
    locks = Lock.objects.filter(account=account, closed_at__isnull=True, kind="mismatch")
    unknown, rejects = _orders(account, at)
    return Health(
        link_down=down,
        silent=(at - max(told)).total_seconds() if told else None,
        mismatches=tuple(lock.name or str(lock.con_id) for lock in locks),
        unknown=unknown,
        rejects=rejects,
    )


def _orders(
    account: BrokerAccount, at: datetime
) -> tuple[tuple[float | None, ...], tuple[tuple[str, int], ...]]:
    """Ages of unknown orders and rejects in a row by strategy; nothing where no book is kept."""
    try:
        orders = book()
    except BookMissing:
        return (), ()
    unknown = tuple(
        (at - order.accepted_at).total_seconds()
        for order in orders.working(account.pk)
        if order.state == "unknown"
    )
    counts = tuple((name, orders.activity(_question(account, name, at)).rejects)
                   for name in _strategies(account, at))  # fmt: skip
    return unknown, counts


def _question(account: BrokerAccount, strategy: str, at: datetime) -> ActivityQuestion:
    return ActivityQuestion(
        account_id=account.pk,
        con_id=0,
        strategy=strategy,
        at=at,
        day_at=at,
        week_at=at,
        recent_at=at,
    )


def _strategies(account: BrokerAccount, at: datetime) -> list[str]:
    """Those that asked the gate within a day."""
    asked = GateDecision.objects.filter(account=account, at__gte=at - DAY, passed=True)
    names = asked.order_by().values_list("intent__strategy", flat=True).distinct()
    return sorted({str(name) for name in names if name})


def _float(text: object) -> float | None:
    try:
        return None if text is None else float(str(text))
    except ValueError:
        return None

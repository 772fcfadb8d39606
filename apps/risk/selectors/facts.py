"""The account and the instrument of an order as the gate sees them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Value

from apps.accounts.links import Link
from apps.accounts.models import AccountValue, BrokerAccount, Connection
from apps.lib.prepared import Asked, Derived, Prepared, Row, Same, Whole
from apps.marketdata import ticks
from apps.marketdata.models import Bar, MarketRule
from apps.marketdata.models import Instrument as InstrumentRow
from apps.marketdata.selectors import NO_BROKER
from apps.risk import snapshot as pure
from ibkr.types import LinkState, PriceBand, PriceKind
from ibkr.windows import Schedule

TAGS = {
    "NetLiquidation": "net_liquidation",
    "AvailableFunds": "available",
    "EquityWithLoanValue": "equity_with_loan",
    "MaintMarginReq": "maintenance",
    "ExcessLiquidity": "excess",
    "LookAheadExcessLiquidity": "look_ahead_excess",
    "GrossPositionValue": "gross",
    "DayTradesRemaining": "day_trades_left",
}
RATE, TOTALS = "ExchangeRate", "BASE"
VALUES_GOOD_FOR = timedelta(hours=1)
"""IB repeats account values every three minutes; older ones are missing ones."""
Rules = Mapping[int, tuple[PriceBand, ...]]
VOLUME_DAYS = timedelta(days=30)
"""About twenty sessions."""


def _newest_login(seen: Sequence[Row]) -> tuple[str, ...]:
    """The accounts that came with it."""
    newest = max((at for _, at in seen), default=None)
    return tuple(code for code, at in seen if at == newest)


ACCOUNT = Whole(
    BrokerAccount,
    lambda account_id: BrokerAccount.objects.filter(pk=account_id).order_by(),
    connection=Connection,
)
INSTRUMENT = Whole(InstrumentRow, lambda con_id: InstrumentRow.objects.filter(pk=con_id).order_by())
VALUES = Same(
    Prepared(
        lambda account_id: (
            AccountValue.objects.filter(account=account_id, tag__in=[*TAGS, RATE])
            .order_by("id")
            .values_list("tag", "currency", "amount")
        )
    ),
    tuple[Row, ...],
)
SEEN = Same(
    Prepared(
        lambda account_id: (
            BrokerAccount.objects.filter(connection__accounts=account_id)
            .order_by("pk")
            .values_list("code", "last_seen_at")
        )
    ),
    _newest_login,
)
BANDS = Same(
    Prepared(lambda: MarketRule.objects.order_by("pk").values_list("pk", "bands")),
    lambda rows: {int(rule_id): ticks.loaded(bands) for rule_id, bands in rows},
)
VOLUME = Prepared(
    lambda con_id, since_at: (
        Bar.objects.filter(
            instrument=con_id, size="1 day", start_at__gte=since_at, volume__isnull=False
        )
        .order_by()
        .values(one=Value(1))
        .annotate(mean=Avg("volume"))
        .values_list("mean")
    )
)
NONE: tuple[Row, ...] = ()
UNSEEN: tuple[str, ...] = ()


def facts_asked(account_id: int, con_id: int) -> list[Asked]:
    """What the functions below read, for `together`."""
    mine = [query.asked(account_id=account_id) for query in (ACCOUNT, VALUES, SEEN)]
    return [*mine, INSTRUMENT.asked(con_id=con_id), BANDS.asked()]


def account_get(account_id: int) -> BrokerAccount:
    """With its connection, in one query; nobody may change it.

    Raises BrokerAccount.DoesNotExist.
    """
    found = ACCOUNT.same(account_id=account_id)
    if found is None:
        raise BrokerAccount.DoesNotExist
    return found


def instrument_get(con_id: int) -> InstrumentRow | None:
    """Nobody may change it."""
    return INSTRUMENT.same(con_id=con_id)


def account_facts(account: BrokerAccount, at: datetime) -> pure.Account:
    """Two queries, one where no account is pinned."""
    fresh = account.values_at is not None and at - account.values_at <= VALUES_GOOD_FOR
    found = VALUES(account_id=account.pk) if fresh else NONE
    connected = SEEN(account_id=account.pk) if account.connection.pinned else UNSEEN
    return FACTS(account.pk, account, found, connected)


def _facts(
    account: BrokerAccount, found: tuple[Row, ...], connected: tuple[str, ...]
) -> pure.Account:
    connection, base = account.connection, account.base_currency
    rates = {currency: amount for tag, currency, amount in found if tag == RATE and amount}
    rates.pop(TOTALS, None)
    return pure.Account(
        id=account.pk,
        code=account.code,
        mode=connection.mode,
        base_currency=base,
        pinned=connection.pinned,
        connected=connected,
        rates=rates | ({base: Decimal(1)} if base else {}),
        **_amounts(found, base),
    )


FACTS = Derived(_facts)


def _amounts(rows: Iterable[Row], base: str) -> dict[str, Decimal]:
    """In base currency, or without a currency, or IB's total; never another currency."""
    rank = {TOTALS: 0, "": 1, base: 2}
    best: dict[str, tuple[int, Decimal]] = {}
    for tag, currency, amount in rows:
        place = rank.get(currency)
        name = TAGS.get(tag)
        if name is None or place is None or amount is None:
            continue
        if name not in best or best[name][0] < place:
            best[name] = place, amount
    return {name: amount for name, (_, amount) in best.items()}


def link_facts(connection: Connection, link: Link, at: datetime) -> pure.Link:
    schedule = Schedule(
        time_zone=connection.time_zone,
        restart_at=connection.restart_at,
        weekly_login_at=connection.weekly_login_at,
        restart_minutes=connection.restart_minutes,
        no_orders_minutes=connection.no_orders_minutes,
    )
    up_since = link.since_at if link.state is LinkState.READY else None
    window = schedule.closes_orders(at, up_since=up_since)
    return pure.Link(
        state=link.state,
        worker=link.worker,
        sentence=link.sentence,
        closed_until_at=None if window is None else window.end_at,
    )


def instrument_facts(
    row: InstrumentRow, quote: dict[str, Any] | None, at: datetime
) -> pure.Instrument:
    """One query for the price steps, another where the quote has no average volume."""
    told = (quote or {}).get("average_volume")
    volume = _volume(row, at) if told is None else Decimal(str(told))
    return INSTRUMENTS((row.con_id, volume), row, BANDS(), volume)


def _instrument(row: InstrumentRow, rules: Rules, volume: Decimal | None) -> pure.Instrument:
    return pure.Instrument(
        con_id=row.con_id,
        symbol=row.symbol,
        kind=row.kind,
        currency=row.currency,
        exchange=row.exchange,
        primary_exchange=row.primary_exchange,
        multiplier=row.multiplier,
        magnifier=row.price_magnifier or 1,
        right=row.right,
        under_con_id=row.under_con_id or None,
        isin=row.isin,
        bands=_bands(row, rules),
        lot=row.lot,
        least=row.least,
        liquid=row.liquid_sessions,
        trading=row.trading_sessions,
        average_volume=volume,
    )


def _bands(row: InstrumentRow, rules: Rules) -> tuple[PriceBand, ...]:
    bands = rules.get(row.rule_id(row.exchange) or 0)
    if bands:
        return bands
    return (PriceBand(Decimal(0), row.min_tick),) if row.min_tick else ()


def _volume(row: InstrumentRow, at: datetime) -> Decimal | None:
    found = VOLUME.first(con_id=row.con_id, since_at=at - VOLUME_DAYS)
    return None if found is None else found[0]


INSTRUMENTS = Derived(_instrument)


def quote_facts(quote: dict[str, Any] | None, link: Link) -> pure.Quote | None:
    if quote is None:
        return None
    return pure.Quote(
        bid=_price(quote, "bid"),
        ask=_price(quote, "ask"),
        last=_price(quote, "last"),
        close=_price(quote, "close"),
        kind=PriceKind(quote.get("kind", PriceKind.MISSING)),
        at=_moment(quote.get("at")),
        halted=Decimal(str(quote.get("halted", 0))) > 0,
        stale=bool(quote.get("stale")),
        cut=link.code == NO_BROKER,
    )


def _price(quote: dict[str, Any], name: str) -> Decimal | None:
    text = quote.get(name)
    return None if text is None else Decimal(str(text))


def _moment(milliseconds: Any) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(int(milliseconds) / 1000, UTC)

"""Instruments, quotes and stream states as the gateway would leave them."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson

from apps.lib import redis as store
from apps.marketdata.ingest import on_contract_details
from apps.marketdata.models import Instrument
from ibkr.types import Bar, Contract, ContractDetails, Session
from tests.factories import NOON

OPEN = (Session(NOON - timedelta(hours=2), NOON + timedelta(hours=4)),)


def details(con_id: int = 265598, symbol: str = "AAPL", **fields: Any) -> ContractDetails:
    known = {"sec_type": "STK", "currency": "USD", "exchange": "SMART"}
    names = {name: fields.pop(name) for name in list(fields) if name in Contract.__slots__}
    contract = Contract(con_id=con_id, symbol=symbol, local_symbol=symbol, **(known | names))
    told: dict[str, Any] = {
        "long_name": f"{symbol} INC",
        "min_tick": Decimal("0.01"),
        "valid_exchanges": ("SMART", "NASDAQ"),
        "market_rule_ids": (26, 26),
        "time_zone": "US/Eastern",
        "liquid_sessions": OPEN,
        "trading_sessions": OPEN,
    }
    return ContractDetails(contract=contract, **(told | fields))


def instrument(con_id: int = 265598, symbol: str = "AAPL", **fields: Any) -> Instrument:
    return on_contract_details(details=[details(con_id, symbol, **fields)], at=NOON)[0]


def milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def put_quotes(slug: str, quotes: dict[int, dict[str, Any]], *, alive: bool = True) -> None:
    """What the flusher keeps in Redis."""
    key = store.QUOTES.format(slug=slug)
    store.client().hset(key, "seq", 1)
    for con_id, quote in quotes.items():
        store.client().hset(key, str(con_id), orjson.dumps(quote))
    if alive:
        store.client().set(store.QUOTES_ALIVE.format(slug=slug), 1)


def told(lines: dict[str, dict[str, Any]], status: str = "degraded") -> dict[str, Any]:
    """What a gateway says of its lines."""
    counts = dict.fromkeys(("requested", "streaming", "waiting", "refused"), 0)
    for line in lines.values():
        counts[line["state"]] += 1
    return {"status": status, "symbols": len(lines), **counts, "lines": lines}


def bar(start_at: datetime, close: str = "100") -> Bar:
    price = Decimal(close)
    return Bar(
        start_at=start_at,
        open=price,
        high=price,
        low=price,
        close=price,
        volume=Decimal(1000),
        average=None,
        count=None,
    )

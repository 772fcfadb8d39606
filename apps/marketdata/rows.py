"""Instruments, prices and streams as plain rows for pages and the API; missing is left out."""

from datetime import datetime
from typing import Any

from apps.accounts.numbers import plain
from apps.marketdata import hours
from apps.marketdata.models import Instrument, MarketRule, StreamConfig
from apps.marketdata.saying import sentence_of
from apps.marketdata.selectors import explained
from apps.marketdata.staleness import MISSING, Price

Row = dict[str, Any]


def instrument_row(instrument: Instrument) -> Row:
    return _present(
        {
            "con_id": instrument.con_id,
            "symbol": instrument.symbol,
            "local_symbol": instrument.local_symbol,
            "trading_class": instrument.trading_class,
            "kind": instrument.kind,
            "sec_type": instrument.sec_type,
            "exchange": instrument.exchange,
            "primary_exchange": instrument.primary_exchange,
            "currency": instrument.currency,
            "multiplier": plain(instrument.multiplier),
            "expiry": instrument.expiry,
            "strike": plain(instrument.strike),
            "right": instrument.right or None,
            "long_name": instrument.long_name,
            "under_con_id": instrument.under_con_id,
        }
    )


def detail_row(instrument: Instrument, rules: dict[int, MarketRule], now: datetime) -> Row:
    """With hours and price steps."""
    return instrument_row(instrument) | _present(
        {
            "min_tick": plain(instrument.min_tick),
            "price_magnifier": instrument.price_magnifier,
            "industry": instrument.industry,
            "category": instrument.category,
            "stock_type": instrument.stock_type,
            "isin": instrument.isin,
            "order_types": instrument.order_types,
            "details_at": instrument.details_at,
            "hours": hours_row(instrument, now),
            "rules": [
                {"exchange": exchange, "rule_id": rule_id, "bands": rules[rule_id].bands}
                for exchange, rule_id in zip(
                    instrument.valid_exchanges, instrument.market_rule_ids, strict=False
                )
                if rule_id in rules
            ],
        }
    )


def hours_row(instrument: Instrument, now: datetime) -> Row:
    """`open` None: the announced hours do not reach this moment."""
    sessions = instrument.liquid_sessions
    row = _present(
        {
            "time_zone": instrument.time_zone,
            "next_open_at": hours.next_open(sessions, now),
            "next_close_at": hours.next_close(sessions, now),
            "liquid": instrument.liquid_hours,
            "trading": instrument.trading_hours,
        }
    )
    return row | {"open": hours.is_open(sessions, now)}


def price_row(price: Price = MISSING) -> Row:
    return _present(
        {
            "value": plain(price.value),
            "kind": price.kind.value,
            "at": price.at,
            "stale": price.stale,
        }
    )


def stream_row(config: StreamConfig, state: Row) -> Row:
    """`state` is that of the topic `streams:<slug>`; codes are put into words here."""
    lines = {con_id: explained(line) for con_id, line in state["lines"].items()}
    return {
        "connection": config.connection.slug,
        **{name: value for name, value in state.items() if name != "sentences"},
        "sentence": sentence_of(state),
        "positions": config.positions,
        "targets": config.targets,
        "watchlists": config.watchlists,
        "max_symbols": config.max_symbols,
        "market_data_type": config.market_data_type,
        "refresh_seconds": config.refresh_seconds,
        "lines": lines,
    }


def _present(fields: Row) -> Row:
    return {name: value for name, value in fields.items() if value is not None}

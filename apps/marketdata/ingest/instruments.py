"""Contract details and market rules: one row each, overwritten by what IB says now."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from apps.marketdata import hours, ticks
from apps.marketdata.models import Instrument, MarketRule
from ibkr.types import ContractDetails
from ibkr.types import MarketRule as ToldRule

SMART = "SMART"


def on_contract_details(*, details: Sequence[ContractDetails], at: datetime) -> list[Instrument]:
    """Stores what was found, in the order found, each conId once: IB repeats it by exchange."""
    chosen: dict[int, ContractDetails] = {}
    for found in details:
        con_id = found.contract.con_id
        if con_id and (con_id not in chosen or found.contract.exchange == SMART):
            chosen[con_id] = found
    rows = [Instrument(**_fields(found, at)) for found in chosen.values()]
    if rows:
        names = [f.name for f in Instrument._meta.concrete_fields if not f.primary_key]
        Instrument.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["con_id"], update_fields=names
        )
    return rows


def on_market_rules(*, rules: Sequence[ToldRule], at: datetime) -> None:
    rows = [
        MarketRule(rule_id=rule.rule_id, bands=ticks.stored(rule.bands), fetched_at=at)
        for rule in rules
    ]
    if rows:
        MarketRule.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["rule_id"],
            update_fields=["bands", "fetched_at"],
        )


def _fields(details: ContractDetails, at: datetime) -> dict[str, Any]:
    contract = details.contract
    return {
        "con_id": contract.con_id,
        "symbol": contract.symbol,
        "local_symbol": contract.local_symbol,
        "trading_class": contract.trading_class,
        "sec_type": contract.sec_type,
        "exchange": contract.exchange,
        "primary_exchange": contract.primary_exchange,
        "currency": contract.currency,
        "multiplier": contract.multiplier,
        "expiry": contract.expiry,
        "strike": contract.strike,
        "right": contract.right,
        "min_tick": details.min_tick,
        "min_size": details.min_size,
        "size_increment": details.size_increment,
        "price_magnifier": details.price_magnifier,
        "long_name": details.long_name[:200],
        "industry": details.industry[:100],
        "category": details.category[:100],
        "stock_type": details.stock_type,
        "isin": details.isin,
        "under_con_id": details.under_con_id or None,
        "order_types": list(details.order_types),
        "valid_exchanges": list(details.valid_exchanges),
        "market_rule_ids": list(details.market_rule_ids),
        "time_zone": details.time_zone,
        "trading_hours": hours.stored(details.trading_sessions),
        "liquid_hours": hours.stored(details.liquid_sessions),
        "details_at": at,
    }

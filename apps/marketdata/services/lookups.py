"""What the gateway process does for a page that waits: it asks the broker and stores answers."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from apps.marketdata import selectors
from apps.marketdata.ingest import on_contract_details, on_market_rules
from apps.marketdata.models import Instrument
from apps.marketdata.routing import routed
from ibkr.errors import RequestRefused
from ibkr.port import BrokerPort
from ibkr.types import Contract, SymbolMatch

FOUND_LIMIT = 50
"""Candidates beyond this number are no choice for a person any more."""


def symbols_search(port: BrokerPort, *, text: str) -> list[dict[str, Any]]:
    return [_match(match) for match in port.matching_symbols(text)]


def details_find(port: BrokerPort, *, query: dict[str, Any], at: datetime) -> list[int]:
    """conIds of everything that fits, stored; raises IbkrError, RequestRefused 200 for nothing."""
    found = port.contract_details(_contract(query))
    rows = on_contract_details(details=found, at=at)[:FOUND_LIMIT]
    if len(rows) == 1:
        rules_fetch(port, rows, at=at)
    return [row.con_id for row in rows]


def details_refresh(
    port: BrokerPort, *, con_ids: Iterable[int], at: datetime
) -> dict[int, RequestRefused]:
    """Brings details and rules of these up to date; what TWS refuses is left as it is.

    Returns the refusals by conId; raises IbkrError when the link does not allow it.
    """
    rows: list[Instrument] = []
    refused: dict[int, RequestRefused] = {}
    for con_id in selectors.details_due(con_ids, at):
        try:
            details = port.contract_details(Contract(con_id=con_id))
        except RequestRefused as error:
            refused[con_id] = error  # expired or delisted
            continue
        rows += on_contract_details(details=details, at=at)
    rules_fetch(port, rows, at=at)
    return refused


def rules_fetch(port: BrokerPort, rows: Iterable[Instrument], *, at: datetime) -> None:
    due = selectors.rules_due(rows, at)
    on_market_rules(rules=[port.market_rule(rule_id) for rule_id in due], at=at)


def chain_find(port: BrokerPort, *, con_id: int) -> list[dict[str, Any]]:
    """One entry for each exchange and trading class, SMART first."""
    underlying = selectors.instrument_get(con_id).contract
    chains = sorted(
        port.option_chain(underlying), key=lambda c: (c.exchange != "SMART", c.exchange)
    )
    return [
        {
            "exchange": chain.exchange,
            "trading_class": chain.trading_class,
            "multiplier": format(chain.multiplier, "f"),
            "expiries": [day.isoformat() for day in sorted(chain.expiries)],
            "strikes": [format(strike, "f") for strike in sorted(chain.strikes)],
        }
        for chain in chains
    ]


def chain_expiry_find(
    port: BrokerPort, *, con_id: int, expiry: date, trading_class: str, at: datetime
) -> list[int]:
    """Stores the options of one expiry; conIds in the broker's order."""
    underlying = selectors.instrument_get(con_id)
    query = Contract(
        symbol=underlying.symbol,
        sec_type="OPT",
        currency=underlying.currency,
        expiry=expiry,
        trading_class=trading_class,
    )
    found = port.contract_details(routed(query) or query)
    rows = on_contract_details(details=found, at=at)
    rules_fetch(port, rows[:1], at=at)
    return [row.con_id for row in rows if row.under_con_id in {con_id, None}]


def _contract(query: dict[str, Any]) -> Contract:
    fields = dict(query)
    if fields.get("expiry"):
        fields["expiry"] = date.fromisoformat(fields["expiry"])
    if fields.get("strike"):
        fields["strike"] = Decimal(fields["strike"])
    return Contract(**fields)


def _match(match: SymbolMatch) -> dict[str, Any]:
    contract = match.contract
    return {
        "con_id": contract.con_id,
        "symbol": contract.symbol,
        "sec_type": contract.sec_type,
        "currency": contract.currency,
        "primary_exchange": contract.primary_exchange,
        "description": match.description,
        "derivatives": list(match.derivative_sec_types),
    }

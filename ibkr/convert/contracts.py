"""Contracts, their details, option chains and market rules, from ibapi and back."""

from collections.abc import Iterable
from typing import Any

from ibapi.contract import Contract as IbContract

from ibkr.convert.numbers import amount, positive
from ibkr.convert.times import day, sessions
from ibkr.types import Contract, ContractDetails, MarketRule, OptionChain, PriceBand, SymbolMatch

RIGHTS = {"C": "C", "CALL": "C", "P": "P", "PUT": "P"}
"""Everything else that IB writes for "no right" (?, 0, None) becomes empty."""


def contract(source: Any) -> Contract:
    return Contract(
        con_id=source.conId,
        symbol=source.symbol,
        sec_type=source.secType,
        currency=source.currency,
        exchange=source.exchange,
        primary_exchange=source.primaryExchange,
        local_symbol=source.localSymbol,
        trading_class=source.tradingClass,
        multiplier=positive(source.multiplier),
        expiry=day(source.lastTradeDateOrContractMonth),
        strike=positive(source.strike),
        right=RIGHTS.get(source.right.upper(), ""),
    )


def ib_contract(source: Contract) -> Any:
    """For requests; the exchange falls back to the usual route of the class."""
    target = IbContract()
    target.conId = source.con_id
    target.symbol = source.symbol
    target.secType = source.sec_type
    target.currency = source.currency
    target.exchange = source.exchange
    target.primaryExchange = source.primary_exchange
    target.localSymbol = source.local_symbol
    target.tradingClass = source.trading_class
    if source.multiplier is not None:
        target.multiplier = format(source.multiplier.normalize(), "f")
    if source.expiry is not None:
        target.lastTradeDateOrContractMonth = source.expiry.strftime("%Y%m%d")
    if source.strike is not None:
        target.strike = float(source.strike)
    target.right = source.right
    return target


def routed(source: Contract) -> Any:
    """For quotes, bars and orders, which need an exchange: the usual route where none is given."""
    target = ib_contract(source)
    if not target.exchange:
        target.exchange = default_exchange(source)
    return target


def default_exchange(source: Contract) -> str:
    """Where an instrument trades unless its position says otherwise."""
    if source.sec_type == "CASH":
        return "IDEALPRO"
    if source.sec_type in ("OPT", "FOP", "WAR") and source.currency == "HKD":
        return "HKFE"
    if source.sec_type in ("FUT", "IND", "CONTFUT"):
        return source.primary_exchange
    return "SMART"


def details(source: Any) -> ContractDetails:
    return ContractDetails(
        contract=contract(source.contract),
        long_name=source.longName,
        industry=source.industry,
        category=source.category,
        min_tick=positive(source.minTick),
        price_magnifier=int(source.priceMagnifier or 1),
        order_types=_list(source.orderTypes),
        valid_exchanges=_list(source.validExchanges),
        market_rule_ids=tuple(int(rule) for rule in _list(source.marketRuleIds)),
        under_con_id=int(source.underConId or 0),
        time_zone=source.timeZoneId,
        trading_sessions=sessions(source.tradingHours, source.timeZoneId),
        liquid_sessions=sessions(source.liquidHours, source.timeZoneId),
        isin=_isin(source.secIdList or ()),
        stock_type=source.stockType,
        min_size=positive(source.minSize),
        size_increment=positive(source.sizeIncrement),
        suggested_size_increment=positive(source.suggestedSizeIncrement),
    )


def market_rule(rule_id: int, increments: Iterable[Any]) -> MarketRule:
    bands = (PriceBand(amount(row.lowEdge), amount(row.increment)) for row in increments)
    return MarketRule(rule_id, tuple(sorted(bands, key=lambda band: band.low_edge)))


def option_chain(
    exchange: str,
    under_con_id: int,
    trading_class: str,
    multiplier: str,
    expirations: Iterable[str],
    strikes: Iterable[float],
) -> OptionChain:
    days = (day(text) for text in expirations)
    prices = (positive(strike) for strike in strikes)
    return OptionChain(
        exchange=exchange,
        under_con_id=under_con_id,
        trading_class=trading_class,
        multiplier=amount(multiplier),
        expiries=frozenset(on for on in days if on is not None),
        strikes=frozenset(strike for strike in prices if strike is not None),
    )


def symbol_match(source: Any) -> SymbolMatch:
    return SymbolMatch(
        contract=contract(source.contract),
        description=source.contract.description or "",
        derivative_sec_types=tuple(source.derivativeSecTypes),
    )


def _list(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(",")))


def _isin(rows: Iterable[Any]) -> str:
    return next((str(row.value) for row in rows if row.tag == "ISIN"), "")

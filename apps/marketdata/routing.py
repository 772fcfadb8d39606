"""Where market data and orders of a contract go; pure."""

from dataclasses import replace

from ibkr.types import Contract

HONG_KONG = {"OPT": "HKFE", "STK": "SEHK"}
DEFAULT = {"STK": "SMART", "OPT": "SMART", "CASH": "IDEALPRO"}

STOCK_TICKS = "165,233"
"""Generic ticks: 165 average volume and 52-week range, 233 RT volume."""


def routed(contract: Contract, *, listed: str = "") -> Contract | None:
    """The contract with an exchange to stream from; None when only its details can tell.

    `listed` is the exchange of its contract details, "" while they are not known. Options of HKD
    names trade on HKFE, other options through SMART, unless the position says otherwise. Stocks
    name their primary exchange, so theirs is not believed: SMART finds the best, except in Hong
    Kong. Futures, indices and everything else go where their details say.
    """
    exchange = _exchange(contract) or listed
    if not exchange:
        return None
    if not contract.con_id:
        return replace(contract, exchange=exchange)
    # The conId says it all. A field in another form than TWS's own (a stock's multiplier 1, say)
    # would only be refused, with 200.
    return Contract(
        con_id=contract.con_id,
        symbol=contract.symbol,
        sec_type=contract.sec_type,
        currency=contract.currency,
        exchange=exchange,
    )


def _exchange(contract: Contract) -> str:
    if contract.exchange and contract.sec_type != "STK":
        return contract.exchange
    table = HONG_KONG if contract.currency == "HKD" and contract.sec_type != "CASH" else DEFAULT
    return table.get(contract.sec_type, "")


def generic_ticks(contract: Contract) -> str:
    return STOCK_TICKS if contract.sec_type == "STK" else ""


def bar_content(sec_type: str) -> str:
    """What the bars of a class are made of: currencies have no trades."""
    return "MIDPOINT" if sec_type == "CASH" else "TRADES"

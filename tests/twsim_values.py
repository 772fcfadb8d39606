"""Hypothesis strategies: what the simulated TWS can say."""

import string
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from twsim.domain.accounts import AccountPnL, Holding, PositionPnL, ValueRow
from twsim.domain.contracts import Contract, Details, OptionChain, PriceIncrement, SymbolMatch
from twsim.domain.market import Bar, Computation
from twsim.domain.orders import Commission, Execution, Margin, Order, WorkingOrder
from twsim.messages import replies as say
from twsim.messages.replies import Reply

words = st.text(string.ascii_letters + string.digits + " .:-_", max_size=12)
names = st.text(string.ascii_letters, min_size=1, max_size=8)
sentences = st.text(string.ascii_letters + " é中€'{}\"", max_size=30)
plain_sentences = sentences.filter(str.isascii)
"""Where ibapi leaves the escapes of the text protocol in: warnings, descriptions, reasons."""
ids = st.integers(-1, 2**31 - 2)
long_ids = st.integers(0, 2**63 - 2)
counts = st.integers(0, 10**6)
money = st.integers(-(10**11), 10**11).map(lambda n: n / 100)
prices = st.integers(0, 10**9).map(lambda n: n / 10_000)
sizes = st.integers(0, 10**9).map(float) | st.integers(0, 10**9).map(lambda n: n / 10_000)
maybe = st.none() | prices
zones = st.just("US/Eastern")
moments = st.sampled_from(["20260406 09:30:00 US/Eastern", "20260406", "1775482200"])
"""Nothing that is UTC by its form: that changes at version 214."""

stocks = st.builds(
    Contract,
    con_id=ids,
    symbol=names,
    sec_type=st.sampled_from(["STK", "CASH"]),
    exchange=names,
    primary_exchange=words,
    currency=names,
    local_symbol=names,
    trading_class=names,
)
futures = st.builds(
    Contract,
    con_id=ids,
    symbol=names,
    sec_type=st.just("FUT"),
    expiry=st.just("20260618"),
    multiplier=st.sampled_from(["5", "50", "1000"]),
    exchange=names,
    currency=names,
    local_symbol=names,
    trading_class=names,
)
options = st.builds(
    Contract,
    con_id=ids,
    symbol=names,
    sec_type=st.sampled_from(["OPT", "FOP"]),
    expiry=st.just("20260618"),
    strike=prices,
    right=st.sampled_from(["C", "P"]),
    multiplier=st.just("100"),
    exchange=names,
    currency=names,
    local_symbol=names,
    trading_class=names,
)
contracts = stocks | futures | options
details = st.builds(
    Details,
    contract=contracts,
    market_name=words,
    min_tick=st.sampled_from([0.01, 0.25, 0.0001, 0.00005]),
    order_types=words,
    valid_exchanges=words,
    under_con_id=ids,
    long_name=sentences,
    contract_month=words,
    industry=words,
    category=words,
    subcategory=words,
    time_zone=zones,
    trading_hours=words,
    liquid_hours=words,
    isin=words,
    under_symbol=words,
    under_sec_type=words,
    market_rule_ids=words,
    real_expiry=words,
    last_trade_time=st.sampled_from(["", "16:00:00"]),
    stock_type=words,
    min_size=st.sampled_from(["1", "0.0001"]),
    size_increment=st.sampled_from(["1", "0.0001"]),
    suggested_size_increment=st.sampled_from(["1", "100"]),
).map(lambda made: made if made.contract.expiry else replace(made, last_trade_time=""))
rows = st.builds(ValueRow, account=words, tag=words, value=words, currency=words)
holdings = st.builds(
    Holding,
    account=words,
    contract=contracts,
    quantity=money,
    average_cost=prices,
    market_price=prices,
    market_value=money,
    unrealized=money,
    realized=money,
)
position_pnl = st.builds(PositionPnL, money, *([st.none() | money] * 4))
bars = st.builds(
    Bar,
    start_at=counts,
    **dict.fromkeys(("open", "high", "low", "close"), prices),
    volume=sizes,
    average=prices,
    count=counts,
)
dated_bars = st.builds(say.DatedBar, moments, bars)
computations = st.builds(
    Computation,
    **dict.fromkeys(
        ("implied_volatility", "delta", "option_price", "dividends_pv", "gamma", "vega", "theta"),
        maybe,
    ),
    underlying_price=maybe,
)
margins = st.builds(
    Margin,
    **dict.fromkeys(("initial_before", "initial_after", "commission"), money),
    **dict.fromkeys(("maintenance_before", "maintenance_after"), money),
    **dict.fromkeys(("equity_before", "equity_after"), money),
    commission_currency=names,
    warning=plain_sentences,
)
executions = st.builds(
    Execution,
    exec_id=names,
    order_id=ids,
    client_id=ids,
    perm_id=long_ids,
    account=words,
    contract=contracts,
    exchange=words,
    side=st.sampled_from(["BOT", "SLD"]),
    quantity=sizes,
    price=prices,
    cumulative=sizes,
    average_price=prices,
    at=st.just(0.0),
    order_ref=words,
    liquidation=st.integers(0, 1),
    last_liquidity=st.integers(0, 3),
)


def working_orders(
    of: st.SearchStrategy[Order], on: st.SearchStrategy[Contract] = contracts
) -> st.SearchStrategy[WorkingOrder]:
    return st.builds(
        WorkingOrder,
        order_id=ids,
        client_id=ids,
        perm_id=long_ids,
        contract=on,
        order=of,
        status=st.sampled_from(["PreSubmitted", "Submitted", "Cancelled", "Filled"]),
        filled=counts.map(float),
        average_price=prices,
        last_fill_price=prices,
        why_held=words,
        completed_status=plain_sentences,
        trail_stop=maybe,
        status_client_id=st.none() | ids,
    )


plain_orders = st.builds(
    Order,
    action=st.sampled_from(["BUY", "SELL"]),
    quantity=sizes,
    order_type=st.sampled_from(["MKT", "LMT", "STP", "TRAIL"]),
    limit_price=maybe,
    account=names,
    parent_id=counts,
)
sessions = st.builds(say.TradingSession, *([st.just("20260406-09:30:00")] * 2), words)
increments = st.lists(st.builds(PriceIncrement, prices, prices), max_size=4).map(tuple)
chains = st.builds(
    OptionChain,
    exchange=names,
    under_con_id=ids,
    trading_class=names,
    multiplier=st.just("100"),
    expiries=st.lists(names, max_size=3).map(tuple),
    strikes=st.lists(prices, max_size=3).map(tuple),
)
matches = st.lists(
    st.builds(SymbolMatch, stocks, st.lists(names, max_size=3).map(tuple), plain_sentences),
    max_size=3,
)
ticks = st.integers(0, 90)

OF: dict[type[Reply], dict[str, st.SearchStrategy[Any]]] = {
    say.Error: {
        "req_id": ids,
        "code": counts,
        "text": sentences,
        "at_ms": long_ids,
        "advanced_reject": st.just("") | sentences,
    },
    say.ManagedAccounts: {"accounts": st.lists(names, min_size=1, max_size=3).map(tuple)},
    say.NextOrderId: {"order_id": ids},
    say.CurrentTime: {"at": long_ids},
    say.CurrentTimeMillis: {"at_ms": long_ids},
    say.AccountValue: {"row": rows},
    say.PortfolioValue: {"holding": holdings},
    say.AccountTime: {"text": words},
    say.AccountDownloadEnd: {"account": words},
    say.SummaryRow: {"req_id": ids, "row": rows},
    say.SummaryEnd: {"req_id": ids},
    say.MultiValue: {"req_id": ids, "model": words, "row": rows},
    say.MultiValueEnd: {"req_id": ids},
    say.Position: {"holding": holdings},
    say.PositionEnd: {},
    say.PositionMulti: {"req_id": ids, "model": words, "holding": holdings},
    say.PositionMultiEnd: {"req_id": ids},
    say.PnL: {"req_id": ids, "pnl": st.builds(AccountPnL, money, money, money)},
    say.PnLSingle: {"req_id": ids, "pnl": st.none() | position_pnl},
    say.ContractDetails: {"req_id": ids, "details": details},
    say.ContractDetailsEnd: {"req_id": ids},
    say.SymbolSamples: {"req_id": ids, "matches": matches.map(tuple)},
    say.MarketRule: {"rule_id": ids, "increments": increments},
    say.Chain: {"req_id": ids, "chain": chains},
    say.ChainEnd: {"req_id": ids},
    say.TickParameters: {
        "req_id": ids,
        "min_tick": st.sampled_from([0.01, 0.25]),
        "bbo_exchange": words,
        "snapshot_permissions": st.integers(0, 4),
    },
    say.DataKind: {"req_id": ids, "kind": st.integers(1, 4)},
    say.TickPrice: {
        "req_id": ids,
        "tick": ticks,
        "price": prices | st.just(-1.0),
        "size": sizes,
        "attributes": st.integers(0, 7),
    },
    say.TickSize: {"req_id": ids, "tick": ticks, "size": sizes},
    say.TickGeneric: {"req_id": ids, "tick": ticks, "value": prices},
    say.TickString: {"req_id": ids, "tick": ticks, "value": words},
    say.TickComputation: {
        "req_id": ids,
        "tick": ticks,
        "computation": computations,
        "attribute": st.integers(0, 1),
    },
    say.SnapshotEnd: {"req_id": ids},
    say.HistoricalBars: {
        "req_id": ids,
        "bars": st.lists(dated_bars, max_size=3).map(tuple),
        "start": moments,
        "end": moments,
    },
    say.HistoricalUpdate: {"req_id": ids, "bar": dated_bars},
    say.HeadTimestamp: {"req_id": ids, "when": moments},
    say.HistoricalSchedule: {
        "req_id": ids,
        "zone": zones,
        "sessions": st.lists(sessions, max_size=3).map(tuple),
    },
    say.RealTimeBar: {"req_id": ids, "bar": bars},
    say.OpenOrder: {
        "order": working_orders(plain_orders),
        "margin": st.none() | margins,
    },
    say.OrderStatus: {
        "order": working_orders(plain_orders),
        "status": st.sampled_from(["", "PendingCancel"]),
    },
    say.OpenOrderEnd: {},
    say.ExecutionReport: {"req_id": ids, "execution": executions, "when": moments},
    say.ExecutionsEnd: {"req_id": ids},
    say.CommissionReport: {
        "commission": st.builds(Commission, names, prices, names, st.none() | money)
    },
    say.CompletedOrder: {"order": working_orders(plain_orders), "when": moments},
    say.CompletedOrdersEnd: {},
}
"""The fields of every reply."""


def reply_of(kind: type[Reply]) -> st.SearchStrategy[Reply]:
    return st.builds(kind, **OF[kind])

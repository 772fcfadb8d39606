"""One of everything the simulated TWS can say, for the tests of its codecs."""

from twsim.domain.accounts import AccountPnL, Holding, PositionPnL, ValueRow
from twsim.domain.contracts import Contract, Details, OptionChain, PriceIncrement, SymbolMatch
from twsim.domain.market import Bar, Computation
from twsim.domain.orders import Commission, Execution, Margin, Order, WorkingOrder

STOCK = Contract(
    con_id=265598,
    symbol="AAPL",
    sec_type="STK",
    exchange="SMART",
    primary_exchange="NASDAQ",
    currency="USD",
    local_symbol="AAPL",
    trading_class="NMS",
)
OPTION = Contract(
    con_id=675811965,
    symbol="AAPL",
    sec_type="OPT",
    expiry="20260618",
    strike=100.0,
    right="C",
    multiplier="100",
    exchange="SMART",
    currency="USD",
    local_symbol="AAPL  260618C00100000",
    trading_class="AAPL",
)
DETAILS = Details(
    contract=OPTION,
    market_name="AAPL",
    min_tick=0.01,
    order_types="LMT,MKT",
    valid_exchanges="SMART,CBOE",
    under_con_id=265598,
    long_name="APPLE INC – é",
    contract_month="202606",
    time_zone="US/Eastern",
    trading_hours="20260406:0930-20260406:1600",
    liquid_hours="20260406:0930-20260406:1600",
    agg_group=2,
    under_symbol="AAPL",
    under_sec_type="STK",
    market_rule_ids="32,109",
    real_expiry="20260618",
)
ROW = ValueRow("DU1", "NetLiquidation", "68000.00", "EUR")
HOLDING = Holding(
    account="DU1",
    contract=STOCK,
    quantity=-100.0,
    average_cost=291.2660812,
    market_price=291.6234436,
    market_value=-29162.34,
    unrealized=-35.74,
    realized=-71.44,
)
ORDER = Order(
    action="SELL",
    quantity=10.0,
    order_type="STP LMT",
    tif="GTC",
    account="DU1",
    limit_price=89.5,
    aux_price=90.0,
    order_ref="ref-1",
    oca_group="group",
    parent_id=6,
    outside_rth=True,
    good_till="20261231 23:59:59 US/Eastern",
    algo_strategy="Adaptive",
    algo_params=(("adaptivePriority", "Normal"),),
)
WORKING = WorkingOrder(
    order_id=7,
    client_id=3,
    perm_id=1426086045,
    contract=STOCK,
    order=ORDER,
    status="PreSubmitted",
    filled=4.0,
    average_price=90.25,
    last_fill_price=90.5,
    why_held="trigger",
    completed_status="Cancelled by Trader",
)
EXECUTION = Execution(
    exec_id="0000e0d5.69dd7411.01.01",
    order_id=7,
    client_id=3,
    perm_id=1426086045,
    account="DU1",
    contract=STOCK,
    exchange="IEX",
    side="SLD",
    quantity=4.0,
    price=90.25,
    cumulative=4.0,
    average_price=90.25,
    at=1.0,
    order_ref="ref-1",
)
COMMISSION = Commission("0000e0d5.69dd7411.01.01", 1.0003, "USD", None)
MARGIN = Margin(
    initial_before=100.0,
    initial_after=150.5,
    maintenance_before=90.0,
    maintenance_after=130.0,
    equity_before=1000.0,
    equity_after=999.0,
    commission=1.0,
    commission_currency="USD",
    warning="careful",
)
BAR = Bar(
    start_at=1775174400,
    open=254.2,
    high=254.8,
    low=250.65,
    close=252.53,
    volume=2829736.0,
    average=252.266,
    count=13633,
)
COMPUTATION = Computation(
    implied_volatility=0.3,
    delta=0.5579497967180902,
    option_price=2.6596901785543805,
    dividends_pv=None,
    gamma=0.0700889483259586,
    vega=None,
    theta=-0.7568548883674484,
    underlying_price=293.23,
)
CHAIN = OptionChain("CBOE", 265598, "AAPL", "100", ("20260612", "20260615"), (5.0, 257.5))
MATCHES = (SymbolMatch(STOCK, ("OPT", "WAR"), "APPLE INC"),)
INCREMENTS = (PriceIncrement(0.0, 0.01), PriceIncrement(3.0, 0.05))
PNL = AccountPnL(11340.427636781911, 54385.58271885987, -103.92738339177643)
POSITION_PNL = PositionPnL(-100.0, 1.5, None, 0.0, -29162.34)

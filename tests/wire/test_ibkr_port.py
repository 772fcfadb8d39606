"""The broker port against a simulator, at the oldest and the newest text version."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from ibkr.errors import NotReady, RequestRefused, RequestTimeout
from ibkr.types import (
    AccountValue,
    BrokerError,
    Commission,
    Contract,
    DataKindChanged,
    Execution,
    Greeks,
    MarketDataType,
    OpenOrder,
    OrderStatus,
    PortfolioItem,
    Position,
    PositionPnL,
    PositionsSnapshot,
    PriceKind,
    QuoteField,
    Tick,
)
from tests.portal import eventually
from tests.wire.live_session import ACCOUNT, Live, order, resting, running
from tests.wire.simulator import Simulator


@pytest.fixture
def live(standing_twsim: Simulator) -> Iterator[Live]:
    with running(standing_twsim.port, client_id=41) as session:
        session.ready()
        yield session
        session.port.cancel_all()
        session.port.current_time()


def test_account_values_come_for_every_account_and_currency(live: Live) -> None:
    for account in live.port.accounts:
        live.port.subscribe_account(account)
    for account in live.port.accounts:
        live.fresh(AccountValue, 0, account=account, tag="NetLiquidation")
        live.fresh(AccountValue, 0, account=account, tag="BuyingPower")
        live.fresh(AccountValue, 0, account=account, tag="CashBalance", currency="EUR")
        live.fresh(AccountValue, 0, account=account, tag="ExchangeRate", currency="EUR")
    live.fresh(PortfolioItem, 0)
    refused = [e for e in live.of(BrokerError) if e.request_id > 0]
    assert refused == []


def test_account_values_can_be_asked_for_again(live: Live) -> None:
    first, second = live.port.accounts[:2]
    for account in (first, second):
        live.port.subscribe_account(account)
        live.fresh(AccountValue, 0, account=account, tag="BuyingPower")
    live.fresh(PortfolioItem, 0)
    before = len(live.events)
    live.port.refresh_accounts()
    for account in (first, second):
        live.fresh(AccountValue, before, account=account, tag="BuyingPower")
    live.fresh(PortfolioItem, before)


def test_positions_come_as_a_snapshot_then_singly(live: Live) -> None:
    live.port.subscribe_positions()
    (snapshot,) = live.fresh(PositionsSnapshot, 0)
    assert len(snapshot.positions) >= 20
    assert set(snapshot.accounts) == set(live.port.accounts)
    classes = {p.contract.sec_type for p in snapshot.positions}
    assert {"STK", "OPT", "CASH"} <= classes
    assert live.of(Position) == []
    mark = live.mark()
    live.port.place_order(live.port.next_order_id(), live.stock(), order())
    assert live.fresh(Position, mark)[0].contract.symbol == "AAPL"


def test_positions_can_be_asked_for_again(live: Live) -> None:
    live.port.subscribe_positions()
    first = live.fresh(PositionsSnapshot, 0)[0]
    mark = live.mark()
    live.port.subscribe_positions()
    second = live.fresh(PositionsSnapshot, mark)[0]
    assert {p.contract.con_id for p in second.positions} == {
        p.contract.con_id for p in first.positions
    }


def test_position_pnl_follows_the_wanted_set(standing_twsim: Simulator, live: Live) -> None:
    apple, microsoft = live.stock("AAPL"), live.stock("MSFT")
    live.port.subscribe_position_pnl(ACCOUNT, [apple.con_id, microsoft.con_id])
    live.fresh(PositionPnL, 0, con_id=apple.con_id)
    live.fresh(PositionPnL, 0, con_id=microsoft.con_id)
    live.port.subscribe_position_pnl(ACCOUNT, [microsoft.con_id])
    live.port.current_time()
    mark = live.mark()
    standing_twsim.market("AAPL", 301.5)
    standing_twsim.market("MSFT", 512.5)
    live.fresh(PositionPnL, mark, con_id=microsoft.con_id)
    assert {e.con_id for e in live.of(PositionPnL, mark)} == {microsoft.con_id}


def test_details_of_a_stock_are_complete(live: Live) -> None:
    found = live.find(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
    assert found.contract.con_id == 265598
    assert found.long_name
    assert found.min_tick == Decimal("0.01")
    assert len(found.market_rule_ids) == len(found.valid_exchanges)
    assert found.liquid_sessions
    rule = live.port.market_rule(found.market_rule_ids[0])
    assert rule.bands[0].increment > 0


def test_unknown_and_ambiguous_symbols(live: Live) -> None:
    with pytest.raises(RequestRefused) as caught:
        live.port.contract_details(Contract(symbol="NOSUCH", sec_type="STK", exchange="SMART"))
    assert caught.value.number == 200
    many = live.port.contract_details(Contract(symbol="AAPL", sec_type="OPT", exchange="SMART"))
    assert len(many) > 10
    assert {d.contract.right for d in many} == {"C", "P"}
    assert all(d.contract.expiry and d.contract.strike for d in many)


def test_symbols_can_be_searched(live: Live) -> None:
    assert "AAPL" in {match.contract.symbol for match in live.port.matching_symbols("AAP")}


def test_an_option_chain_has_expiries_and_strikes(live: Live) -> None:
    chains = live.port.option_chain(live.stock())
    smart = next(chain for chain in chains if chain.exchange == "SMART")
    assert (len(smart.expiries) > 1, len(smart.strikes) > 5) == (True, True)
    assert smart.multiplier == 100


def test_bars_are_ordered_and_whole(live: Live) -> None:
    stock = live.stock()
    hourly = live.port.bars(stock, end_at=None, duration="2 D", bar_size="1 hour")
    starts = [bar.start_at for bar in hourly]
    assert len(starts) > 3
    assert starts == sorted(set(starts))
    assert all(bar.low <= min(bar.open, bar.close) <= bar.high for bar in hourly)
    daily = live.port.bars(stock, end_at=None, duration="5 D", bar_size="1 day")
    assert all((bar.start_at.hour, bar.start_at.minute) == (0, 0) for bar in daily)


def test_live_quotes_flow_and_stop(live: Live) -> None:
    stock = live.stock()
    live.port.subscribe_quotes([stock], "233")
    live.port.subscribe_quotes([stock], "233")
    assert live.port.streaming() == {stock.con_id}
    for name in (QuoteField.BID, QuoteField.ASK, QuoteField.BID_SIZE, QuoteField.CLOSE):
        live.fresh(Tick, 0, con_id=stock.con_id, field=name, kind=PriceKind.LIVE)
    kinds = live.of(DataKindChanged)
    assert kinds == [DataKindChanged(stock.con_id, PriceKind.LIVE)]
    live.port.unsubscribe_quotes([stock.con_id])
    live.port.current_time()
    mark = live.mark()
    live.port.current_time()
    assert live.of(Tick, mark) == []
    assert live.port.streaming() == frozenset()


def test_options_stream_greeks(live: Live) -> None:
    live.port.subscribe_positions()
    (snapshot,) = live.fresh(PositionsSnapshot, 0)
    option = next(p.contract for p in snapshot.positions if p.contract.sec_type == "OPT")
    live.port.subscribe_quotes([option])
    model = live.fresh(Greeks, 0, con_id=option.con_id, side="model")[0]
    assert model.implied_volatility is not None
    assert model.delta is not None
    assert -1 <= model.delta <= 1
    assert model.underlying_price is not None


def test_delayed_data_is_marked(standing_twsim: Simulator, live: Live) -> None:
    standing_twsim.fault("delayed_only")
    try:
        stock = live.stock("MSFT")
        live.port.subscribe_quotes([stock])
        refused = live.fresh(BrokerError, 0, con_id=stock.con_id)[0]
        assert refused.code in (354, 10089, 10167, 10168)
        assert stock.con_id not in live.port.streaming()
        live.port.set_market_data_type(MarketDataType.DELAYED)
        live.port.subscribe_quotes([stock])
        live.fresh(Tick, 0, con_id=stock.con_id, field=QuoteField.BID, kind=PriceKind.DELAYED)
    finally:
        standing_twsim.fault("delayed_only", on=False)


def test_a_line_for_an_unknown_contract_is_refused_by_name(live: Live) -> None:
    live.port.subscribe_quotes([Contract(con_id=1, sec_type="STK", exchange="SMART")])
    assert live.error(200).con_id == 1
    assert live.port.streaming() == frozenset()
    with pytest.raises(ValueError, match="conId"):
        live.port.subscribe_quotes([Contract(symbol="AAPL")])


def test_a_market_order_fills_and_is_told_completely(live: Live) -> None:
    stock = live.stock()
    live.port.subscribe_positions()
    (snapshot,) = live.fresh(PositionsSnapshot, 0)
    held = sum(p.quantity for p in snapshot.positions if p.contract.con_id == stock.con_id)
    order_id = live.port.next_order_id()
    live.port.place_order(order_id, stock, order(order_ref="fill-me"))
    fill = live.fresh(Execution, 0, order_id=order_id)[-1]
    assert (fill.side, fill.order_ref, fill.account) == ("BOT", "fill-me", ACCOUNT)
    status = live.fresh(OrderStatus, 0, order_id=order_id, status="Filled")[0]
    assert (status.filled, status.remaining) == (Decimal(10), Decimal(0))
    assert status.average_fill_price is not None
    assert status.perm_id == fill.perm_id > 0
    (commission,) = live.fresh(Commission, 0, exec_id=fill.exec_id)
    assert commission.amount > 0
    assert (commission.realized_pnl is None) == (held >= 0), "only closing realises"
    assert fill.exec_id in {row.exec_id for row in live.port.executions()}
    done = {row.perm_id: row for row in live.port.completed_orders()}
    assert done[fill.perm_id].filled == 10
    assert done[fill.perm_id].completed_at is not None


def test_a_resting_order_is_listed_changed_and_cancelled(live: Live) -> None:
    stock = live.stock()
    order_id = live.port.next_order_id()
    live.port.place_order(order_id, stock, resting(order_ref="rest"))
    live.fresh(OpenOrder, 0, order_id=order_id)
    mine = [row for row in live.port.open_orders() if row.order_id == order_id]
    assert [row.request for row in mine] == [resting(order_ref="rest", oca_type=3)]
    changed = resting(order_ref="rest", quantity=Decimal(7))
    live.port.place_order(order_id, stock, changed)
    live.until(
        lambda: [
            e for e in live.of(OpenOrder) if e.order_id == order_id and e.request.quantity == 7
        ]
    )
    live.port.cancel_order(order_id)
    live.fresh(OrderStatus, 0, order_id=order_id, status="Cancelled")
    cancelled = live.error(202)
    assert (cancelled.order_id, cancelled.con_id) == (order_id, stock.con_id)
    assert order_id not in {row.order_id for row in live.port.open_orders()}


def test_cancelling_everything_leaves_nothing(live: Live) -> None:
    stock = live.stock()
    ids = [live.port.next_order_id() for _ in range(3)]
    for order_id in ids:
        live.port.place_order(order_id, stock, resting())
    live.port.cancel_all()
    for order_id in ids:
        live.fresh(OrderStatus, 0, order_id=order_id, status="Cancelled")
    assert live.port.open_orders() == ()


def test_a_refused_order_is_told_with_its_code(standing_twsim: Simulator, live: Live) -> None:
    standing_twsim.fault("reject_next", code=201, text="Order rejected - reason:test")
    order_id = live.port.next_order_id()
    live.port.place_order(order_id, live.stock(), order())
    refused = live.error(201)
    assert refused.order_id == order_id
    assert "reason:test" in refused.text


def test_a_what_if_tells_margin_and_commission_and_places_nothing(live: Live) -> None:
    impact = live.port.what_if(live.stock(), order(quantity=Decimal(100)))
    assert impact.initial_after is not None
    assert impact.initial_before is not None
    assert impact.initial_after > impact.initial_before
    assert impact.commission is not None
    assert impact.commission > 0
    assert live.of(OpenOrder) == []
    assert live.port.open_orders() == ()


def test_a_what_if_that_tws_refuses_says_why(live: Live) -> None:
    unknown = Contract(con_id=1, sec_type="STK", exchange="SMART", currency="USD")
    with pytest.raises(RequestRefused):
        live.port.what_if(unknown, order())


def test_a_what_if_has_its_own_limit(standing_twsim: Simulator, live: Live) -> None:
    stock = live.stock()
    standing_twsim.fault("silence", seconds=4)
    with pytest.raises(RequestTimeout):
        live.port.what_if(stock, order(), timeout=timedelta(milliseconds=200))


def test_orders_of_other_clients_are_listed(standing_twsim: Simulator, live: Live) -> None:
    with running(standing_twsim.port, client_id=42) as other:
        other.ready()
        order_id = other.port.next_order_id()
        other.port.place_order(order_id, other.stock(), resting(order_ref="other"))
        other.fresh(OpenOrder, 0, order_id=order_id)
        seen = [row for row in live.port.open_orders() if row.request.order_ref == "other"]
        assert [(row.client_id, row.order_id) for row in seen] == [(42, order_id)]


def test_waiting_inside_the_listener_is_a_mistake_that_is_told(standing_twsim: Simulator) -> None:
    with running(standing_twsim.port, client_id=43) as live:
        live.ready()
        outcome: list[Exception] = []

        def ask() -> None:
            try:
                live.port.current_time()
            except RuntimeError as error:
                outcome.append(error)

        live.session._pump.post(ask)
        eventually(lambda: outcome, within=30, what="the mistake to be told")
        assert "listener" in str(outcome[0])


def test_an_order_needs_a_ready_link(standing_twsim: Simulator) -> None:
    with running(standing_twsim.port, client_id=44) as live:
        live.ready()
        stock = live.stock()
        standing_twsim.fault("connectivity", code=1100)
        live.down("1100")
        with pytest.raises(NotReady):
            live.port.place_order(live.port.next_order_id(), stock, order())
        standing_twsim.fault("connectivity", code=1102)
        live.until(lambda: live.ups == 2)
        live.ready()

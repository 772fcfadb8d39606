"""Whatever the text codec writes at versions 176 to 200, ibapi's decoder reads it whole."""

import inspect
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ibapi.comm import read_fields
from ibapi.const import UNSET_DOUBLE
from ibapi.decoder import Decoder
from ibapi.wrapper import EWrapper

from tests.unit import twsim_samples as sample
from twsim.codec_text import TextCodec
from twsim.codec_text.fields import double, plain
from twsim.messages import Reply
from twsim.messages import replies as say

VERSIONS = range(165, 201)
Call = tuple[str, tuple[Any, ...]]


class Ear(EWrapper):  # type: ignore[misc]  # ibapi ships no types
    def __init__(self) -> None:
        self.heard: list[Call] = []


def _remember(name: str) -> Callable[..., None]:
    return lambda self, *arguments: self.heard.append((name, arguments))


for _name, _ in inspect.getmembers(EWrapper, inspect.isfunction):
    if not _name.startswith("_"):
        setattr(Ear, _name, _remember(_name))


def _heard(version: int, reply: Reply) -> list[Call]:
    """What ibapi makes of it; asserts that it used every field."""
    ear = Ear()
    decoder = Decoder(ear, version)
    for payload in TextCodec(version).encode(reply):
        head, _, body = payload.partition(b"\0")
        fields, message_id = read_fields(body), int(head)
        handle = decoder.msgId2handleInfo[message_id]
        if handle.processMeth is None:
            decoder.interpret(fields, message_id)
        else:
            left = iter(fields)
            handle.processMeth(decoder, left)
            assert list(left) == [], f"fields that ibapi did not read at version {version}"
    return ear.heard


@pytest.mark.parametrize("version", VERSIONS)
def test_an_open_order_is_read_with_every_field(version: int) -> None:
    ((name, arguments),) = _heard(version, say.OpenOrder(sample.WORKING))
    order_id, contract, order, state = arguments
    assert (name, order_id, contract.conId, contract.right) == ("openOrder", 7, 265598, "?")
    assert (order.action, order.totalQuantity, order.orderType) == ("SELL", Decimal(10), "STP LMT")
    assert (order.lmtPrice, order.auxPrice, order.tif) == (89.5, 90.0, "GTC")
    assert (order.orderRef, order.ocaGroup, order.parentId) == ("ref-1", "group", 6)
    assert (order.clientId, order.permId, order.account) == (3, 1426086045, "DU1")
    assert order.goodTillDate == "20261231 23:59:59 US/Eastern"
    assert order.algoStrategy == "Adaptive"
    assert (order.algoParams[0].tag, order.algoParams[0].value) == ("adaptivePriority", "Normal")
    assert state.status == "PreSubmitted"
    assert state.commissionAndFees == UNSET_DOUBLE
    assert not order.imbalanceOnly


@pytest.mark.parametrize("version", VERSIONS)
def test_a_what_if_answer_is_read_with_its_margins(version: int) -> None:
    ((_, arguments),) = _heard(version, say.OpenOrder(sample.WORKING, sample.MARGIN))
    state = arguments[3]
    assert (float(state.initMarginBefore), float(state.initMarginAfter)) == (100.0, 150.5)
    assert (float(state.maintMarginChange), float(state.equityWithLoanChange)) == (40.0, -1.0)
    assert (state.commissionAndFees, state.commissionAndFeesCurrency) == (1.0, "USD")
    assert state.warningText == "careful"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_completed_order_is_read_with_every_field(version: int) -> None:
    when = "20260415 11:00:11 US/Eastern"
    ((name, arguments),) = _heard(version, say.CompletedOrder(sample.WORKING, when))
    contract, order, state = arguments
    assert (name, contract.symbol, order.permId) == ("completedOrder", "AAPL", 1426086045)
    assert (order.filledQuantity, state.status) == (Decimal(4), "PreSubmitted")
    assert (state.completedTime, state.completedStatus) == (when, "Cancelled by Trader")


@pytest.mark.parametrize("version", VERSIONS)
def test_contract_details_are_read_with_every_field(version: int) -> None:
    ((name, arguments),) = _heard(version, say.ContractDetails(4, sample.DETAILS))
    req_id, details = arguments
    contract = details.contract
    assert (name, req_id, contract.conId) == ("contractDetails", 4, 675811965)
    assert (contract.strike, contract.right, contract.multiplier) == (100.0, "C", "100")
    assert contract.lastTradeDateOrContractMonth == "20260618"
    assert (details.longName, details.aggGroup) == ("APPLE INC – é", 2)
    assert (details.marketRuleIds, details.realExpirationDate) == ("32,109", "20260618")
    assert (details.minSize, details.sizeIncrement) == (Decimal(1), Decimal(1))


@pytest.mark.parametrize("version", VERSIONS)
def test_executions_and_their_commissions_are_read(version: int) -> None:
    when = "20260413 15:27:04 US/Eastern"
    ((name, arguments),) = _heard(version, say.ExecutionReport(-1, sample.EXECUTION, when))
    req_id, contract, execution = arguments
    assert (name, req_id, contract.conId, execution.time) == ("execDetails", -1, 265598, when)
    assert (execution.side, execution.shares, execution.price) == ("SLD", Decimal(4), 90.25)
    assert (execution.orderId, execution.clientId, execution.lastLiquidity) == (7, 3, 2)
    ((name, (report,)),) = _heard(version, say.CommissionReport(sample.COMMISSION))
    assert name == "commissionAndFeesReport"
    assert (report.commissionAndFees, report.currency) == (1.0003, "USD")
    assert report.realizedPNL == UNSET_DOUBLE


@pytest.mark.parametrize("version", VERSIONS)
def test_bars_are_read_and_their_end_is_said_once(version: int) -> None:
    row = say.DatedBar("20260402 09:30:00 US/Eastern", sample.BAR)
    heard = _heard(version, say.HistoricalBars(5, (row, row), "start", "end"))
    assert [name for name, _ in heard] == ["historicalData", "historicalData", "historicalDataEnd"]
    bar = heard[0][1][1]
    assert (bar.date, bar.open, bar.close) == ("20260402 09:30:00 US/Eastern", 254.2, 252.53)
    assert (bar.volume, bar.wap, bar.barCount) == (Decimal(2829736), Decimal("252.266"), 13633)
    assert heard[2][1] == (5, "start", "end")


@pytest.mark.parametrize("version", VERSIONS)
def test_an_error_is_read_in_the_form_of_its_version(version: int) -> None:
    heard = _heard(version, say.Error(9, 201, "Rejected – no", 1775425766350, '{"a": 1}'))
    at_ms = 1775425766350 if version >= 194 else 0
    advanced = '{"a": 1}' if version >= 166 else ""
    assert heard == [("error", (9, at_ms, 201, "Rejected – no", advanced))]


@pytest.mark.parametrize("version", [165, 176, 190, 200])
@pytest.mark.parametrize(
    ("reply", "name", "wanted"),
    [
        (say.ManagedAccounts(("DU1", "DU2")), "managedAccounts", ("DU1,DU2",)),
        (say.NextOrderId(5), "nextValidId", (5,)),
        (say.CurrentTime(1781163646), "currentTime", (1781163646,)),
        (
            say.AccountValue(sample.ROW),
            "updateAccountValue",
            ("NetLiquidation", "68000.00", "EUR", "DU1"),
        ),
        (say.AccountTime("14:34"), "updateAccountTime", ("14:34",)),
        (say.AccountDownloadEnd("DU1"), "accountDownloadEnd", ("DU1",)),
        (
            say.SummaryRow(1, sample.ROW),
            "accountSummary",
            (1, "DU1", "NetLiquidation", "68000.00", "EUR"),
        ),
        (say.SummaryEnd(1), "accountSummaryEnd", (1,)),
        (
            say.MultiValue(1, "m", sample.ROW),
            "accountUpdateMulti",
            (1, "DU1", "m", "NetLiquidation", "68000.00", "EUR"),
        ),
        (say.MultiValueEnd(1), "accountUpdateMultiEnd", (1,)),
        (say.PositionEnd(), "positionEnd", ()),
        (say.PositionMultiEnd(1), "positionMultiEnd", (1,)),
        (
            say.PnL(1, sample.PNL),
            "pnl",
            (1, 11340.427636781911, 54385.58271885987, -103.92738339177643),
        ),
        (
            say.PnLSingle(1, sample.POSITION_PNL),
            "pnlSingle",
            (1, Decimal(-100), 1.5, UNSET_DOUBLE, 0.0, -29162.34),
        ),
        (say.PnLSingle(1, None), "pnlSingle", (1, Decimal(0), *[UNSET_DOUBLE] * 4)),
        (say.ContractDetailsEnd(1), "contractDetailsEnd", (1,)),
        (
            say.Chain(1, sample.CHAIN),
            "securityDefinitionOptionParameter",
            (1, "CBOE", 265598, "AAPL", "100", {"20260612", "20260615"}, {5.0, 257.5}),
        ),
        (say.ChainEnd(1), "securityDefinitionOptionParameterEnd", (1,)),
        (say.TickParameters(1, 0.01, "9c0001", 4), "tickReqParams", (1, 0.01, "9c0001", 4)),
        (say.DataKind(1, 3), "marketDataType", (1, 3)),
        (say.TickSize(1, 74, 312894.0), "tickSize", (1, 74, Decimal(312894))),
        (say.TickGeneric(1, 46, 3.0), "tickGeneric", (1, 46, 3.0)),
        (say.TickString(1, 88, "1775174157"), "tickString", (1, 88, "1775174157")),
        (
            say.TickComputation(1, 53, sample.COMPUTATION),
            "tickOptionComputation",
            (
                *(1, 53, 0, 0.3, 0.5579497967180902, 2.6596901785543805, None),
                *(0.0700889483259586, None, -0.7568548883674484, 293.23),
            ),
        ),
        (say.SnapshotEnd(1), "tickSnapshotEnd", (1,)),
        (say.HeadTimestamp(1, "19801212-14:30:00"), "headTimestamp", (1, "19801212-14:30:00")),
        (
            say.RealTimeBar(1, sample.BAR),
            "realtimeBar",
            (
                *(1, 1775174400, 254.2, 254.8, 250.65, 252.53),
                *(Decimal(2829736), Decimal("252.266"), 13633),
            ),
        ),
        (
            say.OrderStatus(sample.WORKING),
            "orderStatus",
            (
                *(7, "PreSubmitted", Decimal(4), Decimal(6), 90.25, 1426086045, 6, 90.5, 3),
                *("trigger", 0.0),
            ),
        ),
        (say.OpenOrderEnd(), "openOrderEnd", ()),
        (say.ExecutionsEnd(1), "execDetailsEnd", (1,)),
        (say.CompletedOrdersEnd(), "completedOrdersEnd", ()),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Reply) else "",
)
def test_a_short_message_is_read_as_it_was_meant(
    version: int, reply: Reply, name: str, wanted: tuple[Any, ...]
) -> None:
    assert _heard(version, reply) == [(name, wanted)]


def test_messages_that_carry_objects_are_read() -> None:
    ((_, (contract, *numbers)),) = _heard(200, say.PortfolioValue(sample.HOLDING))
    assert (contract.conId, contract.primaryExchange) == (265598, "SMART")
    assert numbers == [
        *(Decimal(-100), 291.6234436, -29162.34, 291.2660812, -35.74, -71.44),
        "DU1",
    ]
    ((_, found),) = _heard(200, say.Position(sample.HOLDING))
    assert (found[0], found[1].conId, *found[2:]) == ("DU1", 265598, Decimal(-100), 291.2660812)
    ((_, multi),) = _heard(200, say.PositionMulti(6, "", sample.HOLDING))
    assert (multi[0], multi[1], multi[3].symbol, multi[4]) == (6, "DU1", "AAPL", Decimal(-100))
    ((_, (req_id, matches)),) = _heard(200, say.SymbolSamples(8, sample.MATCHES))
    assert (req_id, matches[0].contract.conId) == (8, 265598)
    assert matches[0].derivativeSecTypes == ["OPT", "WAR"]
    ((_, (rule, steps)),) = _heard(200, say.MarketRule(26, sample.INCREMENTS))
    assert (rule, [(step.lowEdge, step.increment) for step in steps]) == (
        26,
        [(0.0, 0.01), (3.0, 0.05)],
    )
    session = say.TradingSession("20260312-09:30:00", "20260312-16:00:00", "20260312")
    ((_, found),) = _heard(200, say.HistoricalSchedule(1, "US/Eastern", (session,)))
    assert found[:4] == (1, "20260312-09:30:00", "20260312-16:00:00", "US/Eastern")
    row = say.DatedBar("20260402", sample.BAR)
    ((_, (_, bar)),) = _heard(200, say.HistoricalUpdate(1, row))
    assert (bar.date, bar.high, bar.low, bar.volume) == ("20260402", 254.8, 250.65, 2829736)


def test_a_price_tick_carries_its_size() -> None:
    heard = _heard(200, say.TickPrice(1, 66, 255.45, 200.0))
    assert [(name, found[:3]) for name, found in heard] == [
        ("tickPrice", (1, 66, 255.45)),
        ("tickSize", (1, 69, Decimal(200))),
    ]


def test_milliseconds_are_not_said_before_version_197() -> None:
    assert _heard(196, say.CurrentTimeMillis(5)) == []
    assert _heard(197, say.CurrentTimeMillis(5)) == [("currentTimeInMillis", (5,))]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_survives_java_s_form(value: float) -> None:
    assert float(double(value)) == pytest.approx(value, rel=1e-15, abs=1e-10)


def test_doubles_look_as_java_prints_them() -> None:
    values = [0.0, 2000.0, 14.59, 1e7, 12345678.9, 1e-4, -29162.34, None]
    assert [double(value) for value in values] == [
        *("0.0", "2000.0", "14.59", "1.0E7", "1.23456789E7", "1.0E-4", "-29162.34"),
        "1.7976931348623157E308",
    ]


@given(st.decimals(-(10**8), 10**8, places=4))
def test_a_plain_decimal_keeps_its_value_without_exponent(value: Decimal) -> None:
    text = plain(float(value))
    assert Decimal(text) == value
    assert "e" not in text.lower()

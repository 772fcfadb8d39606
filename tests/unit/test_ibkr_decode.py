"""Frames through ibapi's decoder into events: recorded ones, odd ones, and unreadable ones."""

import inspect
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from ibapi.decoder import Decoder
from ibapi.wrapper import EWrapper

from ibkr.client import Client, Hooks
from ibkr.pacing import Priority
from ibkr.port import BrokerEvent, QuoteListener
from ibkr.types import (
    AccountValue,
    BrokerError,
    Commission,
    Contract,
    DataKindChanged,
    Execution,
    Greeks,
    OpenOrder,
    Position,
    PositionsSnapshot,
    PriceKind,
    QuoteField,
    Tick,
)
from tests.environment import golden_folder

NOW = datetime(2026, 4, 6, 14, tzinfo=UTC)
AAPL = Contract(con_id=265598, symbol="AAPL", sec_type="STK", currency="USD")
GOLDEN = golden_folder()


class Outgoing:
    """Takes the place of the sending thread: keeps what would go out."""

    def __init__(self) -> None:
        self.frames: list[tuple[Priority, bytes]] = []

    def put(self, priority: Priority, frame: bytes, _key: object = None) -> None:
        self.frames.append((priority, frame))

    def close(self) -> int:
        return 0


class Bench:
    """A client that believes to be connected, with its events and what it sends."""

    def __init__(self, version: int = 200) -> None:
        self.events: list[BrokerEvent] = []
        self.sent = Outgoing()
        self.client = Client(
            Hooks(
                listener=self.events.append,
                now=lambda: NOW,
                gate=lambda: None,
                on_reader=lambda: False,
                notice=lambda _code: None,
                greeted=lambda: None,
            )
        )
        self.version = version
        self.client.attach(version, 1, self.sent)  # type: ignore[arg-type]  # same two methods
        self.client.open()
        self.client.release()

    def hear(self, *fields: object) -> list[BrokerEvent]:
        """Feeds one text frame; returns the events it caused."""
        before = len(self.events)
        self.client.on_frames([b"".join(str(field).encode() + b"\0" for field in fields)])
        return self.events[before:]

    def stream(self, contract: Contract = AAPL) -> int:
        """Opens a line and returns its request id."""
        self.client.subscribe_quotes([contract])
        return int(self.sent.frames[-1][1][4:].split(b"\0")[2])


@pytest.fixture
def bench() -> Bench:
    return Bench()


def _ticks(events: list[BrokerEvent]) -> Iterator[tuple[QuoteField, Decimal | None]]:
    return ((e.field, e.value) for e in events if isinstance(e, Tick))


def test_a_price_tick_gives_price_and_size(bench: Bench) -> None:
    line = bench.stream()
    assert list(_ticks(bench.hear(1, 6, line, 1, "262.41", 300, 1))) == [
        (QuoteField.BID, Decimal("262.41")),
        (QuoteField.BID_SIZE, Decimal(300)),
    ]


def test_minus_one_with_no_size_is_no_price(bench: Bench) -> None:
    line = bench.stream()
    assert list(_ticks(bench.hear(1, 6, line, 1, "-1.0", 0, 1))) == [
        (QuoteField.BID, None),
        (QuoteField.BID_SIZE, Decimal(0)),
    ]


def test_minus_one_with_a_size_is_a_price(bench: Bench) -> None:
    line = bench.stream()
    assert (QuoteField.BID, Decimal(-1)) in _ticks(bench.hear(1, 6, line, 1, "-1.0", 7, 1))


def test_a_delayed_line_says_so_and_marks_its_ticks(bench: Bench) -> None:
    line = bench.stream()
    assert bench.hear(58, 1, line, 3) == [DataKindChanged(265598, PriceKind.DELAYED)]
    assert bench.hear(58, 1, line, 3) == []
    (first, *_) = bench.hear(1, 6, line, 68, "255.45", 200, 0)
    assert isinstance(first, Tick)
    assert (first.field, first.kind) == (QuoteField.LAST, PriceKind.DELAYED)


def test_greeks_that_were_not_computed_are_missing(bench: Bench) -> None:
    line = bench.stream()
    fields = (21, line, 13, 0, "-1", "-2", "5.25", "-1", "-2", "-2", "-2", "-1")
    (event,) = bench.hear(*fields)
    assert isinstance(event, Greeks)
    assert (event.side, event.option_price) == ("model", Decimal("5.25"))
    missing = (event.implied_volatility, event.delta, event.gamma, event.underlying_price)
    assert missing == (None,) * 4


def test_ticks_of_a_line_that_was_given_up_are_not_reported(bench: Bench) -> None:
    line = bench.stream()
    bench.client.unsubscribe_quotes([265598])
    assert bench.hear(1, 6, line, 1, "262.41", 300, 1) == []
    assert bench.client.streaming() == frozenset()


def test_a_refused_line_is_attributed_and_no_longer_streams(bench: Bench) -> None:
    line = bench.stream()
    (event,) = bench.hear(4, line, 354, "Not subscribed", "", 1775425766350)
    assert isinstance(event, BrokerError)
    assert (event.con_id, event.code) == (265598, 354)
    assert event.at == datetime(2026, 4, 5, 21, 49, 26, 350000, tzinfo=UTC)
    assert bench.client.streaming() == frozenset()


@pytest.mark.parametrize("code", [10167, 10090])
def test_a_line_on_which_data_still_comes_stays(bench: Bench, code: int) -> None:
    line = bench.stream()
    bench.hear(4, line, code, "Delayed follows", "", 1775425766350)
    assert bench.client.streaming() == {265598}


def test_an_unknown_code_reaches_the_listener_raw(bench: Bench) -> None:
    (event,) = bench.hear(4, -1, 77777, "Something new", "", 1775425766350)
    assert isinstance(event, BrokerError)
    assert (event.code, event.text, event.con_id) == (77777, "Something new", None)


@pytest.mark.parametrize(
    "fields",
    [
        ("not", "a", "number"),
        (9, 1, "x"),
        (9, 1),
        (63, 1, 5, "DU1"),
        (1, 6),
        (10, "?"),
        (9999, 1),
        (),
        (61, 3, "DU1", "x"),
    ],
)
def test_an_unreadable_message_is_reported_and_the_next_one_is_read(
    bench: Bench, fields: tuple[object, ...]
) -> None:
    bad = bench.hear(*fields)
    assert [type(event) for event in bad] == [BrokerError]
    good = bench.hear(63, 1, 5, "DU1", "Cushion", "0.8", "")
    assert good == [AccountValue("DU1", "Cushion", "0.8", "")]


def test_fields_that_a_newer_server_appends_are_ignored(bench: Bench) -> None:
    heard = bench.hear(63, 1, 5, "DU1", "Cushion", "0.8", "", "something new")
    assert heard == [AccountValue("DU1", "Cushion", "0.8", "")]


def test_a_listener_that_fails_costs_one_event_and_no_more(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard: list[BrokerEvent] = []

    def listen(event: BrokerEvent) -> None:
        heard.append(event)
        if len(heard) == 1:
            raise RuntimeError("the listener broke")

    bench = Bench()
    bench.client = _with_listener(bench, listen)
    bench.hear(63, 1, 5, "DU1", "Cushion", "0.8", "")
    bench.hear(63, 1, 5, "DU1", "Leverage", "1.2", "")
    assert [e.tag for e in heard if isinstance(e, AccountValue)] == ["Cushion", "Leverage"]
    assert "the listener broke" in caplog.text


def _text(*fields: object) -> bytes:
    return b"".join(str(field).encode() + b"\0" for field in fields)


def test_quotes_of_one_read_are_heard_together_and_before_what_came_after_them(
    bench: Bench,
) -> None:
    heard: list[tuple[str, list[str]]] = []

    def quotes(found: Sequence[Tick | Greeks]) -> None:
        heard.append(("quotes", [e.field.value for e in found if isinstance(e, Tick)]))
        if len(heard) == 1:
            raise RuntimeError("the listener broke")

    def listen(event: BrokerEvent) -> None:
        heard.append((type(event).__name__, []))

    bench.client = _with_listener(bench, listen, quotes)
    line = bench.stream()
    volume, last = _text(2, 6, line, 8, 900), _text(2, 6, line, 5, 100)
    error = _text(4, -1, 2107, "HMDS is inactive", "", 0)
    bench.client.on_frames([_text(1, 6, line, 1, "262.41", 300, 1), volume, error, last])
    bench.client.on_frames([volume])
    assert heard == [
        ("quotes", ["bid", "bid_size", "volume"]),
        ("BrokerError", []),
        ("quotes", ["last_size"]),
        ("quotes", ["volume"]),
    ]


def _with_listener(
    bench: Bench, listener: Callable[[BrokerEvent], None], on_quotes: QuoteListener | None = None
) -> Client:
    hooks = Hooks(
        listener=listener,
        on_quotes=on_quotes,
        now=lambda: NOW,
        gate=lambda: None,
        on_reader=lambda: False,
        notice=lambda _code: None,
        greeted=lambda: None,
    )
    client = Client(hooks)
    client.attach(bench.version, 1, bench.sent)  # type: ignore[arg-type]  # same two methods
    client.open()
    client.release()
    return client


def test_positions_are_a_snapshot_first_and_single_events_afterwards(bench: Bench) -> None:
    row = (61, 3, "DU1", 3691937, "AMZN", "STK", "", "0.0", "", "", "NASDAQ", "USD", "AMZN", "NMS")
    bench.client.subscribe_positions()
    assert bench.hear(*row, 15, "200.25") == []
    (snapshot,) = bench.hear(62, 1)
    assert isinstance(snapshot, PositionsSnapshot)
    assert [p.quantity for p in snapshot.positions] == [Decimal(15)]
    (event,) = bench.hear(*row, 16, "201")
    assert isinstance(event, Position)
    assert event.quantity == 16


def test_events_before_the_login_is_accepted_are_kept_back_and_dropped_with_it() -> None:
    bench = Bench()
    bench.client.attach(200, 1, bench.sent)  # type: ignore[arg-type]  # same two methods
    assert bench.hear(63, 1, 5, "U9", "Cushion", "0.8", "") == []
    bench.client.release()
    assert len(bench.events) == 1


def test_no_message_decoded_by_signature_has_a_decimal() -> None:
    """Decoder.interpretWithSignature of 10.50 drops a message at its first Decimal parameter."""
    affected = [
        info.wrapperMeth.__name__
        for info in Decoder.msgId2handleInfo.values()
        if info.wrapperMeth is not None
        and Decimal
        in [p.annotation for p in inspect.signature(info.wrapperMeth).parameters.values()]
    ]
    assert affected == []
    assert Decimal in inspect.signature(EWrapper.tickSize).parameters["size"].annotation.__mro__


@pytest.mark.golden
@pytest.mark.skipif(GOLDEN is None, reason="recorded TWS frames are absent")
def test_every_recorded_frame_is_read_without_complaint() -> None:
    assert GOLDEN is not None
    rows = json.loads((GOLDEN / "ibkrgo_sv200_messages.json").read_text())["messages"]
    read = 0
    for row in (row for row in rows if row["server_version"] == 200):
        events = Bench().hear(*row["fields"])
        unreadable = [e for e in events if isinstance(e, BrokerError) and e.code == 508]
        assert not unreadable, row["fields"][:5]
        read += 1
    assert read > 50


@pytest.mark.golden
@pytest.mark.skipif(GOLDEN is None, reason="recorded TWS frames are absent")
def test_recorded_orders_and_fills_have_the_recorded_values() -> None:
    assert GOLDEN is not None
    rows = json.loads((GOLDEN / "ibkrgo_sv200_messages.json").read_text())["messages"]
    events = [
        e for row in rows for e in Bench().hear(*row["fields"]) if row["server_version"] == 200
    ]
    fill = next(e for e in events if isinstance(e, Execution))
    assert (fill.side, fill.quantity, fill.price) == ("BOT", Decimal(1), Decimal("257.95"))
    assert fill.at == datetime(2026, 4, 13, 19, 27, 4, tzinfo=UTC)
    orders = [e for e in events if isinstance(e, OpenOrder)]
    assert {o.contract.right for o in orders if o.contract.sec_type == "STK"} == {""}
    option = next(o for o in orders if o.contract.sec_type == "OPT")
    assert (option.contract.strike, option.request.limit_price) == (Decimal(10), Decimal("1.2"))
    commission = next(e for e in events if isinstance(e, Commission))
    assert commission.realized_pnl == Decimal("-68.051912")

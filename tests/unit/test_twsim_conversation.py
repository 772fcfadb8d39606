"""Whatever a client sends is answered, and nothing that it sends breaks the simulator."""

import random
import time
from decimal import Decimal
from functools import lru_cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from ibapi.contract import Contract
from ibapi.execution import ExecutionFilter
from ibapi.order import Order

from tests.unit.ibapi_paper import written
from twsim.codec_text import TextCodec
from twsim.codec_text.requests import DECODERS
from twsim.conversation import Beat, Context, Conversation, Desk
from twsim.conversation.pacing import HistoryPacing
from twsim.messages import Malformed, Reply
from twsim.messages import replies as say
from twsim.messages import requests as ask
from twsim.settings import Settings
from twsim.simulation import Simulation

ACCOUNT = "DU1234567"
RNG = random.Random(1)  # noqa: S311 - only how often a report is repeated
WORDS = st.sampled_from(
    [
        *(
            "",
            "0",
            "1",
            "-1",
            "2",
            "5",
            "7",
            "100",
            "265598",
            "2147483647",
            "1e300",
            "0.5",
            "-3.25",
        ),
        *(
            "AAPL",
            "STK",
            "OPT",
            "CASH",
            "FUT",
            "SMART",
            "USD",
            "EUR",
            "C",
            "P",
            "20261218",
            ACCOUNT,
        ),
        *("BUY", "SELL", "LMT", "MKT", "STP", "TRAIL", "DAY", "GTC", "IOC", "TRADES", "1 D"),
        *("1 hour", "5 secs", "BID_ASK", "SCHEDULE", "All", "NetLiquidation,$LEDGER:ALL"),
        *("20260605-20:00:00", "99999999", "∑", "x" * 50),
    ]
)


@lru_cache
def _simulation() -> Simulation:
    return Simulation.load("quiet", seed=1, ledger_path=None, now=time.time)


def _conversation(heard: list[Reply], client_id: int = 1) -> Conversation:
    desk = Desk(HistoryPacing(10_000), RNG)
    made = Conversation(Context(_simulation(), Settings(), desk, client_id, heard.append))
    made.start()
    return made


def _contract(kind: str) -> Contract:
    made = Contract()
    made.symbol, made.secType, made.exchange, made.currency = "AAPL", kind, "SMART", "USD"
    return made


def _order(kind: str, tif: str) -> Order:
    made = Order()
    made.action, made.totalQuantity, made.orderType, made.tif = "BUY", Decimal(2), kind, tif
    made.lmtPrice, made.auxPrice, made.account = 250.0, 1.0, ACCOUNT
    return made


def _valid() -> list[list[str]]:
    """One well-formed message of every kind that has parts worth spoiling."""
    calls: list[tuple[str, *tuple[Any, ...]]] = []
    for of in map(_contract, ("STK", "OPT", "FUT", "CASH")):
        calls += [
            ("reqContractDetails", 1, of),
            ("reqMktData", 2, of, "233", 0, 0, []),
            ("reqHistoricalData", 3, of, "", "1 D", "1 hour", "TRADES", 1, 1, 1, []),
            ("reqRealTimeBars", 4, of, 5, "TRADES", 1, []),
            ("reqHeadTimeStamp", 5, of, "TRADES", 1, 1),
            ("calculateOptionPrice", 6, of, 0.3, 250.0, []),
            ("calculateImpliedVolatility", 7, of, 5.0, 250.0, []),
        ]
    for kind in ("MKT", "LMT", "STP", "STP LMT", "TRAIL", "MOC", "LOC", "MIT"):
        calls.append(("placeOrder", 9, _contract("STK"), _order(kind, "DAY")))
    calls += [
        ("reqExecutions", 8, ExecutionFilter()),
        ("reqAccountSummary", 10, "All", "NetLiquidation,$LEDGER:ALL"),
        ("reqSecDefOptParams", 11, "AAPL", "", "STK", 265598),
        ("reqPnLSingle", 12, ACCOUNT, "", 265598),
        ("reqMatchingSymbols", 13, "AA"),
    ]
    return [_fields(name, *arguments) for name, *arguments in calls]


def _fields(name: str, *arguments: Any) -> list[str]:
    payload = written(200, lambda client: getattr(client, name)(*arguments))
    return payload[:-1].decode().split("\0")


def _spoil(fields: list[str], changes: list[tuple[int, str]]) -> list[str]:
    spoiled = list(fields)
    for place, word in changes:
        spoiled[1 + place % (len(fields) - 1)] = word
    return spoiled


CHANGES = st.lists(st.tuples(st.integers(0, 200), WORDS), max_size=3)
NONSENSE = st.tuples(st.sampled_from(sorted(DECODERS)), st.lists(WORDS, max_size=30))


@settings(max_examples=250, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.builds(_spoil, st.sampled_from(_valid()), CHANGES),
            NONSENSE.map(lambda pair: [str(pair[0]), *pair[1]]),
        ),
        max_size=6,
    )
)
def test_spoiled_requests_are_answered_and_never_break_the_beat(
    messages: list[list[str]],
) -> None:
    heard: list[Reply] = []
    conversation, codec = _conversation(heard), TextCodec(200)
    for values in messages:
        try:
            request = codec.decode("".join(f"{value}\0" for value in values).encode())
        except Malformed:
            continue
        conversation.handle(request)
        changed = _simulation().step()
        conversation.on_step(Beat(changed | {265598}, _simulation().now() + 6))
    for reply in heard:
        for version in (176, 200):
            TextCodec(version).encode(reply)
    conversation.close()


def test_bars_that_cannot_be_had_end_with_an_error_and_not_with_the_simulator() -> None:
    heard: list[Reply] = []
    conversation = _conversation(heard)
    pair = _simulation().search("EUR")[0].contract
    conversation.handle(ask.RealTimeBarsAsked(5, pair, 5, "TRADES", rth=True))
    conversation.on_step(Beat(frozenset(), _simulation().now() + 10))
    assert [(r.req_id, r.code) for r in heard if isinstance(r, say.Error)][-1] == (5, 420)
    before = len(heard)
    conversation.on_step(Beat(frozenset(), _simulation().now() + 20))
    assert len(heard) == before


def test_prices_that_moved_while_data_stood_still_are_told_afterwards() -> None:
    heard: list[Reply] = []
    desk = Desk(HistoryPacing(60), RNG)
    simulation = Simulation.load("quiet", seed=1, ledger_path=None, now=time.time)
    conversation = Conversation(Context(simulation, Settings(), desk, 1, heard.append))
    contract = simulation.search("AAPL")[0].contract
    conversation.handle(ask.DataAsked(1, contract, "", snapshot=False, regulatory=False))
    desk.link_down = True
    simulation.set_price("AAPL", 300.0)
    conversation.on_step(Beat(simulation.step(), simulation.now()))
    heard.clear()
    desk.link_down = False
    conversation.on_step(Beat(frozenset(), simulation.now()))
    assert 300.0 in {reply.price for reply in heard if isinstance(reply, say.TickPrice)}

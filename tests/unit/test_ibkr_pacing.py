"""The pace of messages: never above the limit, cancels first, nobody starves."""

from hypothesis import given
from hypothesis import strategies as st

from ibkr.pacing import BULK, HistoryLimits, Pacer, Priority

GAPS = st.lists(
    st.tuples(st.sampled_from(Priority), st.floats(0, 0.3), st.integers(0, 30)), max_size=60
)


def _drain(pacer: Pacer[str], now: float, until: float) -> list[tuple[float, str]]:
    """Sends whatever may go, as the sending thread does, up to `until`."""
    sent = []
    while (wait := pacer.wait(now)) is not None and now + wait <= until:
        now += wait
        item = pacer.take(now)
        if item is not None:
            sent.append((now, item))
    return sent


def _busiest_second(times: list[float]) -> int:
    return max((sum(1 for t in times if start <= t < start + 1.0) for start in times), default=0)


@given(arrivals=GAPS)
def test_no_window_of_a_second_exceeds_the_limit_and_everything_is_sent(
    arrivals: list[tuple[Priority, float, int]],
) -> None:
    pacer: Pacer[str] = Pacer(20)
    now, expected = 0.0, []
    sent: list[tuple[float, str]] = []
    for number, (priority, gap, copies) in enumerate(arrivals):
        for copy in range(copies):
            name = f"{priority.name}-{number}-{copy}"
            # a key of its own: no cancel is for all orders here
            pacer.put(priority, name, now, key=name)
            expected.append(name)
        sent += _drain(pacer, now, now + gap)
        now += gap
    sent += _drain(pacer, now, now + 10_000)
    assert sorted(name for _, name in sent) == sorted(expected)
    assert _busiest_second([at for at, _ in sent]) <= 20


@given(bulk=st.integers(1, 300), wait=st.floats(0, 3))
def test_a_cancel_goes_at_once_however_much_data_is_wanted(bulk: int, wait: float) -> None:
    pacer: Pacer[str] = Pacer(45)
    for number in range(bulk):
        pacer.put(Priority.MARKET_DATA, f"data-{number}", 0.0)
    _drain(pacer, 0.0, wait)
    pacer.put(Priority.CANCEL, "cancel", wait, key=1)
    assert pacer.wait(wait) == 0
    assert pacer.take(wait) == "cancel"


@given(order=st.permutations(list(Priority)))
def test_of_messages_that_arrive_together_the_more_urgent_go_first(order: list[Priority]) -> None:
    pacer: Pacer[str] = Pacer(45)
    for priority in order:
        pacer.put(priority, priority.name, 0.0, key=priority.name)
    assert [name for _, name in _drain(pacer, 0.0, 5.0)] == [p.name for p in Priority]


def test_history_is_sent_although_orders_never_stop() -> None:
    pacer: Pacer[str] = Pacer(10)
    pacer.put(Priority.HISTORY, "history", 0.0)
    sent: list[str] = []
    for tick in range(300):
        now = tick * 0.1
        pacer.put(Priority.ORDER, "order", now, key=tick)
        pacer.put(Priority.ORDER, "order", now, key=-tick)
        sent += [name for _, name in _drain(pacer, now, now + 0.1)]
    assert "history" in sent


@given(st.lists(st.sampled_from(["place", "cancel", "data"]), max_size=40))
def test_a_cancel_never_overtakes_its_own_order(steps: list[str]) -> None:
    pacer: Pacer[tuple[str, int]] = Pacer(5)
    order = 0
    for step in steps:
        if step == "place":
            order += 1
            pacer.put(Priority.ORDER, ("place", order), 0.0, key=order)
        elif step == "cancel":
            pacer.put(Priority.CANCEL, ("cancel", order), 0.0, key=order)
        else:
            pacer.put(Priority.MARKET_DATA, ("data", 0), 0.0)
    now, seen = 0.0, []
    while (wait := pacer.wait(now)) is not None:
        now += wait
        item = pacer.take(now)
        if item is not None:
            seen.append(item)
    for name, number in seen:
        if name == "cancel" and ("place", number) in seen:
            assert seen.index(("place", number)) < seen.index(("cancel", number))


def test_a_cancel_of_everything_goes_now_and_again_behind_the_orders_that_wait() -> None:
    pacer: Pacer[str] = Pacer(45)
    pacer.put(Priority.ORDER, "order", 0.0, key=1)
    pacer.put(Priority.CANCEL, "all", 0.0)
    assert [name for _, name in _drain(pacer, 0.0, 1.0)] == ["all", "order", "all"]


def test_data_flows_evenly_and_leaves_a_part_of_the_rate_to_orders() -> None:
    pacer: Pacer[str] = Pacer(45)
    for number in range(300):
        pacer.put(BULK, f"{number}", 0.0)
    times = [at for at, _ in _drain(pacer, 0.0, 60.0)]
    assert len(times) == 300
    assert _busiest_second(times) <= 36
    assert times[-1] < 10.0
    late = [at for at in times if at < 1.0] + [at - 0.3 for at in times if at >= 1.0]
    assert _busiest_second(late) <= 50, "even when TWS reads one second's messages late"


def test_history_waits_after_sixty_requests_in_ten_minutes() -> None:
    limits = HistoryLimits()
    for number in range(60):
        assert limits.take(("request", number), number, number * 1.0) == 0
    wait = limits.take(("request", 60), 60, 60.0)
    assert 0 < wait <= 540.0
    assert limits.take(("request", 60), 60, 60.0 + wait) == 0


def test_bid_ask_history_counts_twice() -> None:
    limits = HistoryLimits()
    for number in range(30):
        assert limits.take(("request", number), number, number * 1.0, weight=2) == 0
    assert limits.take(("one more", 0), 99, 31.0) > 0


def test_the_same_history_request_waits_fifteen_seconds() -> None:
    limits = HistoryLimits()
    assert limits.take("same", "AAPL", 0.0) == 0
    assert limits.take("same", "AAPL", 10.0) == 5.0
    assert limits.take("same", "AAPL", 15.0) == 0


def test_a_sixth_request_for_one_contract_waits_two_seconds() -> None:
    limits = HistoryLimits()
    for number in range(5):
        assert limits.take(number, "AAPL", 0.1 * number) == 0
    assert limits.take(5, "AAPL", 0.5) > 0
    assert limits.take(5, "MSFT", 0.5) == 0
    assert limits.take(6, "AAPL", 2.01) == 0


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3), st.floats(0, 4)), max_size=150))
def test_history_never_breaks_ibs_rules(asked: list[tuple[int, int, float]]) -> None:
    limits, now = HistoryLimits(), 0.0
    taken: list[tuple[float, int, int]] = []
    for request, contract, gap in asked:
        now += gap
        if limits.take((request, contract), contract, now) == 0:
            taken.append((now, request, contract))
    for at, request, contract in taken:
        same = [t for t, r, c in taken if (r, c) == (request, contract) and at <= t < at + 15]
        close = [t for t, _, c in taken if c == contract and at <= t < at + 2]
        recent = [t for t, _, _ in taken if at <= t < at + 600]
        assert (len(same), len(close) <= 5, len(recent) <= 60) == (1, True, True)

"""An order's way in time: from waking the gateway worker, and from HTTP, to bytes at the broker.

One portal (on PostgreSQL where DATABASE_URL names a server) and one order at a time, each placed
where nothing meets it and cancelled again; between them an empty task runs on the same gateway
worker, so that all meet the same machine. Then orders in a row, faster and faster: the rate that is
kept without a growing backlog. Prints JSON lines; times in milliseconds, CPU of the gateway worker.
"""

import argparse
import os
import statistics
import time
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from queue import Empty
from typing import Any
from uuid import uuid4

os.environ.setdefault("DATABASE_URL", "")

from benchmarks.order_stage import Caller, Stamps, order_stage
from benchmarks.processes import cpu_of, load, say
from tests.portal import Portal, eventually

HELD = (12340041, 72063691, 8314)
ACCOUNT = "DU7654321"
BELOW = Decimal("0.98")
"""Of the bid: inside the collar, and out of reach."""
PAUSE = 0.1
"""Seconds between two messages: a steady rate that everything here keeps."""
WARM_UP = 12
EMPTY = "empty task"
RATES = (4, 8, 12, 16, 24, 32, 40)
"""Orders a second; the broker takes fifty messages, the gate lets forty-five through."""
SECONDS = 6
KEPT = 0.25
"""Seconds that an order at the end of a row may need more than one at its beginning."""


def figures(seconds: list[float]) -> dict[str, float]:
    """Milliseconds."""
    ranked = sorted(seconds)
    last = ranked[min(len(ranked) - 1, round(0.99 * len(ranked)))]
    return {
        "n": len(ranked),
        "p50": round(statistics.median(ranked) * 1000, 2),
        "p99": round(last * 1000, 2),
    }


class Bench:
    def __init__(self, portal: Portal, stamps: Stamps) -> None:
        from apps.accounts.models import BrokerAccount  # noqa: PLC0415  # settings only now

        self.stamps, self.caller = stamps, Caller(portal)
        self.account = BrokerAccount.objects.get(code=ACCOUNT)
        self.gateway = portal.pids("-n gateway-demo@")[-1]
        self._turn = 0

    def terms(self) -> dict[str, Any]:
        from apps.marketdata.selectors import quotes_of  # noqa: PLC0415  # likewise

        self._turn += 1
        con_id = HELD[self._turn % len(HELD)]

        def fresh() -> dict[str, Any] | None:
            _slug, quote = quotes_of(["demo"], [con_id]).get(con_id, ("", {"stale": True}))
            return None if quote.get("stale") else quote

        quote = eventually(fresh, within=60, what=f"a price of {con_id} that is not stale")
        price = Decimal(str(quote.get("bid") or quote["last"])) * BELOW
        return {
            "con_id": con_id,
            "side": "BUY",
            "quantity": "1",
            "order_type": "LMT",
            "limit_price": str(price.quantize(Decimal("0.01"))),
            "tif": "DAY",
        }

    def accepted(self, **other: Any) -> int:
        """A row as a door commits it."""
        from apps.lib import clock  # noqa: PLC0415  # likewise
        from apps.trading.models import Order  # noqa: PLC0415
        from apps.trading.services.orders import order_ref  # noqa: PLC0415

        terms = self.terms() | other
        return Order.objects.create(
            account=self.account,
            connection_id=self.account.connection_id,
            instrument_id=terms.pop("con_id"),
            ref=order_ref(),
            idempotency_key=uuid4().hex,
            source="api",
            state="accepted",
            accepted_at=clock.now(),
            **terms,
        ).pk

    def empty_task(self) -> float:
        """From the call to the first line of a task that does nothing."""
        from celery import current_app  # noqa: PLC0415  # likewise

        from apps.lib import redis as store  # noqa: PLC0415

        reply = f"ibportal:bench:{uuid4().hex}"
        began = time.time()
        current_app.send_task("gateway.began", kwargs={"reply_to": reply}, queue="gateway.demo")
        found: Any = store.client().brpop([reply], timeout=4)
        return float(found[1]) - began

    def woken(self, pk: int) -> float:
        from apps.trading.services.orders import SUBMIT  # noqa: PLC0415  # likewise
        from apps.trading.services.wake import wake  # noqa: PLC0415

        began = time.time()
        wake(SUBMIT, slug="demo", order_id=pk)
        return self._stamp("place", pk) - began

    def cancel_woken(self, pk: int) -> float:
        from apps.trading.services.cancels import CANCEL  # noqa: PLC0415  # likewise
        from apps.trading.services.wake import Errand, wake  # noqa: PLC0415

        began = time.time()
        wake(CANCEL, slug="demo", errand=Errand.CANCEL, order_id=pk)
        return self._stamp("cancel", pk) - began

    def posted(self) -> tuple[int, float]:
        body = self.terms() | {"account": self.account.pk}
        self.caller.ready()
        began = time.time()
        told = self.caller.post("/orders/", body)
        return int(told["id"]), self._stamp("place", told["id"]) - began

    def cancel_posted(self, pk: int) -> float:
        self.caller.ready()
        began = time.time()
        self.caller.post(f"/orders/{pk}/cancel/", {})
        return self._stamp("cancel", pk) - began

    def _stamp(self, kind: str, pk: int) -> float:
        """Raises RuntimeError with what became of the order: it should have gone."""
        from apps.trading.models import Order  # noqa: PLC0415  # likewise

        try:
            return self.stamps.next(kind)
        except Empty:
            order = Order.objects.get(pk=pk)
            raise RuntimeError(
                f"no {kind} of {order}: {order.reason_code} {order.reason}"
            ) from None


def working(pk: int) -> None:
    from apps.trading.models import Order  # noqa: PLC0415  # likewise

    row = Order.objects.filter(pk=pk, state="submitted")
    eventually(row.exists, within=60, what=f"order {pk} to work")


def measure(bench: Bench, count: int) -> None:
    found: dict[str, list[float]] = {}
    for turn in range(WARM_UP + count):
        if turn == WARM_UP:
            found.clear()
        for name, seconds in one_turn(bench):
            found.setdefault(name, []).append(seconds)
    empty = figures(found.pop(EMPTY))
    for name, seconds_of in found.items():
        told = figures(seconds_of)
        ratios = {f"ratio_{p}": round(told[p] / empty[p], 2) for p in ("p50", "p99")}
        say(name=name, wire_ms=told, empty_task_ms=empty, **ratios, load=load())


def one_turn(bench: Bench) -> Iterator[tuple[str, float]]:
    yield from after_an_empty_task(bench)
    pk = bench.accepted()
    yield "wake to bytes", bench.woken(pk)
    working(pk)
    yield from after_an_empty_task(bench)
    yield "cancel: wake to bytes", bench.cancel_woken(pk)
    yield from after_an_empty_task(bench)
    pk, seconds = bench.posted()
    yield "HTTP POST to bytes", seconds
    working(pk)
    yield from after_an_empty_task(bench)
    yield "cancel: HTTP POST to bytes", bench.cancel_posted(pk)


def after_an_empty_task(bench: Bench) -> Iterator[tuple[str, float]]:
    time.sleep(PAUSE)
    yield EMPTY, bench.empty_task()
    time.sleep(PAUSE)


def measure_rates(bench: Bench) -> None:
    """Market orders: each is filled and paid, which is what the worker has to write meanwhile."""
    kept = 0
    for number, rate in enumerate(RATES):
        before, began = cpu_of(bench.gateway), time.monotonic()
        time.sleep(SECONDS)
        idle = (cpu_of(bench.gateway) - before) / (time.monotonic() - began)
        before, began = cpu_of(bench.gateway), time.monotonic()
        lags = in_a_row(bench, rate, "SELL" if number % 2 else "BUY")
        time.sleep(SECONDS / 2)
        cpu = cpu_of(bench.gateway) - before - idle * (time.monotonic() - began)
        third = max(1, len(lags) // 3)
        first, last = statistics.median(lags[:third]), statistics.median(lags[-third:])
        sent = len(lags) == rate * SECONDS
        say(
            name=f"{rate} orders a second for {SECONDS} s",
            wire_ms=figures(lags),
            not_sent=rate * SECONDS - len(lags),
            last_third_p50_ms=round(last * 1000, 2),
            gateway_cpu_ms_an_order=round(cpu / len(lags) * 1000, 1),
            load=load(),
        )
        if not sent or last - first > KEPT:
            break
        kept = rate
    say(name="orders a second without a growing backlog", kept=kept, of=RATES[-1])


def in_a_row(bench: Bench, rate: int, side: str) -> list[float]:
    """The n-th order on the wire is the n-th that was woken; fewer where one was refused."""
    from apps.trading.services.orders import SUBMIT  # noqa: PLC0415  # likewise
    from apps.trading.services.wake import wake  # noqa: PLC0415

    market = {"side": side, "order_type": "MKT", "limit_price": None}
    began, woken = time.time(), []
    for number in range(rate * SECONDS):
        time.sleep(max(0.0, began + number / rate - time.time()))
        pk = bench.accepted(**market)
        woken.append(time.time())
        wake(SUBMIT, slug="demo", order_id=pk)
    stamps = []
    with suppress(Empty):
        for _ in woken:
            stamps.append(bench.stamps.next("place"))  # noqa: PERF401  # those before Empty stay
    return [stamp - at for stamp, at in zip(stamps, woken, strict=False)]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=100)
    count = parser.parse_args().count
    with order_stage() as (portal, stamps):
        bench = Bench(portal, stamps)
        say(name="surroundings", load=load(), database=os.environ.get("DATABASE_URL", "")[:8])
        measure(bench, count)
        measure_rates(bench)


if __name__ == "__main__":
    main()

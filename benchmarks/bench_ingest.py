"""From a tick to Redis: the pipeline (conflate, flush, one transaction) against one call per tick.

Prints JSON lines: medians over rounds in which both write the same ticks, as fast as they can, to
the same Redis; and what the pipeline costs at the pace of a busy market, where it has less to
conflate. A round of the pipeline is over when Redis holds the last tick.
"""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

import orjson

from apps.lib import clock
from apps.lib import redis as store
from apps.marketdata.pipeline import Pipeline
from benchmarks.processes import load, say
from benchmarks.stage import stage
from ibkr.types import PriceKind, QuoteField, Tick

ROUNDS, INSTRUMENTS, FLUSH_MS = 5, 100, 50
TICKS = {"pipeline": 200_000, "pipeline at 5000/s": 10_000, "call per tick": 10_000}
PACE = 5_000
WITHIN = 10.0
FIELDS = (QuoteField.BID, QuoteField.BID_SIZE, QuoteField.ASK, QuoteField.ASK_SIZE, QuoteField.LAST)


@dataclass(frozen=True)
class Result:
    per_second: float
    cpu: float
    """Microseconds of this process for each tick, all threads; Redis's own not counted."""


def ticks(count: int) -> list[Tick]:
    """Round all instruments; the last one is like no other."""
    turns = itertools.cycle((f, n) for f in FIELDS for n in range(1, INSTRUMENTS + 1))
    made = [
        Tick(con_id, field, Decimal(100 + number % 977) / 4, PriceKind.LIVE, clock.now())
        for number, (field, con_id) in zip(range(count - 1), turns, strict=False)
    ]
    last = Decimal(time.time_ns()) / 1000
    return [*made, Tick(1, QuoteField.LAST, last, PriceKind.LIVE, clock.now())]


def _wait_for(slug: str, tick: Tick) -> None:
    until = time.monotonic() + WITHIN
    while time.monotonic() < until:
        held = store.client().hget(store.QUOTES.format(slug=slug), str(tick.con_id))
        if isinstance(held, bytes) and orjson.loads(held).get("last") == format(tick.value, "f"):
            return
        time.sleep(0.005)
    raise TimeoutError("Redis does not hold the last tick")


def pipeline(slug: str, events: list[Tick]) -> None:
    made = Pipeline(slug, store.client, flush_ms=FLUSH_MS, now=clock.now)
    made.start()
    for event in events:
        made.put(event)
    _wait_for(slug, events[-1])
    made.stop()


def paced(slug: str, events: list[Tick]) -> None:
    made = Pipeline(slug, store.client, flush_ms=FLUSH_MS, now=clock.now)
    made.start()
    began, sent = time.perf_counter(), 0
    while sent < len(events):
        due = int((time.perf_counter() - began) * PACE)
        for event in events[sent:due]:
            made.put(event)
        sent = max(sent, due)
        time.sleep(0.001)
    _wait_for(slug, events[-1])
    made.stop()


def call_per_tick(slug: str, events: list[Tick]) -> None:
    """What is simplest: the instrument's quote is written with every tick. It tells no browser."""
    client, quotes = store.client(), dict[int, dict[str, str]]()
    key = store.QUOTES.format(slug=slug)
    for con_id, field, value, _, _ in events:
        quote = quotes.setdefault(con_id, {})
        quote[field.value] = format(value, "f")
        client.hset(key, str(con_id), orjson.dumps(quote))


RUNS: dict[str, Callable[[str, list[Tick]], None]] = {
    "pipeline": pipeline,
    "pipeline at 5000/s": paced,
    "call per tick": call_per_tick,
}


def measure(slug: str, name: str) -> Result:
    events = ticks(TICKS[name])
    began, cpu = time.perf_counter(), time.process_time()
    RUNS[name](slug, events)
    seconds, used = time.perf_counter() - began, time.process_time() - cpu
    return Result(len(events) / seconds, used / len(events) * 1e6)


def main() -> None:
    with stage() as there:
        found: dict[str, list[Result]] = {name: [] for name in RUNS}
        for number, name in itertools.product(range(ROUNDS), RUNS):
            found[name].append(measure(f"{there.slugs[0]}-{number}-{len(name)}", name))
        for name, results in found.items():
            pairs = list(zip(results, found["call per tick"], strict=True))
            say(
                bench="ingest",
                way=name,
                ticks_per_s=round(median(r.per_second for r in results)),
                cpu_us_per_tick=round(median(r.cpu for r in results), 2),
                rate_over_call_per_tick=round(
                    median(a.per_second / b.per_second for a, b in pairs), 2
                ),
                cpu_over_call_per_tick=round(median(a.cpu / b.cpu for a, b in pairs), 3),
                load=load(),
            )


if __name__ == "__main__":
    main()

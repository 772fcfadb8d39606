"""One stream to many browsers: the portal, a bare ASGI hub, and groups of Channels.

`stock` is a group as the tutorial of Channels has it, `group` one whose messages are finished text.
Prints JSON lines. All get the same frames at the same rate, in turns within one run;
figures are medians over the rounds, ratios medians of the ratios within a round.
"""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.processes import Part, browsers, cpu_of, load, say, web
from benchmarks.stage import Stage, stage

if TYPE_CHECKING:
    from benchmarks.fanout_feed import Feed

ROUNDS, SECONDS = 5, 3.0
FILL_SECONDS = 8.0
RATES = {100: 20, 500: 5}
"""Frames a second by the number of sockets: what the slowest server can just keep up with."""
FULL_RATE = 20
ASLEEP = 5
APPS = {
    "ours": "ibportal.asgi:application",
    "bare": "benchmarks.fanout_apps:bare",
    "stock": "benchmarks.fanout_apps:stock",
    "group": "benchmarks.fanout_apps:group",
}
WAYS = {
    "stock": lambda feed: partial(feed.to_group, finished=False),
    "group": lambda feed: partial(feed.to_group, finished=True),
}
"""How a frame is handed over where it does not go the portal's way."""


@dataclass(frozen=True)
class Result:
    cpu: float
    """Microseconds of the server's CPU for each delivery."""
    per_second: float
    """Deliveries within the round."""
    share: float
    """Of the frames that were sent, what arrived in the end."""
    p50: float
    p99: float
    """Milliseconds from publishing until a browser has read the frame."""


@dataclass(frozen=True)
class Runner:
    feed: "Feed"
    name: str
    pid: int
    readers: Part
    count: int
    rate: int

    def send(self, seconds: float, rate: int = 0) -> dict[int, float]:
        from benchmarks.fanout_feed import paced  # noqa: PLC0415  # after Django's setup

        way = WAYS.get(self.name)
        sent_at = paced(
            way(self.feed) if way else self.feed.through_redis, seconds, rate or self.rate
        )
        self.feed.rest()
        return sent_at

    def round(self) -> Result:
        before = cpu_of(self.pid)
        sent_at = self.send(SECONDS)
        over = time.perf_counter()
        _quiet(self.pid)
        cpu = cpu_of(self.pid) - before
        heard = self.readers.ask("report")["heard"]
        waits, timely = [], 0
        for seq, times in heard.items():
            timely += sum(at <= over + 0.05 for at in times)
            waits += [(at - sent_at[int(seq)]) * 1000 for at in times if int(seq) in sent_at]
        if not waits:
            raise RuntimeError(f"nothing of {self.name} arrived at {self.count} sockets")
        waits.sort()
        return Result(
            cpu=cpu / len(waits) * 1e6,
            per_second=timely / SECONDS,
            share=len(waits) / (len(sent_at) * self.count),
            p50=waits[len(waits) // 2],
            p99=waits[int(len(waits) * 0.99)],
        )


def _quiet(pid: int) -> None:
    """Waits until the server has nothing left to do."""
    used, before = 1.0, cpu_of(pid)
    while used > 0.02:
        time.sleep(0.25)
        used, before = cpu_of(pid) - before, cpu_of(pid)


@contextmanager
def runner(there: Stage, name: str, slug: str, count: int, asleep: int = 0) -> Iterator[Runner]:
    from benchmarks.fanout_feed import Feed  # noqa: PLC0415  # after Django's setup

    with ExitStack() as stack:
        os.environ["BENCH_SLUG"] = slug
        port, pid = stack.enter_context(web(there, APPS[name]))
        feed = Feed(slug)
        topic = f"quotes:{slug}" if name == "ours" else ""
        plan = {"port": port, "cookie": there.cookie, "topic": topic}
        readers = stack.enter_context(browsers(count=count - asleep, read=True, **plan))
        if asleep:
            stack.enter_context(browsers(count=asleep, read=False, **plan))
        yield Runner(feed, name, pid, readers, count - asleep, RATES[count])


def compare(runners: dict[str, Runner]) -> dict[str, list[Result]]:
    found: dict[str, list[Result]] = {name: [] for name in runners}
    for each in runners.values():
        each.send(1.0)
        _quiet(each.pid)
        each.readers.ask("report")
    order = list(runners)
    for _ in range(ROUNDS):
        for name in order:
            found[name].append(runners[name].round())
        order = [*order[1:], order[0]]
    return found


def report(count: int, found: dict[str, list[Result]]) -> None:
    for name, results in found.items():
        line = {
            "bench": "fanout",
            "sockets": count,
            "server": name,
            "cpu_us_per_delivery": round(median(r.cpu for r in results), 2),
            "deliveries_per_s": round(median(r.per_second for r in results)),
            "deliveries_per_cpu_s": round(median(1e6 / r.cpu for r in results)),
            "arrived": round(median(r.share for r in results), 4),
            "p50_ms": round(median(r.p50 for r in results), 2),
            "p99_ms": round(median(r.p99 for r in results), 2),
        }
        say(**line, load=load())
    for name in found:
        if not name.startswith("ours"):
            continue
        for other in ("bare", "stock", "group", "ours"):
            if other != name:
                say(**ratios(count, name, other, found))


def ratios(
    count: int, name: str, other: str, found: dict[str, list[Result]]
) -> dict[str, str | int | float]:
    pairs = list(zip(found[name], found[other], strict=True))
    return {
        "bench": "fanout",
        "sockets": count,
        "server": name,
        "over": other,
        "cpu_per_delivery": round(median(a.cpu / b.cpu for a, b in pairs), 3),
        "deliveries_per_cpu_s": round(median(b.cpu / a.cpu for a, b in pairs), 2),
        "p50": round(median(a.p50 / b.p50 for a, b in pairs), 2),
        "p99": round(median(a.p99 / b.p99 for a, b in pairs), 2),
    }


def main() -> None:
    with stage() as there:
        own, second = there.slugs
        for count in RATES:
            with ExitStack() as stack:
                slugs = {"ours": own} | {name: f"{own}-{name}" for name in APPS if name != "ours"}
                runners = {
                    name: stack.enter_context(runner(there, name, slug, count))
                    for name, slug in slugs.items()
                }
                if count == max(RATES):
                    slow = stack.enter_context(runner(there, "ours", second, count, ASLEEP))
                    slow.send(FILL_SECONDS, FULL_RATE)
                    runners[f"ours_{ASLEEP}_not_reading"] = slow
                report(count, compare(runners))


if __name__ == "__main__":
    main()

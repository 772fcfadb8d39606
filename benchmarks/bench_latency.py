"""From the broker's send to the browser's socket, through every process the portal has on the way.

A sender that speaks TWS's protobuf → a gateway process (session and pipeline, 50 ms conflation) →
Redis → the hub under uvicorn → browsers. Prints JSON lines: medians over rounds. Ticks go round all
instruments and fields, so that next to none is replaced by a newer one before it is shown.
"""

import bisect
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.processes import Part, browsers, cpu_of, load, part, say, web
from benchmarks.stage import Stage, stage
from benchmarks.tick_sender import KINDS

ROUNDS, SECONDS = 3, 4.0
RATES = (1_000, 5_000)
SOCKETS = (1, 100)
FLUSH_MS = 50
SETTLE = 0.5
PRICES = ("bid", "ask", "last")


@dataclass(frozen=True)
class Chain:
    sender: Part
    gateway: Part
    readers: Part
    web: int
    first: int

    def send(self, rate: int, seconds: float) -> tuple[int, dict[str, Any]]:
        """How many ticks went out, and what the browsers have read."""
        sent = self.sender.ask({"first": self.first, "rate": rate, "seconds": seconds})
        time.sleep(SETTLE)
        return sent, self.readers.ask("texts")

    def cpu(self) -> dict[str, float]:
        parts = {"sender": self.sender.pid, "gateway": self.gateway.pid, "web": self.web}
        parts["browsers"] = self.readers.pid
        return {name: cpu_of(pid) for name, pid in parts.items()}


@contextmanager
def chain(there: Stage, sockets: int) -> Iterator[Chain]:
    slug = there.slugs[0]
    with ExitStack() as stack:
        port, pid = stack.enter_context(web(there))
        sender = stack.enter_context(part("tick_sender", {}))
        plan = {"slug": slug, "flush_ms": FLUSH_MS, "port": sender.hear()}
        gateway = stack.enter_context(part("gateway_process", plan))
        sender.hear()
        first = gateway.hear()["first"]
        options = {"port": port, "cookie": there.cookie, "topic": f"quotes:{slug}", "read": True}
        readers = stack.enter_context(browsers(count=sockets, **options))
        yield Chain(sender, gateway, readers, pid, first)


def waits(report: dict[str, Any], since: float) -> tuple[list[float], int]:
    """Milliseconds from the sending of each price until each browser had it, sorted; and how many
    prices were shown."""
    found: list[float] = []
    shown = 0
    for seq, times in report["heard"].items():
        frame = json.loads(report["texts"][seq])
        if frame["type"] == "event":
            stamps = sorted(_stamps(frame["data"]))
            stamps = stamps[bisect.bisect(stamps, since) :]
            shown += len(stamps)
            found += [(at - stamp) * 1000 for at in times for stamp in stamps]
    return sorted(found), shown


def _stamps(patch: dict[str, dict[str, str] | None]) -> Iterator[float]:
    for quote in patch.values():
        if quote is not None:
            yield from (float(quote[name]) for name in PRICES if name in quote)


def measure(made: Chain, rate: int) -> dict[str, float]:
    since, before = time.perf_counter(), made.cpu()
    sent, report = made.send(rate, SECONDS)
    after, (found, shown) = made.cpu(), waits(report, since)
    busy = {f"cpu_{name}": (after[name] - before[name]) / SECONDS for name in after}
    return {
        "p50_ms": found[len(found) // 2],
        "p99_ms": found[int(len(found) * 0.99)],
        "max_ms": found[-1],
        "prices_shown": shown / (sent * len(PRICES) / len(KINDS)),
        "ticks_per_s": sent / SECONDS,
        "frames_per_s": len(report["heard"]) / SECONDS,
        **busy,
    }


def main() -> None:
    with stage() as there:
        for sockets in SOCKETS:
            with chain(there, sockets) as made:
                made.send(RATES[0], 1.0)
                for rate in RATES:
                    rounds = [measure(made, rate) for _ in range(ROUNDS)]
                    middle = {
                        name: round(median(each[name] for each in rounds), 2) for name in rounds[0]
                    }
                    say(bench="latency", rate=rate, sockets=sockets, **middle, load=load())


if __name__ == "__main__":
    main()

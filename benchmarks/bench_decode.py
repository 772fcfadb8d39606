"""From the socket to the callback and to the conflated cache: this library against plain ibapi.

Prints JSON lines: medians over rounds in which both clients read the same bytes from a process
that feeds them over a loopback socket. `steady` never lets more than a few hundred messages wait,
`backlog` sends all of them at once.
"""

import gc
import json
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.decode_clients import Caching, Callbacks, Gauge, Timed, ibapi, ours, ours_to_cache
from benchmarks.decode_feeder import Feeder

Plan = dict[str, Any]

STEADY_ROUNDS, ROUNDS = 5, 3
BLOCK = 100
STEADY: Plan = {"blocks": 400, "block": BLOCK, "ahead": 4, "rest": 0}
BACKLOG: Plan = {"blocks": 1_000, "block": BLOCK, "ahead": 0, "rest": 0}
BURST: Plan = {"blocks": 6, "block": 5_000, "ahead": 1, "rest": 0.1}


@dataclass(frozen=True)
class Result:
    per_second: float
    cpu: float
    """Seconds of CPU for each message, all threads of the client."""


def measure(version: int, plan: Plan, run: Callable[[Feeder, Gauge, Plan], None]) -> Result:
    gc.collect()
    feeder = Feeder(version)
    gauge = Gauge(plan["blocks"], feeder.acknowledge)
    run(feeder, gauge, plan)
    feeder.close()
    messages = (plan["blocks"] - 1) * plan["block"]
    seconds, cpu = (end - start for start, end in zip(gauge.began, gauge.ended, strict=True))
    return Result(messages / seconds, cpu / messages)


def burst(version: int, run: Callable[[Feeder, Timed, Plan], None]) -> float:
    """Milliseconds from sending until the callback, 99th percentile, median of the bursts."""
    gc.collect()
    feeder = Feeder(version)
    callbacks = Timed(Gauge(BURST["blocks"], feeder.acknowledge))
    run(feeder, callbacks, BURST)
    sent_at = feeder.close()
    tails: list[float] = []
    for start, end in zip(sent_at, [*sent_at[1:], float("inf")], strict=True):
        waits = sorted(at - start for at in callbacks.heard_at if start <= at < end)
        tails.append(waits[int(len(waits) * 0.99)] * 1000)
    return float(median(tails[1:]))


def to_callback(client: Callable[..., None]) -> Callable[[Feeder, Gauge, Plan], None]:
    return lambda feeder, gauge, plan: client(feeder, Callbacks(gauge), plan)


def ibapi_to_cache(feeder: Feeder, gauge: Gauge, plan: Plan) -> None:
    ibapi(feeder, Caching(gauge), plan)


RUNS: dict[str, Callable[[Feeder, Gauge, Plan], None]] = {
    "ibapi_callback": to_callback(ibapi),
    "ours_callback": to_callback(ours),
    "ibapi_cache": ibapi_to_cache,
    "ours_cache": ours_to_cache,
}
COMPARED = {
    "ibapi_callback": (),
    "ours_callback": ("ibapi_callback",),
    "ibapi_cache": (),
    "ours_cache": ("ibapi_cache", "ibapi_callback"),
}


def rounds(count: int, version: int, plan: Plan, names: list[str]) -> dict[str, list[Result]]:
    found: dict[str, list[Result]] = {name: [] for name in names}
    for _ in range(count):
        for name in names:
            found[name].append(measure(version, plan, RUNS[name]))
    return found


def ratio(ours_: list[Result], theirs: list[Result], what: str) -> float:
    pairs = zip(ours_, theirs, strict=True)
    return float(round(median(getattr(a, what) / getattr(b, what) for a, b in pairs), 2))


def tell(version: int, load: str, **figures: Any) -> None:
    line = {"bench": "decode", "version": version, "load": load, **figures}
    print(json.dumps(line), flush=True)


def report(version: int, load: str, found: dict[str, list[Result]]) -> None:
    for name, results in found.items():
        client, to = name.split("_")
        figures: dict[str, Any] = {
            "messages_per_s": round(median(r.per_second for r in results)),
            "cpu_us_per_message": round(median(r.cpu for r in results) * 1e6, 2),
        }
        for other in COMPARED[name]:
            if other in found:
                figures[f"rate_over_{other}"] = ratio(results, found[other], "per_second")
                figures[f"cpu_over_{other}"] = ratio(results, found[other], "cpu")
        tell(version, load, client=client, to=to, **figures)


def report_kept(
    version: int, steady: dict[str, list[Result]], late: dict[str, list[Result]]
) -> None:
    """Which part of its own steady rate each client keeps with a backlog."""
    kept = {
        name: median(r.per_second for r in results) / median(r.per_second for r in steady[name])
        for name, results in late.items()
    }
    tell(version, "backlog", **{f"{name}_kept": round(part, 2) for name, part in kept.items()})


def report_bursts(version: int) -> None:
    pairs = [(burst(version, ibapi), burst(version, ours)) for _ in range(ROUNDS)]
    tell(
        version,
        "burst of 5000",
        ibapi_p99_ms=round(median(theirs for theirs, _ in pairs), 1),
        ours_p99_ms=round(median(own for _, own in pairs), 1),
        ours_over_ibapi=round(median(own / theirs for theirs, own in pairs), 2),
    )


def main() -> None:
    for version in (200, 226):
        steady = rounds(STEADY_ROUNDS, version, STEADY, list(RUNS))
        report(version, "steady", steady)
        late = rounds(ROUNDS, version, BACKLOG, ["ibapi_callback", "ours_callback", "ours_cache"])
        report(version, "backlog", late)
        report_kept(version, steady, late)
        report_bursts(version)


if __name__ == "__main__":
    main()

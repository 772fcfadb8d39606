"""Memory and CPU of the gateway process over minutes at 2,000 ticks a second.

`--minutes` sets for how long, 10 unless told. Prints JSON lines: one for each sixth of the time,
then the last sixth against the second, by when caches have filled. Memory is flat when `growth`
and `mb_per_hour` are next to nothing.
"""

import argparse
import time
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import linear_regression, median

from benchmarks.processes import Part, load, part, say
from benchmarks.stage import stage

RATE, FLUSH_MS, PARTS, SAMPLES = 2_000, 50, 6, 20
MB = 1_048_576


@dataclass(frozen=True)
class Sample:
    at: float
    cpu: float
    memory: float
    """Megabytes resident."""


def sample(gateway: Part) -> Sample:
    figures = gateway.ask("figures")
    if figures["state"] != "ready":
        raise RuntimeError(f"the link is {figures['state']}")
    return Sample(time.perf_counter(), figures["cpu"], figures["memory"] / MB)


def watch(gateway: Part, seconds: float) -> list[list[Sample]]:
    """Samples at an even pace, in six parts; each part begins with the last sample of another."""
    pace, began = seconds / (PARTS * SAMPLES), time.perf_counter()
    parts, newest = [], sample(gateway)
    for number in range(PARTS):
        taken = [newest]
        for step in range(1, SAMPLES + 1):
            due = began + (number * SAMPLES + step) * pace
            time.sleep(max(0.0, due - time.perf_counter()))
            taken.append(sample(gateway))
        newest = taken[-1]
        parts.append(taken)
        report(number + 1, taken)
    return parts


def cpu(taken: list[Sample]) -> float:
    """Share of one core."""
    return (taken[-1].cpu - taken[0].cpu) / (taken[-1].at - taken[0].at)


def report(number: int, taken: list[Sample]) -> None:
    say(
        bench="memory",
        part=number,
        ticks_per_s=RATE,
        memory_mb=round(median(each.memory for each in taken), 2),
        cpu_of_a_core=round(cpu(taken), 4),
        cpu_us_per_tick=round(cpu(taken) / RATE * 1e6, 1),
        load=load(),
    )


def conclude(parts: list[list[Sample]], sent: int) -> None:
    second, last = parts[1], parts[-1]
    settled = [each for taken in parts[1:] for each in taken]
    slope = linear_regression([s.at for s in settled], [s.memory for s in settled]).slope
    before, after = (median(each.memory for each in taken) for taken in (second, last))
    say(
        bench="memory",
        minutes=round((last[-1].at - parts[0][0].at) / 60, 2),
        ticks=sent,
        growth=round(after / before - 1, 4),
        growth_mb=round(after - before, 2),
        mb_per_hour=round(slope * 3600, 2),
        cpu_last_over_second=round(cpu(last) / cpu(second), 2),
    )


def run(minutes: float) -> None:
    with stage() as there, ExitStack() as stack:
        sender = stack.enter_context(part("tick_sender", {}))
        plan = {"slug": there.slugs[0], "flush_ms": FLUSH_MS, "port": sender.hear()}
        gateway = stack.enter_context(part("gateway_process", plan))
        sender.hear()
        first = gateway.hear()["first"]
        sender.tell({"first": first, "rate": RATE, "seconds": minutes * 60 + 1})
        parts = watch(gateway, minutes * 60)
        conclude(parts, sender.hear())


def main() -> None:
    parser = argparse.ArgumentParser(description="Memory and CPU of the gateway over time.")
    parser.add_argument("--minutes", type=float, default=10.0)
    run(parser.parse_args().minutes)


if __name__ == "__main__":
    main()

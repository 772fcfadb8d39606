"""How long a plan takes: 500 targets with holdings, bands, a turnover cap and too little cash.

Prints one JSON line with milliseconds: median and 99th percentile of the rounds, on the clock and
of CPU, for the whole plan and for buys sized again after the sells.
"""

import gc
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from statistics import median, quantiles
from time import perf_counter, process_time

from apps.trading.rebalance import Holding, PlanInputs, Quoted, Rules, Target, plan, resize_buys

TARGETS, ROUNDS = 500, 200
AT = datetime(2026, 11, 20, 15, tzinfo=UTC)


def account(targets: int) -> PlanInputs:
    """Half of the names are held, too much or too little of each; prices in two currencies."""
    chance = Random(4)
    nlv = Decimal(20_000_000)
    prices, holdings = {}, []
    for con_id in range(1, targets + 1):
        price = Decimal(chance.randint(500, 50_000)) / 100
        fx = Decimal("0.128") if con_id % 5 == 0 else Decimal(1)
        prices[con_id] = Quoted(
            price=price, at=AT, bid=price - Decimal("0.01"), ask=price + Decimal("0.01"), fx=fx
        )
        if con_id % 2:
            held = nlv / targets / price / fx * Decimal(chance.randint(50, 150)) / 100
            holdings.append(Holding(con_id, held.to_integral_value()))
    weight = (Decimal(1) / targets).quantize(Decimal("1e-10"))
    return PlanInputs(
        nlv=nlv,
        cash=nlv * Decimal("0.3"),
        available_funds=nlv * Decimal("0.4"),
        targets=tuple(Target(con_id, weight) for con_id in prices),
        holdings=tuple(holdings),
        prices=prices,
        rules=Rules(),
        at=AT,
    )


def timed(work: Callable[[], object]) -> dict[str, float]:
    work()
    gc.collect()
    gc.freeze()
    clock, cpu = [], []
    for _round in range(ROUNDS):
        began, began_cpu = perf_counter(), process_time()
        work()
        clock.append((perf_counter() - began) * 1000)
        cpu.append((process_time() - began_cpu) * 1000)
    return {
        "p50": round(median(clock), 2),
        "p99": round(quantiles(clock, n=100)[98], 2),
        "cpu_p50": round(median(cpu), 2),
        "cpu_p99": round(quantiles(cpu, n=100)[98], 2),
    }


def main() -> None:
    inputs = account(TARGETS)
    result = plan(inputs)
    row = {
        "benchmark": "planner",
        "targets": TARGETS,
        "rounds": ROUNDS,
        "sells": len(result.sells),
        "buys": len(result.buys),
        "skipped": len(result.lines) - len(result.trades),
        "plan_ms": timed(lambda: plan(inputs)),
        "resize_ms": timed(lambda: resize_buys(result, Decimal(3_000_000), inputs.prices)),
    }
    print(json.dumps(row))


if __name__ == "__main__":
    main()

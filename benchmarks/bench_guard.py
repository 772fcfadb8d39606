"""How much CPU one look of the guard takes: 500 positions, half of them options.

Prints one JSON line with milliseconds of CPU: median, 99th percentile and worst of the rounds, for
the pure evaluation with its stress grid and latches.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from statistics import median, quantiles
from time import process_time

from apps.risk.guard import (
    GuardLimits,
    Health,
    Holding,
    Liquidity,
    Memory,
    Picture,
    Track,
    evaluate,
    settle,
)

POSITIONS, ROUNDS = 500, 200
AT = datetime(2026, 11, 20, 15, tzinfo=UTC)


def picture(positions: int) -> Picture:
    chance, net = Random(5), Decimal(5_000_000)
    held = tuple(_holding(con_id, chance) for con_id in range(1, positions + 1))
    track = Track(start=net, start_at=AT, high=net, high_at=AT)
    told = Liquidity(net=net, gross=net, excess=net / 2, look_ahead=net / 2)
    return Picture(at=AT, liquidity=told, track=track, holdings=held, health=Health())


def _holding(con_id: int, chance: Random) -> Holding:
    price = chance.randint(500, 50_000) / 100
    option = con_id % 2 == 0
    return Holding(
        con_id=con_id,
        name=f"S{con_id}",
        issuer=f"S{con_id % 120}",
        sec_type="OPT" if option else "STK",
        quantity=Decimal(chance.randint(-20, 40)),
        multiplier=Decimal(100 if option else 1),
        price=Decimal(repr(price)),
        fx=Decimal("0.128") if con_id % 5 == 0 else Decimal(1),
        delta=chance.uniform(-1, 1),
        gamma=0.02,
        vega=0.1,
        theta=-0.05,
        volatility=chance.uniform(0.1, 0.8),
        underlying=price,
        strike=price * chance.uniform(0.8, 1.2),
        right=chance.choice("CP"),
        years=chance.uniform(0.01, 2),
        stale_seconds=1.0,
    )


def main() -> None:
    told, limits, memory = picture(POSITIONS), GuardLimits(), Memory()
    settle(evaluate(told, limits), memory, AT)
    taken = []
    for _round in range(ROUNDS):
        began = process_time()
        settle(evaluate(told, limits), memory, AT)
        taken.append((process_time() - began) * 1000)
    p99 = quantiles(taken, n=100)[98]
    figures = {"p50": round(median(taken), 2), "p99": round(p99, 2), "worst": round(max(taken), 2)}
    print(json.dumps({"positions": POSITIONS, "rounds": ROUNDS, "guard_ms_cpu": figures}))


if __name__ == "__main__":
    main()

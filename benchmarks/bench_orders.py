"""An order's way in time: task to wire, HTTP to wire, and cancel-all past a full queue.

Everything runs in one portal (PostgreSQL where DATABASE_URL names one, see tests/portal.py) beside
an empty task on the same gateway worker. Times of arrival are the simulator's own.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

os.environ.setdefault("DATABASE_URL", "")

from benchmarks.processes import load, say
from tests.chaos.world import World, world
from tests.portal import Portal

HELD = (12340041, 72063691, 8314)
PAUSE = 0.06
"""Seconds between two orders: the broker takes 45 messages a second."""
ACCOUNT = "DU7654321"
QUEUED = 1000


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
    def __init__(self, portal: Portal, ground: World, count: int) -> None:
        self.portal, self.ground, self.count = portal, ground, count
        self.account = ground.account_id(ACCOUNT)
        self._turn = 0

    def wish(self) -> dict[str, Any]:
        """A small market order; no two alike within a minute, and the book stays level."""
        self._turn += 1
        side = "BUY" if self._turn % 2 else "SELL"
        return {
            "account": self.account,
            "con_id": HELD[self._turn // 2 % 3],
            "side": side,
            "quantity": str(1 + self._turn // 6 % 3),
            "order_type": "MKT",
            "tif": "DAY",
        }

    def empty_task(self) -> float:
        """From the call to the first line of a task that does nothing."""
        from celery import current_app  # noqa: PLC0415  # Django has its settings only now

        reply = f"ibportal:bench:{uuid4().hex}"
        began = time.time()
        current_app.send_task("gateway.began", kwargs={"reply_to": reply}, queue="gateway.demo")
        found: Any = self.ground.redis.brpop([reply], timeout=5)
        return float(found[1]) - began

    def from_task(self) -> tuple[str, float]:
        """An accepted row, already committed; from the call on."""
        from celery import current_app  # noqa: PLC0415  # likewise

        from apps.lib import clock  # noqa: PLC0415
        from apps.trading.models import Order  # noqa: PLC0415
        from apps.trading.services.orders import order_ref  # noqa: PLC0415

        wish = self.wish()
        order = Order.objects.create(
            account_id=wish.pop("account"),
            instrument_id=wish.pop("con_id"),
            connection_id=1,
            ref=order_ref(),
            source="api",
            state="accepted",
            accepted_at=clock.now(),
            **wish,
        )
        began = time.time()
        current_app.send_task("trading.submit", kwargs={"order_id": order.pk}, queue="gateway.demo")
        return order.ref, began

    def from_http(self) -> tuple[str, float]:
        began = time.time()
        status, told = self.ground.call("/orders/", self.wish(), key=uuid4().hex)
        if status != 201:
            return f"refused {status} {str(told)[:200]}", began
        return str(told["id"]), began

    def arrivals(self) -> dict[str, float]:
        """When the simulator received each new order, by its reference."""
        from datetime import datetime  # noqa: PLC0415

        path = self.portal.folder / "var" / "twsim-ledger.jsonl"
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return {
            row["order_ref"]: datetime.fromisoformat(row["at"]).timestamp()
            for row in rows
            if row["kind"] == "order" and not row["changes"]
        }

    def refs(self) -> dict[str, str]:
        return {
            str(pk): ref
            for pk, ref in self.ground.database.select("SELECT id, ref FROM trading_order")
        }


def wire_times(
    bench: Bench, send: Callable[[], tuple[str, float]]
) -> tuple[list[float], list[Any]]:
    """Interleaved with empty tasks, so that both meet the same machine."""
    sent, empty = [], []
    for _ in range(bench.count):
        empty.append(bench.empty_task())
        time.sleep(PAUSE / 2)
        sent.append(send())
        time.sleep(PAUSE)
    time.sleep(3)
    arrived, refs = bench.arrivals(), bench.refs()
    found = [(refs.get(name, name), began) for name, began in sent]
    times = [arrived[ref] - began for ref, began in found if ref in arrived]
    missing = [ref for ref, _ in found if ref not in arrived]
    return times, [figures(empty), missing]


def measure_wire(bench: Bench, name: str, send: Callable[[], tuple[str, float]]) -> None:
    times, (empty, missing) = wire_times(bench, send)
    wire = figures(times) if times else {"n": 0, "p50": 0.0, "p99": 0.0}
    say(
        name=name,
        wire_ms=wire,
        empty_task_ms=empty,
        ratio_p50=round(wire["p50"] / empty["p50"], 2),
        ratio_p99=round(wire["p99"] / empty["p99"], 2),
        not_sent=len(missing),
        why=missing[:2],
    )


def measure_commands(bench: Bench, slug: str = "demo") -> None:
    """Cancel-all by the direct list while the worker's queue is full, beside a bare list."""
    from celery import current_app  # noqa: PLC0415  # likewise

    from apps.lib import clock  # noqa: PLC0415
    from apps.trading.services.commands import command_answer, command_send  # noqa: PLC0415

    for _ in range(QUEUED):
        kwargs = {"reply_to": "ibportal:bench:nobody"}
        current_app.send_task("gateway.began", kwargs=kwargs, queue="gateway.demo")
    told, bare = [], []
    for _ in range(bench.count):
        began = time.perf_counter()
        number = command_send(slug=slug, command="cancel_all", by="bench", at=clock.now())
        command_answer(number)
        told.append(time.perf_counter() - began)
        began = time.perf_counter()
        bench.ground.redis.lpush("ibportal:bench:bare", b"x")
        bench.ground.redis.brpop(["ibportal:bench:bare"], timeout=1)
        bare.append(time.perf_counter() - began)
    bench.ground.redis.delete("ibportal:bench:nobody")
    say(
        name="cancel-all by the direct list, there and back, 1000 tasks queued",
        command_ms=figures(told),
        bare_list_ms=figures(bare),
        ratio_p50=round(figures(told)["p50"] / figures(bare)["p50"], 2),
    )


@contextmanager
def portal_up() -> Iterator[tuple[Portal, World]]:
    with tempfile.TemporaryDirectory(prefix="ibportal-bench-") as folder:
        portal, server = Portal(Path(folder), LOG_LEVEL="WARNING"), os.environ["DATABASE_URL"]
        try:
            with world(portal.start(), None) as ground:
                _settings(portal)
                yield portal, ground
        finally:
            os.environ["DATABASE_URL"] = server
            portal.close()


def _settings(portal: Portal) -> None:
    """This process becomes one more of the portal's."""
    import django  # noqa: PLC0415

    run_env = (portal.folder / "var" / "run.env").read_text(encoding="utf-8")
    found = dict(line.split("=", 1) for line in run_env.splitlines() if "=" in line)
    if not portal.settings_environment().get("DATABASE_URL"):
        os.environ.pop("DATABASE_URL", None)
    os.environ.update(portal.settings_environment(), **found)
    os.environ["DJANGO_SETTINGS_MODULE"] = "ibportal.settings"
    django.setup()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=120)
    count = parser.parse_args().count
    with portal_up() as (portal, ground):
        bench = Bench(portal, ground, count)
        time.sleep(20)  # prices of everything that is held, and the guard's first look
        for _ in range(10):
            bench.empty_task()
            bench.from_http()
            time.sleep(PAUSE)
        say(name="surroundings", load=load(), database=os.environ.get("DATABASE_URL", "")[:8])
        measure_wire(
            bench, "enqueue to bytes at the broker, claim and gate included", bench.from_task
        )
        measure_wire(bench, "HTTP POST to bytes at the broker", bench.from_http)
        measure_commands(bench)


if __name__ == "__main__":
    main()

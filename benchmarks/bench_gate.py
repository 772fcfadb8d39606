"""The gate with 500 positions and 200 working orders, and a POST that places an order through it.

Prints JSON lines: milliseconds of CPU for each order, p50 and p99. The checks are pure; the door
adds what reads rows and quotes and what stores the decision, with rows that have not changed since
the order before and with every position revalued; the second look is the one before the wire, and
"judged" the part of it that the order waits for: its decision is stored behind the bytes. The
POST runs in a web server of its own (uvicorn, a session, CSRF, throttle, audit, enqueue), and its
figure is all CPU of that process. `machine` is a fixed piece of work: its p99 over p50 is what the
others on this machine add to every figure.

On SQLite what the database does is in these figures; on PostgreSQL (DATABASE_URL names a server)
it is another process's.
"""

import http.client
import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import uuid4

from apps.risk.types import OrderIntent
from benchmarks import gate_rows as rows
from benchmarks.gate_rows import FIRST, POSITIONS, WORKING
from benchmarks.processes import cpu_of, load, say, web
from benchmarks.stage import Stage, stage
from ibportal.collector import settle

if TYPE_CHECKING:
    from apps.accounts.models import BrokerAccount

ROUNDS, POSTS = 300, 200
PAUSE = 0.06
"""Seconds between two POSTs: the gate takes 45 messages a second."""
WARM = 30
CSRF = "b" * 32
Work = Callable[[], object]


def figures(seconds: list[float]) -> dict[str, float]:
    """Milliseconds."""
    ranked = sorted(seconds)
    middle, last = ranked[len(ranked) // 2], ranked[len(ranked) * 99 // 100]
    return {"p50_ms": round(middle * 1000, 3), "p99_ms": round(last * 1000, 3)}


def measured(work: Work, before: Callable[[int], None] | None = None) -> dict[str, float]:
    """CPU of this process; `before` is called ahead of each round and does not count."""
    took = []
    for turn in range(WARM + ROUNDS):
        if before is not None:
            before(turn)
        started = time.process_time()
        work()
        took.append(time.process_time() - started)
    return figures(took[WARM:])


def fixed_work() -> int:
    return sum(number * number for number in range(20_000))


class Desk:
    """Posts orders to the web server as the person of the stage, over one connection."""

    def __init__(self, port: int, there: Stage, account_id: int) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._cookie = f"{there.cookie}; csrftoken={CSRF}"
        self._account_id = account_id

    def place(self) -> int:
        """The number of the order."""
        body = {
            "account": self._account_id,
            "con_id": FIRST,
            "side": "BUY",
            "quantity": "10",
            "order_type": "LMT",
            "limit_price": "100",
        }
        headers = {
            "Cookie": self._cookie,
            "X-CSRFToken": CSRF,
            "Content-Type": "application/json",
            "Idempotency-Key": uuid4().hex,
        }
        self._http.request("POST", "/api/v1/orders/", json.dumps(body), headers)
        answer = self._http.getresponse()
        told = answer.read().decode()
        if answer.status != 201:
            raise RuntimeError(f"the order should be placed: {answer.status} {told[:300]}")
        return int(json.loads(told)["id"])


def posts(there: Stage, account_id: int) -> None:
    cpu, wall = [], []
    with web(there) as (port, pid):
        desk = Desk(port, there, account_id)
        for _ in range(WARM + POSTS):
            before, began = cpu_of(pid), time.perf_counter()
            placed = desk.place()
            wall.append(time.perf_counter() - began)
            # What it does once it has answered, on_commit and all, is its work too.
            time.sleep(PAUSE)
            cpu.append(cpu_of(pid) - before)
            rows.settle(placed)
            _forget_throttle()
    say(what="gate", part="post", **figures(cpu[WARM:]), wall=figures(wall[WARM:]), load=load())


def _forget_throttle() -> None:
    """It takes ten orders a second of one person."""
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.core.cache import cache  # noqa: PLC0415

    cache.delete(f"throttle_trade_{User.objects.get(username='bench').pk}")


def in_process(account: "BrokerAccount") -> None:
    """Checks, door and second look, in this process."""
    from apps.lib import clock  # noqa: PLC0415  # Django has its settings only now
    from apps.risk.checks import evaluate  # noqa: PLC0415
    from apps.risk.selectors.snapshot import snapshot_take  # noqa: PLC0415
    from apps.risk.services import gate_check  # noqa: PLC0415
    from apps.risk.services.gate import gate_judge  # noqa: PLC0415

    intent = _intent(account)
    again = replace(intent, order_id=2_000_000)
    taken, limits = snapshot_take(intent, at=clock.now())
    refused = [v for v in evaluate(intent, taken, limits) if not v.passed]
    if refused:
        raise RuntimeError(f"the order should pass: {refused}")
    settle()
    works: dict[str, Work] = {
        "machine": fixed_work,
        "checks": lambda: evaluate(intent, taken, limits),
        "snapshot": lambda: snapshot_take(intent, at=clock.now()),
        "judged": lambda: gate_judge(intent=again, at=clock.now(), before_wire=True),
        "door": lambda: gate_check(intent=intent, at=clock.now()),
        "second look": lambda: gate_check(intent=again, at=clock.now(), before_wire=True),
    }
    for name, work in works.items():
        say(what="gate", part=name, **measured(work), load=load())
    for name in ("door", "second look"):
        told = measured(works[name], before=rows.revalue)
        say(what="gate", part=f"{name}, all revalued", **told, load=load())


def _intent(account: "BrokerAccount") -> OrderIntent:
    return OrderIntent(
        account_id=account.pk,
        con_id=FIRST,
        side="BUY",
        quantity=Decimal(10),
        order_type="LMT",
        tif="DAY",
        source="api",
        limit_price=Decimal(100),
        idempotency_key="k",
    )


def main() -> None:
    with stage() as there:
        account = rows.furnish()
        rows.quote(account.connection.slug)
        vendor = os.environ["DATABASE_URL"].partition(":")[0]
        say(what="surroundings", positions=POSITIONS, working=WORKING, database=vendor)
        in_process(account)
        posts(there, account.pk)


if __name__ == "__main__":
    main()

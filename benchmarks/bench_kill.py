"""Kill and cancel-all: from the call to the first cancel's bytes at the broker, past a full queue.

A whole portal with its gateway worker, simulator and Redis. Before each call 1,000 tasks are put
into the gateway's queue at once; then, in changing order, the call is made and a bare entry goes
over a list to another process (LPUSH → BRPOP). Both begin in this process, which has nothing else
to do, with the same client of the portal's; both end with the receiver's own time: bytes are
stamped in front of the simulator's socket. What they do not share is what is measured: the call
asks the database who may do this, and its word is read in the gateway worker, whose other threads
carry out the thousand tasks meanwhile, while the bare entry is read by a process that only waits
for it. So the list's figure is the floor of this machine at this moment, and the ratio says what
the portal adds. Prints JSON lines.
"""

import argparse
import os
import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Any
from uuid import uuid4

os.environ.setdefault("DATABASE_URL", "")

from benchmarks.order_stage import Stamps, order_stage
from benchmarks.processes import Part, load, part, say
from tests.portal import eventually
from tests.stack.risk_desk import Desk

if TYPE_CHECKING:
    from django.contrib.auth.models import User

QUEUE, TEMPLATE, BARE = "gateway.demo", "bench.template", "ibportal:bench:bare"
HELD = (12340041, 72063691, 8314)
QUEUED = 1000
ORDERS = 2
"""Working orders that each call finds."""
WARM_UP = 20


class Bench:
    def __init__(self, desk: Desk, reader: Part, stamps: Stamps) -> None:
        from apps.lib import redis as store  # noqa: PLC0415  # Django has its settings only now

        self.desk, self.reader, self.stamps = desk, reader, stamps
        self.redis = store.client()
        rows = desk.get(f"/accounts/{desk.pk}/positions/")["results"]
        self._prices = {row["con_id"]: float(row["market_price"]) for row in rows}
        self._turn = 0
        self._tasks = self._template()

    def rest(self) -> None:
        """Sales above the market, until the broker works them."""
        keys = [uuid4().hex for _ in range(ORDERS)]
        for number, key in enumerate(keys):
            con_id = HELD[(self._turn + number) % len(HELD)]
            price = f"{self._prices[con_id] * 1.03:.2f}"
            terms = {"con_id": con_id, "order_type": "LMT", "tif": "GTC", "limit_price": price}
            eventually(partial(self._accepted, key, terms), within=60, what="an accepted order")
        self._turn += ORDERS
        listed = ", ".join(f"'{key}'" for key in keys)
        sql = f"SELECT state FROM trading_order WHERE idempotency_key IN ({listed})"  # noqa: S608
        working = [("submitted",)] * ORDERS
        eventually(lambda: self.desk.select(sql) == working, within=60, what="working orders")

    def fill_queue(self) -> None:
        self.redis.lpush(QUEUE, *self._tasks)

    def bare(self) -> float:
        began = time.time()
        self.redis.lpush(BARE, b"x")
        return float(self.reader.hear()) - began

    def first_cancel(self, call: Callable[[], object]) -> float:
        """Seconds; the call itself goes on to write rows after the bytes are out."""
        self.stamps.forget("cancel")
        began = time.time()
        call()
        return self.stamps.next("cancel") - began

    def settle(self) -> None:
        """Nothing working, nothing queued."""
        sql = "SELECT count(*) FROM trading_order WHERE ended_at IS NULL AND source <> 'external'"
        eventually(lambda: self.desk.select(sql)[0][0] == 0, within=60, what="the cancels' end")
        eventually(lambda: not self.redis.llen(QUEUE), within=60, what="an empty queue")

    def _accepted(self, key: str, terms: dict[str, Any]) -> bool:
        return self.desk.order(key, "SELL", **terms)[0] == 201

    def _template(self) -> list[Any]:
        """Messages of an empty task, as Celery writes them, to be queued again and again."""
        from celery import current_app  # noqa: PLC0415  # likewise

        for _ in range(QUEUED):
            kwargs = {"reply_to": "ibportal:bench:nobody"}
            current_app.send_task("gateway.began", kwargs=kwargs, queue=TEMPLATE)
        found: Any = self.redis.lrange(TEMPLATE, 0, -1)
        self.redis.delete(TEMPLATE)
        return list(found)


def person() -> "User":
    """A fresh row, whose permissions are not known yet, as in a request."""
    from django.contrib.auth.models import User  # noqa: PLC0415  # likewise

    return User.objects.get(username="demo")


def calls(code: str) -> dict[str, tuple[Callable[["User"], object], Callable[[], object]]]:
    """Each with what has to be done after it."""
    from apps.accounts.models import BrokerAccount  # noqa: PLC0415  # likewise
    from apps.lib import clock  # noqa: PLC0415
    from apps.risk.services import kill_lift, kill_set  # noqa: PLC0415
    from apps.trading.services import orders_cancel_all  # noqa: PLC0415

    account = BrokerAccount.objects.select_related("connection").get(code=code)

    def kill(user: "User") -> object:
        return kill_set(user=user, account=account, level=3, reason="measured", at=clock.now())

    def cancel_all(user: "User") -> object:
        connection = account.connection
        return orders_cancel_all(user=user, account=account, connection=connection, at=clock.now())

    def lift() -> object:
        return kill_lift(user=person(), account=account, reason="measured", at=clock.now())

    return {"cancel-all": (cancel_all, lambda: None), "kill level 3": (kill, lift)}


def measure(bench: Bench, count: int) -> None:
    found: dict[str, list[float]] = {}
    bare: dict[str, list[float]] = {}
    named = calls(bench.desk.account)
    for turn in range(count):
        for name, (call, after) in named.items():
            bench.rest()
            user = person()
            bench.fill_queue()
            if turn % 2:
                bare.setdefault(name, []).append(bench.bare())
            found.setdefault(name, []).append(bench.first_cancel(partial(call, user)))
            if not turn % 2:
                bare.setdefault(name, []).append(bench.bare())
            after()
            bench.settle()
    for name in named:
        _tell(name, found[name], bare[name])


def _tell(name: str, found: list[float], bare: list[float]) -> None:
    wire, plain = figures(found), figures(bare)
    say(
        bench="kill",
        call=name,
        queued=QUEUED,
        wire_ms=wire,
        list_ms=plain,
        ratio_p50=round(wire["p50"] / plain["p50"], 2),
        ratio_p99=round(wire["p99"] / plain["p99"], 2),
        load=load(),
    )


def figures(seconds: list[float]) -> dict[str, float]:
    """Milliseconds."""
    ranked = sorted(seconds)
    last = ranked[min(len(ranked) - 1, round(0.99 * len(ranked)))]
    return {
        "n": len(ranked),
        "best": round(ranked[0] * 1000, 2),
        "p50": round(median(ranked) * 1000, 2),
        "p99": round(last * 1000, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=100)
    count = parser.parse_args().count
    with order_stage() as (portal, stamps):
        plan = {"redis_url": os.environ["REDIS_URL"], "key": BARE}
        with part("list_reader", plan) as reader:
            reader.hear()
            bench = Bench(Desk(portal), reader, stamps)
            for _ in range(WARM_UP):
                bench.bare()
            say(bench="kill", load=load(), database=os.environ.get("DATABASE_URL", "")[:8])
            measure(bench, count)


if __name__ == "__main__":
    main()

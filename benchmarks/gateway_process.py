"""A process that is a gateway for market data only: the session, and the pipeline to Redis."""

import json
import resource
import sys
import threading
import time
from pathlib import Path

import django

from apps.lib import clock
from apps.lib import redis as store
from apps.marketdata.pipeline import Pipeline
from benchmarks.decode_feeder import ACCOUNT
from benchmarks.decode_ticks import INSTRUMENTS
from ibkr.port import BrokerEvent
from ibkr.session import LinkSettings, Session
from ibkr.types import Contract, DataKindChanged, Greeks, LinkState, Tick
from ibportal.collector import settle

READY_WITHIN = 20.0
CONTRACTS = tuple(
    Contract(con_id=n, symbol=f"S{n}", sec_type="STK", currency="USD", exchange="SMART")
    for n in range(1, INSTRUMENTS + 1)
)


def session_to(port: int, pipeline: Pipeline) -> Session:
    """Connected and READY, with a line for each instrument."""

    def hear(event: BrokerEvent) -> None:
        if isinstance(event, Tick | Greeks | DataKindChanged):
            pipeline.put(event)

    settings = LinkSettings(
        host="127.0.0.1",
        port=port,
        client_id=1,
        mode="paper",
        pinned=(ACCOUNT,),
        time_zone="America/New_York",
        heartbeat_every=3600,
        heartbeat_limit=3600,
        messages_per_second=10_000,
    )
    up = threading.Event()
    session = Session(
        settings, hear, on_up=lambda _: up.set(), now=clock.now, on_quotes=pipeline.put_all
    )
    session.start()
    until = time.monotonic() + READY_WITHIN
    while not up.is_set() or session.link.state is not LinkState.READY:
        if time.monotonic() > until:
            raise TimeoutError(f"the link is {session.link}")
        time.sleep(0.01)
    session.port.subscribe_quotes(CONTRACTS)
    return session


def memory() -> int:
    """Bytes this process holds now; its peak where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return pages * resource.getpagesize()


def main() -> None:
    django.setup()
    plan = json.loads(sys.stdin.readline())
    pipeline = Pipeline(plan["slug"], store.client, flush_ms=plan["flush_ms"], now=clock.now)
    pipeline.start()
    session = session_to(plan["port"], pipeline)
    settle()
    numbers = session.port._by_number  # type: ignore[attr-defined]  # noqa: SLF001  # has no other door
    print(json.dumps({"first": min(numbers)}), flush=True)
    for _ in sys.stdin:
        state = session.link.state
        figures = {"cpu": time.process_time(), "memory": memory(), "state": state.value}
        print(json.dumps(figures), flush=True)
    session.stop()
    pipeline.stop()


if __name__ == "__main__":
    main()

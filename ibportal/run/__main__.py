"""The launcher behind `make run`: prepare, start the supervisor, say when it is ready, clean up."""

import os
import signal
import sys
import threading
import time
from types import FrameType

from django.core.exceptions import ImproperlyConfigured

from ibportal.env import Env
from ibportal.run import prepare, ready, simulator
from ibportal.run.plan import BASE_DIR, CannotStart, Plan, make_plan, write_environment
from ibportal.run.programs import configuration, programs
from ibportal.run.supervisor import Supervisor

READY_WITHIN = 40.0


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  # this is a terminal program


def main() -> int:
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)
    os.umask(0o077)  # what is kept in var/ is for its owner alone
    env = Env()
    try:
        env.file(BASE_DIR / ".env")
        var = env.folder("VAR_DIR", default=BASE_DIR / "var")
        with prepare.only_one(var):
            return run(make_plan(env, var), stopping)
    except (CannotStart, ImproperlyConfigured) as error:
        say(f"Cannot start: {error}")
        return 1


def run(plan: Plan, stopping: threading.Event) -> int:
    simulator.check(plan)
    os.environ.update(plan.environment)
    write_environment(plan)
    slugs = prepare.database_and_files(plan, say)
    supervisor = Supervisor(plan.var, configuration(plan, programs(plan, slugs)))
    say("Starting the processes …")
    supervisor.start()
    try:
        _attend(plan, supervisor, stopping)
    finally:
        say("Stopping…")
        supervisor.stop()
    say("Stopped. `make run` continues where this left off.")
    return 0


def _attend(plan: Plan, supervisor: Supervisor, stopping: threading.Event) -> None:
    """Until somebody stops it: keeps the supervisor up and says when the rest has come up."""
    started = time.monotonic()
    address = f"http://127.0.0.1:{plan.web_port}/"
    watch = ready.Watch(address, say)
    is_ready = ready.wait(watch, READY_WITHIN, stopping)
    if not stopping.is_set():
        _welcome(plan, address, time.monotonic() - started, is_ready=is_ready)
    while not stopping.wait(1.0):
        supervisor.keep()
        if not is_ready and watch.look():
            is_ready = True
            say(f"  Everything is ready now:  {address}")


def _welcome(plan: Plan, address: str, seconds: float, *, is_ready: bool) -> None:
    say("")
    if is_ready:
        say(f"  ibportal is ready after {seconds:.0f} s:  {address}")
    else:
        say(f"  Not everything is ready yet (see above, and the logs in {plan.var / 'log'}).")
        say(f"  The pages say what is missing:  {address}")
    say(f"  user: demo   password: {plan.demo_password}   (as first set; change it in the admin)")
    if plan.simulator:
        say("  Showing the simulated broker. Set IB_HOST and IB_PORT in .env for your own gateway.")
    say("  Ctrl-C stops everything.")
    say("")


if __name__ == "__main__":
    sys.exit(main())

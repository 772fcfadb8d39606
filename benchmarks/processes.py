"""Processes of a benchmark: what they cost, what they say, and their end."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.stage import BASE_DIR, Stage
from ibportal.run.plan import Plan, free_port
from ibportal.run.programs import programs

PORTAL = "ibportal.asgi:application"
START_WITHIN = 30.0


def cpu_of(pid: int) -> float:
    """Seconds of CPU a process has used, all threads: Linux keeps a clock for each process."""
    return time.clock_gettime(~pid << 3 | 2)


def load() -> str:
    """What else the machine was doing: the figures are only as quiet as it was."""
    return f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def say(**figures: Any) -> None:
    print(json.dumps(figures), flush=True)


class Part:
    """A module of this folder in a process of its own; JSON lines in both directions."""

    def __init__(self, module: str, plan: dict[str, Any]) -> None:
        self._process = subprocess.Popen(  # noqa: S603  # our own module
            [sys.executable, "-m", f"benchmarks.{module}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=BASE_DIR,
        )
        self.tell(plan)

    @property
    def pid(self) -> int:
        return self._process.pid

    def tell(self, order: Any) -> None:
        assert self._process.stdin is not None  # noqa: S101  # it is a pipe
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()

    def hear(self) -> Any:
        assert self._process.stdout is not None  # noqa: S101  # it is a pipe
        line = self._process.stdout.readline()
        if not line:
            raise EOFError(f"a part of the benchmark ended with {self._process.wait(10)}")
        return json.loads(line)

    def ask(self, order: Any) -> Any:
        self.tell(order)
        return self.hear()

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


@contextmanager
def part(module: str, plan: dict[str, Any]) -> Iterator[Part]:
    made = Part(module, plan)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def browsers(**plan: Any) -> Iterator[Part]:
    """`count` browsers that follow the stream and have got their first frame; see browsers.py."""
    with part("browsers", plan) as made:
        made.hear()
        yield made


@contextmanager
def web(stage: Stage, application: str = PORTAL) -> Iterator[tuple[int, int]]:
    """An ASGI application under uvicorn with the portal's own options: its port and process id."""
    port = free_port()
    command = [word.replace(PORTAL, application) for word in _web_command(stage.folder, port)]
    with subprocess.Popen(command, cwd=BASE_DIR) as process:  # noqa: S603  # our own command
        try:
            _wait_for(port, process)
            yield port, process.pid
        finally:
            process.terminate()


def _web_command(folder: Path, port: int) -> list[str]:
    plan = Plan(
        var=folder,
        web_port=port,
        environment={},
        embedded_redis=None,
        simulator=None,
        simulator_control=None,
        demo_password="",
    )
    command = next(program.command for program in programs(plan, ()) if program.name == "web")
    return [*command, "--log-level", "warning"]


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_WITHIN
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the web server did not start in time")

"""A twsim of one's own: a real process on free ports, with its control interface in Python."""

import atexit
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

START_SECONDS = 60.0
ROOT = Path(__file__).parents[2]
Json = dict[str, Any]


class ControlError(Exception):
    """The simulator refused a control request; status and sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(f"{status}: {sentence}")
        self.status = status
        self.sentence = sentence


def wait_until(what: Callable[[], Any], *, seconds: float = 30.0, says: str = "") -> Any:
    """The first true value of `what`; AssertionError when it does not come in time."""
    limit = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > limit:
            raise AssertionError(f"not within {seconds:g} s: {says or what}")
        threading.Event().wait(0.01)


class Simulator:
    """`python -m twsim` as a child process."""

    host = "127.0.0.1"

    def __init__(self, arguments: list[str]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="twsim-"))
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        self.ledger_path = self.folder / "ledger.jsonl"
        self._errors = (self.folder / "stderr.txt").open("w+")
        command = [sys.executable, "-m", "twsim", "--ledger", str(self.ledger_path), *arguments]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=self._errors, text=True
        )
        words = self._first_line().split()
        facts = dict(word.split("=", 1) for word in words if "=" in word)
        self.port = int(facts["listening"].rpartition(":")[2])
        self.control_port = int(facts["control"].rpartition(":")[2])
        self.control_url = f"http://{self.host}:{self.control_port}"
        self.server_version = int(facts["server_version"])
        self.scenario = facts["scenario"]

    def _first_line(self) -> str:
        found: list[str] = []
        output: IO[str] | None = self.process.stdout
        assert output is not None
        reader = threading.Thread(target=lambda: found.append(output.readline()), daemon=True)
        reader.start()
        reader.join(START_SECONDS)
        if not found or not found[0].startswith("twsim listening="):
            self.stop()
            raise AssertionError(f"twsim did not start: {found!r} {self.errors()}")
        return found[0]

    def errors(self) -> str:
        """What it has written to stderr."""
        return (self.folder / "stderr.txt").read_text()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15.0)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._errors.close()

    # control

    def call(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.control_url + path, data=data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise ControlError(error.code, json.load(error)["error"]) from None

    def fault(self, kind: str, **parameters: Any) -> Any:
        return self.call("POST", "/fault", {"kind": kind, **parameters})["result"]

    def market(self, symbol: str | int, price: float) -> None:
        """From now on the instrument trades around this price."""
        self.call("POST", "/market", {"symbol": symbol, "price": price})

    def ledger(self, kind: str | None = None) -> list[Json]:
        rows: list[Json] = self.call("GET", "/ledger")
        return [row for row in rows if kind is None or row["kind"] == kind]

    def state(self) -> Json:
        state: Json = self.call("GET", "/state")
        return state

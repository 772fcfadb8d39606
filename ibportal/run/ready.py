"""Waits for /readyz and tells the terminal what it is waiting for."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

PATIENCE = 10.0
"""Seconds a part may take to start before the terminal says what it is waiting for."""


class Watch:
    """Asks /readyz and tells the terminal what is new: what works, and what does not and why."""

    def __init__(self, address: str, say: Callable[[str], None]) -> None:
        self._url = f"{address}readyz"
        self._say = say
        self._told: dict[str, str] = {}
        self._since = time.monotonic()
        self.web_answers = False

    def look(self) -> bool:
        """Whether everything is ready now."""
        report = _ask(self._url)
        self.web_answers = self.web_answers or bool(report)
        late = time.monotonic() - self._since > PATIENCE
        for name, check in report.get("checks", {}).items():
            text = check["detail"] if check["ok"] else f"not ready: {check['detail']}"
            if (check["ok"] and name not in self._told) or (late and self._news(name, check)):
                self._told[name] = text
                self._say(f"  {name}: {text}")
        return bool(report.get("ready"))

    def _news(self, name: str, check: dict[str, Any]) -> bool:
        told = self._told.get(name, "")
        if check["ok"]:
            return told.startswith("not ready")
        return told != f"not ready: {check['detail']}"


def wait(watch: Watch, seconds: float, stopping: threading.Event) -> bool:
    """True when everything is ready, False when the time is over or somebody stops it."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and not stopping.is_set():
        if watch.look():
            return True
        stopping.wait(0.3)
    return False


def _ask(url: str) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  # our own address
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        return dict(json.load(error)) if error.code == 503 else {}
    except (OSError, ValueError):
        return {}

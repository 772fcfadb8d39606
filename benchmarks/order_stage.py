"""A portal for the benchmarks of orders and of the kill: counts without limits, a tap, and a
person's program."""

import http.client
import http.cookiejar
import json
import os
import queue
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from benchmarks.processes import Part, part
from tests.portal import Portal, eventually

COUNTS = ("orders", "orders_instrument", "cancels", "cancels_instrument")
WITHIN = 60.0
IDLE = 3.0
STAMPED = ("place", "cancel", "global cancel")
"""What wire_tap tells."""


class Caller:
    """A person's program: logged in once, one connection that is kept."""

    def __init__(self, portal: Portal) -> None:
        jar = http.cookiejar.CookieJar()
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        browser.open(f"{portal.address}/login/").read()
        form = {"username": "demo", "password": portal.password}
        form["csrfmiddlewaretoken"] = _cookies(jar)["csrftoken"]
        browser.open(f"{portal.address}/login/", urllib.parse.urlencode(form).encode()).read()
        cookies = _cookies(jar)
        self._headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
            "X-CSRFToken": cookies["csrftoken"],
            "Content-Type": "application/json",
        }
        self._line = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=20)
        self._used = 0.0

    def ready(self) -> None:
        """The server closes what was idle for five seconds."""
        if time.monotonic() - self._used > IDLE:
            self._line.close()
            self._line.connect()
            self._used = time.monotonic()

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Raises RuntimeError for a refusal: there should be none."""
        headers = self._headers | {"Idempotency-Key": uuid4().hex}
        self._line.request("POST", f"/api/v1{path}", json.dumps(body).encode(), headers)
        answer = self._line.getresponse()
        told = answer.read()
        self._used = time.monotonic()
        if answer.status not in (200, 201, 202):
            raise RuntimeError(f"{path} was answered {answer.status}: {told[:500]!r}")
        return json.loads(told or b"null")


class Stamps:
    """When the bytes of each kind of message came to the broker."""

    def __init__(self, tap: Part) -> None:
        self._tap = tap
        self._found: dict[str, queue.Queue[float]] = {kind: queue.Queue() for kind in STAMPED}
        threading.Thread(target=self._listen, daemon=True).start()

    def next(self, kind: str) -> float:
        return self._found[kind].get(timeout=30)

    def forget(self, kind: str) -> None:
        """What has come so far is not asked for any more."""
        while not self._found[kind].empty():
            self._found[kind].get()

    def _listen(self) -> None:
        with suppress(EOFError):
            while True:
                kind, at = self._tap.hear()
                self._found[kind].put(at)


@contextmanager
def order_stage() -> Iterator[tuple[Portal, Stamps]]:
    """This process becomes one more of the portal's."""
    with tempfile.TemporaryDirectory(prefix="ibportal-bench-") as folder:
        portal, server = Portal(Path(folder), LOG_LEVEL="WARNING"), os.environ["DATABASE_URL"]
        try:
            portal.start()
            _join(portal)
            _allow()
            time.sleep(20)  # prices of everything that is held, and the guard's first look
            with part("wire_tap", {"port": _broker()}) as tap:
                _lead_through(tap.hear(), portal)
                yield portal, Stamps(tap)
        finally:
            os.environ["DATABASE_URL"] = server
            portal.close()


def _cookies(jar: http.cookiejar.CookieJar) -> dict[str, str]:
    return {cookie.name: cookie.value or "" for cookie in jar}


def _join(portal: Portal) -> None:
    import django  # noqa: PLC0415  # it has its settings only now

    run_env = (portal.folder / "var" / "run.env").read_text(encoding="utf-8")
    found = dict(line.split("=", 1) for line in run_env.splitlines() if "=" in line)
    if not portal.settings_environment().get("DATABASE_URL"):
        os.environ.pop("DATABASE_URL", None)
    os.environ.update(portal.settings_environment(), **found)
    os.environ["DJANGO_SETTINGS_MODULE"] = "ibportal.settings"
    django.setup()


def _allow() -> None:
    """The day's limits are no matter of this benchmark."""
    from django.contrib.auth.models import User  # noqa: PLC0415  # likewise

    from apps.lib import clock  # noqa: PLC0415
    from apps.risk.services import limit_change  # noqa: PLC0415

    user = User.objects.get(username="demo")
    for name in COUNTS:
        limit_change(
            user=user,
            code="daily_count",
            name=name,
            value="20000",
            reason="measured",
            at=clock.now(),
        )


def _broker() -> int:
    from apps.accounts.models import Connection  # noqa: PLC0415  # likewise

    return Connection.objects.get(slug="demo").port


def _lead_through(port: int, portal: Portal) -> None:
    """The gateway worker follows its connection's row."""
    from apps.accounts.models import Connection, LinkEvent  # noqa: PLC0415  # likewise

    newest = LinkEvent.objects.latest("pk").pk
    Connection.objects.filter(slug="demo").update(port=port)
    ready = LinkEvent.objects.filter(pk__gt=newest, state="ready")
    eventually(ready.exists, within=WITHIN, what="a link through the tap")
    eventually(lambda: portal.readiness()["ready"], within=WITHIN, what="a ready portal")

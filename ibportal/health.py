"""/healthz says the process is alive; /readyz checks each part a working portal needs."""

import shutil
from collections.abc import Callable
from pathlib import Path

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from apps.accounts import selectors
from apps.lib import redis as store

Check = tuple[bool, str]
DISK_LEAST = 200 * 1024 * 1024
MEMORY_LEAST = 100 * 1024


@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    return JsonResponse({"alive": True})


@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """200 when every check is ok, else 503; each check says in words what it found."""
    checks: dict[str, Check] = {}
    for name, check in CHECKS.items():
        checks[name] = _guarded(check)
    if checks["database"][0] and checks["redis"][0]:
        checks |= _links()
    ready = all(ok for ok, _ in checks.values())
    report = {name: {"ok": ok, "detail": detail} for name, (ok, detail) in checks.items()}
    response = JsonResponse({"ready": ready, "checks": report}, status=200 if ready else 503)
    # Not being ready is an answer, not an error for Django to log at every poll.
    response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
    return response


def _guarded(check: Callable[[], Check]) -> Check:
    try:
        return check()
    except (DatabaseError, redis.RedisError, OSError) as error:
        return False, f"does not answer ({type(error).__name__})"


def _database() -> Check:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True, connection.vendor


def _redis() -> Check:
    store.client().ping()
    return True, "answers"


def _pulse(name: str, sentence: str) -> Callable[[], Check]:
    def check() -> Check:
        alive = store.client().exists(store.PULSE.format(name=name))
        return (True, "alive") if alive else (False, sentence)

    return check


def _disk() -> Check:
    free = shutil.disk_usage(settings.BASE_DIR).free
    return free > DISK_LEAST, f"{free // 2**20} MiB free"


def _memory() -> Check:
    source = Path("/proc/meminfo")
    if not source.exists():
        return True, "not measured on this system"
    rows = dict(line.split(":", 1) for line in source.read_text(encoding="ascii").splitlines())
    available = int(rows["MemAvailable"].split()[0])
    return available > MEMORY_LEAST, f"{available // 1024} MiB available"


def _links() -> dict[str, Check]:
    """One check per enabled connection: its worker, its link, and whether data arrives."""
    return {
        f"link {slug}": (row["state"] == "ready", row["sentence"])
        for slug, row in selectors.links_state().items()
    }


CHECKS: dict[str, Callable[[], Check]] = {
    "database": _database,
    "redis": _redis,
    "worker": _pulse("worker", "no sign of life from the default worker"),
    "beat": _pulse("beat", "no task scheduled by beat has run lately"),
    "memory": _memory,
    "disk": _disk,
}

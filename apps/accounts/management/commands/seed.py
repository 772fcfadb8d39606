"""manage.py seed: the first connection and the demo user; harmless at every start."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.accounts.services import demo_seed
from apps.lib.errors import Invalid


class Command(BaseCommand):
    help = "Makes the first connection and the user “demo”. A second run keeps a changed password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        real = bool(settings.IB_HOST)
        parser.add_argument("--slug", default="ib" if real else "demo")
        parser.add_argument("--host", default=settings.IB_HOST or "127.0.0.1")
        parser.add_argument("--port", type=int, default=settings.IB_PORT)
        parser.add_argument("--client-id", type=int, default=settings.IB_CLIENT_ID)
        parser.add_argument("--mode", default=settings.IB_MODE, choices=["paper", "live"])
        parser.add_argument("--accounts", default=settings.IB_ACCOUNTS, help="comma-separated ids")
        parser.add_argument("--password", default="", help="of the user demo, when it is new")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        names = ("slug", "host", "port", "client_id", "mode", "accounts", "password")
        try:
            connection = demo_seed(**{name: options[name] for name in names})
        except Invalid as error:
            details = "; ".join(text for texts in error.fields.values() for text in texts)
            raise CommandError(f"{error.sentence} {details}") from error
        self.stdout.write(f"Connection {connection.slug}: {connection.host}:{connection.port}")

"""manage.py risk_table: renews the table of controls in docs/risk.md from the code."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.risk.table import placed


class Command(BaseCommand):
    help = "Writes the forty controls with scope, defaults and meaning into docs/risk.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only say whether it is current")
        parser.add_argument("--path", type=Path, default=settings.BASE_DIR / "docs" / "risk.md")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        path: Path = options["path"]
        text = path.read_text(encoding="utf-8")
        fresh = placed(text)
        if options["check"] and fresh != text:
            raise CommandError(f"{path} is out of date: run manage.py risk_table.")
        if fresh != text:
            path.write_text(fresh, encoding="utf-8")
        self.stdout.write(f"{path} is current.")

"""manage.py audit_export: the audit as CSV, oldest first, on standard output or in a file."""

import csv
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand

from apps.accounts.models import AuditEvent
from apps.accounts.selectors import audit_rows


class Command(BaseCommand):
    help = "Writes the whole audit as CSV. Account ids are masked unless --unmask is given."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--output", type=Path, help="a file; standard output without it")
        parser.add_argument("--unmask", action="store_true", help="whole account ids")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        if options["output"] is None:
            self._write(self.stdout, unmask=options["unmask"])  # type: ignore[arg-type]
            return
        with options["output"].open("w", newline="", encoding="utf-8") as file:
            self._write(file, unmask=options["unmask"])

    def _write(self, file: TextIO, *, unmask: bool) -> None:
        events = AuditEvent.objects.order_by("sequence").iterator(chunk_size=1000)
        csv.writer(file, lineterminator="\n").writerows(audit_rows(events, unmask=unmask))

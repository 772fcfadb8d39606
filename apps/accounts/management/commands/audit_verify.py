"""manage.py audit_verify: is the audit chain whole? Exit code 1 where it is not."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.accounts.selectors import audit_verified


class Command(BaseCommand):
    help = "Recomputes the hash chain of the audit and says where it breaks."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        verdict = audit_verified()
        if not verdict.whole:
            raise CommandError(f"Broken at event {verdict.broken_at}: {verdict.reason}.")
        self.stdout.write(f"{verdict.count} events, the chain is whole.")

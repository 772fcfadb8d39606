"""manage.py rotate_secrets: seals every secret again with the first key of FIELD_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.lib import clock
from apps.lib.errors import PortalError
from apps.risk import services


class Command(BaseCommand):
    help = "Seals every secret with the first key of FIELD_KEYS; afterwards older keys can go."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        try:
            count = services.secrets_rotate(by="command", at=clock.now())
        except PortalError as error:
            raise CommandError(f"{error.sentence} {error.remedy}") from error
        self.stdout.write(f"{count} secrets are sealed with the first key.")

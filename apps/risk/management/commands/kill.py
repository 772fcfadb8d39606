"""manage.py kill: sets a kill level, or lifts it in the name of a person who may."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import BrokerAccount
from apps.lib import clock
from apps.lib.errors import Invalid, PortalError
from apps.risk import services
from apps.risk.selectors import own_level

SOURCE = "command"


class Command(BaseCommand):
    help = (
        "Stops trading: 1 no new risk, 2 reduce only, 3 cancel our working orders, 4 flatten, "
        "5 drop the connection. 0 lifts, and needs --user."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--level", type=int, required=True, choices=range(6))
        parser.add_argument("--account", default="", help="account id; empty: everything")
        parser.add_argument("--reason", required=True)
        parser.add_argument("--user", default="", help="in whose name; needed to lift")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        try:
            account = _account(options["account"])
            user = _user(options["user"])
            if options["level"] == 0:
                self._lift(user, account, options["reason"])
            else:
                services.kill_set(
                    user=user,
                    account=account,
                    level=options["level"],
                    reason=options["reason"],
                    at=clock.now(),
                    source=SOURCE,
                    by=SOURCE,
                )
        except PortalError as error:
            raise CommandError(_told(error)) from error
        level = own_level(None if account is None else account.pk)
        self.stdout.write(f"{account or 'everything'}: kill level {level}")

    def _lift(self, user: User | None, account: BrokerAccount | None, reason: str) -> None:
        if user is None:
            raise CommandError("Lifting needs --user: a person with the permission to lift.")
        services.kill_lift(user=user, account=account, reason=reason, at=clock.now(), source=SOURCE)


def _account(code: str) -> BrokerAccount | None:
    if not code:
        return None
    found = BrokerAccount.objects.filter(code=code).select_related("connection").first()
    if found is None:
        raise CommandError(f"There is no account {code}.")
    return found


def _user(name: str) -> User | None:
    if not name:
        return None
    found = User.objects.filter(username=name, is_active=True).first()
    if found is None:
        raise CommandError(f"There is no user {name}.")
    return found


def _told(error: PortalError) -> str:
    fields = error.fields.values() if isinstance(error, Invalid) else []
    details = " ".join(text for texts in fields for text in texts)
    return f"{error.sentence} {details} {error.remedy}".strip()

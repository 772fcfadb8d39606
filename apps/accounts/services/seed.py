"""The first connection and the first user, so that a fresh installation shows something."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.utils.translation import gettext as _

from apps.accounts.models import Connection
from apps.accounts.services.connections import connection_create, connection_update
from apps.lib.errors import Invalid

SIMULATED, REAL = "demo", "ib"
DEMO_USER = "demo"


def demo_seed(
    *, slug: str, host: str, port: int, client_id: int, mode: str, accounts: str, password: str
) -> Connection:
    """Makes or updates the connection and makes the superuser `demo`; may run at every start.

    Of the two seeded connections, simulator and real, the one named by `slug` is on and the other
    off. What a person changed besides address, mode and accounts stays; so does a password.
    """
    _switch_off(REAL if slug == SIMULATED else SIMULATED)
    address: dict[str, Any] = {
        "host": host,
        "port": port,
        "client_id": client_id,
        "mode": mode,
        "pinned_accounts": accounts,
        "enabled": True,
    }
    connection = Connection.objects.filter(slug=slug).first()
    if connection is None:
        label = "Simulated TWS" if slug == SIMULATED else "Interactive Brokers"
        connection = connection_create(slug=slug, label=label, **address)
    elif any(getattr(connection, name) != value for name, value in address.items()):
        connection_update(connection, **address)
    _user(password)
    return connection


def _switch_off(slug: str) -> None:
    other = Connection.objects.filter(slug=slug, enabled=True).first()
    if other is not None:
        connection_update(other, enabled=False)


def _user(password: str) -> AbstractUser | None:
    users = get_user_model().objects
    if users.filter(username=DEMO_USER).exists():
        return None
    if not password:
        raise Invalid(
            _("The demo user needs a password to begin with."),
            fields={"password": [_("Pass it with --password.")]},
        )
    return users.create_superuser(DEMO_USER, password=password)

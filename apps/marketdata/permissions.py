"""Which connections' market data a user may see, and who may start and stop it."""

from django.contrib.auth.models import AbstractUser
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import Connection
from apps.accounts.permissions import User, is_user, may_manage
from apps.accounts.selectors import accounts_visible
from apps.lib.errors import NotAllowed, NotFound

STREAM = "marketdata.change_streamconfig"


def connections_visible(user: User) -> QuerySet[Connection]:
    """The enabled connections the user has an account on; all for those who manage them."""
    enabled = Connection.objects.filter(enabled=True)
    if may_manage(user):
        return enabled
    return enabled.filter(pk__in=accounts_visible(user).values("connection"))


def connection_get(user: User, slug: str) -> Connection:
    """Raises NotFound for what is missing and, with the same words, for what is not theirs."""
    found = connections_visible(user).filter(slug=slug).first()
    if found is None:
        raise NotFound(
            _("There is no such connection, or you have no account on it."),
            remedy=_("Ask an administrator for a grant on one of its accounts."),
        )
    return found


def check_may_stream(user: User) -> None:
    """Raises NotAllowed to those who may look at streams and not change them."""
    allowed = is_user(user) and isinstance(user, AbstractUser) and user.has_perm(STREAM)
    if not allowed:
        raise NotAllowed(
            _("You may not change what is streamed."),
            remedy=_("Ask an administrator for the permission to change streams."),
        )

"""One order for whoever acts on it, as a person may see it, by prepared queries."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import BrokerAccount, Connection
from apps.accounts.permissions import User, is_superuser, is_user
from apps.lib.errors import NotFound
from apps.lib.prepared import Asked, Whole
from apps.trading.models import Order

NUMBERS = 10**18
"""Keys are smaller; what is not fits no column."""
HELD = {"account": BrokerAccount, "connection": Connection}


def _granted(order_id: int, user_id: int) -> QuerySet[Order]:
    return Order.objects.filter(pk=order_id, account__grants__user=user_id).order_by()


ANY = Whole(Order, lambda order_id: Order.objects.filter(pk=order_id).order_by(), **HELD)
GRANTED = Whole(Order, _granted, **HELD)


def order_to_cancel(user: User, pk: int) -> Order:
    """With its account and connection. Raises NotFound as `order_get` does."""
    found = None
    for asked in order_to_cancel_asked(user, pk):
        found = (ANY if is_superuser(user) else GRANTED).first(**asked.values)
    if found is None:
        raise NotFound(
            _("There is no such order, or you have not been given access to its account."),
            remedy=_("Ask an administrator for a grant on the account."),
        )
    found.account.seen_by = user.pk
    return found


def order_to_cancel_asked(user: User, pk: int) -> list[Asked]:
    """The question of `order_to_cancel` for `together`; none where nothing can be found."""
    if not is_user(user) or user.pk is None or pk >= NUMBERS:
        return []
    if is_superuser(user):
        return [ANY.asked(order_id=pk)]
    return [GRANTED.asked(order_id=pk, user_id=int(user.pk))]

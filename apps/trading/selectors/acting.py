"""One order for whoever acts on it, as a person may see it, by prepared queries."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import BrokerAccount, Connection
from apps.accounts.permissions import User, is_superuser, is_user
from apps.lib.errors import NotFound
from apps.lib.prepared import Asked, Whole
from apps.marketdata.models import Instrument
from apps.trading.models import Order

NUMBERS = 10**18
"""Keys are smaller; what is not fits no column."""
HELD = {"account": BrokerAccount, "connection": Connection}
SHAPED = HELD | {"instrument": Instrument}
Pair = tuple[Whole[Order], Whole[Order]]
"""For who sees all accounts, and for who needs a grant."""


def _any(order_id: int) -> QuerySet[Order]:
    return Order.objects.filter(pk=order_id).order_by()


def _granted(order_id: int, user_id: int) -> QuerySet[Order]:
    return Order.objects.filter(pk=order_id, account__grants__user=user_id).order_by()


CANCELS = Whole(Order, _any, **HELD), Whole(Order, _granted, **HELD)
CHANGES = Whole(Order, _any, **SHAPED), Whole(Order, _granted, **SHAPED)


def order_to_cancel(user: User, pk: int) -> Order:
    """With its account and connection. Raises NotFound as `order_get` does."""
    return _seen(CANCELS, user, pk)


def order_to_cancel_asked(user: User, pk: int) -> list[Asked]:
    """The question of `order_to_cancel` for `together`; none where nothing can be found."""
    return [whole.asked(**values) for whole, values in _questions(CANCELS, user, pk)]


def order_to_change(user: User, pk: int) -> Order:
    """With its account, connection and instrument. Raises NotFound as `order_get` does."""
    return _seen(CHANGES, user, pk)


def _seen(pair: Pair, user: User, pk: int) -> Order:
    for whole, values in _questions(pair, user, pk):
        found = whole.first(**values)
        if found is not None:
            found.account.seen_by = user.pk
            return found
    raise NotFound(
        _("There is no such order, or you have not been given access to its account."),
        remedy=_("Ask an administrator for a grant on the account."),
    )


def _questions(pair: Pair, user: User, pk: int) -> list[tuple[Whole[Order], dict[str, int]]]:
    if not is_user(user) or user.pk is None or pk >= NUMBERS:
        return []
    everything, granted = pair
    if is_superuser(user):
        return [(everything, {"order_id": pk})]
    return [(granted, {"order_id": pk, "user_id": int(user.pk)})]

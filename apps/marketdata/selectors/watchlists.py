"""A user's own watchlists."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.permissions import User
from apps.lib.errors import NotFound
from apps.marketdata.models import Watchlist


def watchlists_of(user: User) -> QuerySet[Watchlist]:
    return Watchlist.objects.filter(user=user.pk).prefetch_related("items__instrument")


def watchlist_get(user: User, pk: int) -> Watchlist:
    """Raises NotFound for what is missing and for what is another user's."""
    found = watchlists_of(user).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such watchlist of yours."))
    return found

"""Strategies as a person may see them."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.permissions import User
from apps.accounts.selectors import accounts_visible
from apps.lib.errors import NotFound
from apps.trading.models import Strategy


def strategies_visible(user: User) -> QuerySet[Strategy]:
    rows = Strategy.objects.filter(account__in=accounts_visible(user))
    return rows.select_related("account__connection")


def strategy_get(user: User, pk: int | str) -> Strategy:
    """Raises NotFound for what is missing and, with the same words, for what is not theirs."""
    found = None
    if str(pk).isascii() and str(pk).isdigit() and len(str(pk)) < 19:
        found = strategies_visible(user).filter(pk=int(pk)).first()
    if found is None:
        raise NotFound(_("There is no such strategy, or it is of an account you may not see."))
    return found

"""Strategies, their policies and their target weights, as a person may see them."""

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from apps.accounts.permissions import User
from apps.accounts.selectors import accounts_visible
from apps.lib.errors import NotFound
from apps.trading.models import DecisionSnapshot, Policy, Strategy, TargetWeight


def strategies_visible(user: User) -> QuerySet[Strategy]:
    """Those of the accounts the user sees."""
    rows = Strategy.objects.select_related("account__connection")
    return rows.filter(account__in=accounts_visible(user))


def strategy_get(user: User, pk: int | str) -> Strategy:
    """Raises NotFound for what is missing and, with the same words, for what is not theirs."""
    found = None
    if str(pk).isascii() and str(pk).isdigit() and len(str(pk)) < 19:
        found = strategies_visible(user).filter(pk=int(pk)).first()
    if found is None:
        raise NotFound(_("There is no such strategy, or it is of an account you may not see."))
    return found


def policy_newest(strategy_id: int) -> Policy | None:
    """None: nobody has made one, the usual rules hold."""
    return Policy.objects.filter(strategy=strategy_id).order_by("-version").first()


def policies_of(strategy_id: int) -> QuerySet[Policy]:
    """Every version, the newest first."""
    rows = Policy.objects.filter(strategy=strategy_id).select_related("made_by")
    return rows.order_by("-version")


def snapshots_of(strategy_id: int) -> QuerySet[DecisionSnapshot]:
    """The newest first; that one is what a run freezes."""
    return DecisionSnapshot.objects.filter(strategy=strategy_id).select_related("made_by")


def snapshot_get(user: User, pk: int) -> DecisionSnapshot:
    """With its weights and instruments. Raises NotFound."""
    weights = TargetWeight.objects.select_related("instrument")
    rows = DecisionSnapshot.objects.filter(strategy__in=strategies_visible(user))
    rows = rows.select_related("strategy__account", "made_by")
    found = rows.prefetch_related(Prefetch("weights", queryset=weights)).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There are no such weights, or they are of an account you may not see."))
    return found

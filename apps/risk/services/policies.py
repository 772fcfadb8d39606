"""The guard's limits of an account."""

from apps.accounts.models import BrokerAccount
from apps.risk.guard import GuardLimits
from apps.risk.guard.policies import limits_from
from apps.risk.selectors.limits import limits_of


def limits_for(account: BrokerAccount) -> GuardLimits:
    return limits_from(limits_of(account))

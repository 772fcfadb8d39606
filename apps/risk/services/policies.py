"""The guard's limits of an account."""

from apps.accounts.models import BrokerAccount
from apps.risk.guard import GuardLimits
from apps.risk.guard.policies import limits_from
from apps.risk.policy import Limits, Subject


def limits_for(account: BrokerAccount) -> GuardLimits:
    return limits_from(Limits(Subject(account_id=account.pk, connection_id=account.connection_id)))

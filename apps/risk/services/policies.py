"""The guard's limits of an account."""

from apps.accounts.models import BrokerAccount
from apps.risk.guard import GuardLimits
from apps.risk.guard.policies import limits_from
from apps.risk.policy import Subject
from apps.risk.selectors.limits import limits_for as limits_about
from apps.risk.selectors.limits import limits_of

FUND = "ETF"


def limits_for(account: BrokerAccount) -> GuardLimits:
    of_funds = Subject(
        connection_id=account.connection_id, account_id=account.pk, kind=FUND, sec_type=FUND
    )
    return limits_from(limits_of(account), limits_about(of_funds))

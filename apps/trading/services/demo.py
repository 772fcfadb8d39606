"""The demo's strategy: thirty names, a schedule, and weights that give something to trade."""

from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User

from apps.accounts.models import BrokerAccount
from apps.accounts.selectors import link_effective
from apps.accounts.services.seed import DEMO_USER, SIMULATED
from apps.lib.errors import PortalError
from apps.marketdata.services import instrument_fetch
from apps.trading.models import Policy, Strategy
from apps.trading.services.schedules import schedule_save
from apps.trading.services.snapshots import snapshot_create
from apps.trading.services.strategies import strategy_create
from ibkr.types import LinkState

NAME = "demo"
ACCOUNT = "DU1234567"
ORIGIN = "admin"
WEIGHTS = {
    265598: "0.050",  # AAPL
    272093: "0.045",  # MSFT
    4815747: "0.050",  # NVDA
    208813719: "0.030",  # GOOGL
    3691937: "0.030",  # AMZN
    107113386: "0.015",  # META
    76792991: "0.010",  # TSLA
    4391: "0.010",  # AMD
    270639: "0.005",  # INTC
    15124833: "0.010",  # NFLX
    8314: "0.010",  # IBM
    1520593: "0.020",  # JPM
    10098: "0.010",  # BAC
    49462172: "0.015",  # V
    8719: "0.015",  # JNJ
    8894: "0.010",  # KO
    11031: "0.005",  # PFE
    13824: "0.015",  # WMT
    6459: "0.010",  # DIS
    72063691: "0.020",  # BRK B
    900000022: "0.010",  # SAP in New York
    900000025: "0.010",  # ASML in New York
    900000032: "0.005",  # VOD in New York
    756733: "0.070",  # SPY
    320227571: "0.030",  # QQQ
    9579970: "0.010",  # IWM
    73128548: "0.010",  # DIA
    15547841: "0.020",  # TLT
    51529211: "0.030",  # GLD
    12340041: "0.020",  # VTI
}
"""Contracts of the simulated broker; the rest of its book has no target and is kept."""


def demo_strategy_seed(*, at: datetime) -> Strategy | None:
    """Makes it once, when the simulated broker can describe its contracts; later calls do nothing.

    None while there is nothing to do or the broker cannot be asked yet.
    """
    account = _account()
    user = User.objects.filter(username=DEMO_USER).first()
    if account is None or user is None:
        return None
    strategy = Strategy.objects.filter(account=account, name=NAME).first()
    if strategy is not None and strategy.snapshots.exists():
        return None
    try:
        found = {
            instrument_fetch(connection=account.connection, con_id=con_id): Decimal(weight)
            for con_id, weight in WEIGHTS.items()
        }
    except PortalError:
        return None  # the next call tries again
    strategy = strategy or _strategy(account, user, at)
    snapshot_create(
        user=user, strategy=strategy, weights=found, dated_on=at.date(), origin=ORIGIN, at=at
    )
    schedule_save(user=user, strategy=strategy, at=at, session=1, anchor="open", minutes=30)
    return strategy


def _account() -> BrokerAccount | None:
    rows = BrokerAccount.objects.filter(code=ACCOUNT, connection__slug=SIMULATED)
    account = rows.select_related("connection").first()
    if account is None:
        return None
    link = link_effective(account.connection)
    return account if link.worker and link.state is LinkState.READY else None


def _strategy(account: BrokerAccount, user: User, at: datetime) -> Strategy:
    """Smaller bands than usual, so that a fresh book has many lines to trade."""
    rules = {
        "drift_absolute": Decimal("0.001"),
        "drift_relative": Decimal("0.02"),
        "not_targeted": Policy.NotTargeted.KEEP,
    }
    return strategy_create(user=user, account=account, name=NAME, policy=rules, at=at)

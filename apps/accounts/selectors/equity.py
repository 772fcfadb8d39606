"""The equity history of an account and what can be read from it."""

from datetime import datetime

from apps.accounts.models import BrokerAccount
from apps.accounts.performance import Flow, Performance, Point, performance


def equity_series(account: BrokerAccount, *, since_at: datetime | None = None) -> list[Point]:
    """Net liquidation in base currency, oldest first; everything kept when since_at is None."""
    rows = account.equity.order_by("at")
    if since_at is not None:
        rows = rows.filter(at__gte=since_at)
    return [Point(at, value) for at, value in rows.values_list("at", "net_liquidation")]


def equity_stats(account: BrokerAccount, *, since_at: datetime | None = None) -> Performance | None:
    """Flow-adjusted return, high-water mark and drawdown; None while there is no history."""
    flows = [Flow(at, amount) for at, amount in account.cash_flows.values_list("at", "amount")]
    return performance(equity_series(account, since_at=since_at), flows)

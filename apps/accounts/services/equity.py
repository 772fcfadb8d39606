"""The equity history: a point a minute while the data is fresh, thinned as it ages."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.accounts import selectors
from apps.accounts.models import BrokerAccount, CashFlow, EquityPoint
from apps.accounts.state import amount_in_base
from apps.accounts.thinning import Sample, superfluous
from apps.lib.errors import Invalid

FRESH = timedelta(minutes=5)
"""IB renews account values every three minutes, or sooner when something changes."""

CHUNK = 500


def equity_snapshot(*, account: BrokerAccount, at: datetime) -> EquityPoint | None:
    """The point of this minute; None while the link is down or the values are old or missing."""
    if account.values_at is None or at - account.values_at > FRESH:
        return None
    if not selectors.link_effective(account.connection).alive:
        return None
    wanted = account.values.filter(tag__in=["NetLiquidation", "TotalCashValue"])
    values = {(value.tag, value.currency): value for value in wanted}
    net = amount_in_base(account, values, "NetLiquidation")
    if net is None:
        return None
    point, _created = EquityPoint.objects.get_or_create(
        account=account,
        at=at.replace(second=0, microsecond=0),
        defaults={
            "net_liquidation": net,
            "cash": amount_in_base(account, values, "TotalCashValue"),
            "daily_pnl": account.daily_pnl,
        },
    )
    return point


def equity_thin(*, at: datetime) -> int:
    """Deletes what `thinning` finds superfluous and returns how many points went."""
    return sum(_thin(account, at) for account in BrokerAccount.objects.all())


def cash_flow_note(
    *, account: BrokerAccount, at: datetime, amount: Decimal, note: str = ""
) -> CashFlow:
    """A deposit (positive) or withdrawal (negative) in base currency."""
    if not amount.is_finite() or amount == 0:
        raise Invalid(
            _("The amount must be a number other than zero."),
            fields={"amount": [_("Positive for a deposit, negative for a withdrawal.")]},
        )
    return CashFlow.objects.create(account=account, at=at, amount=amount, note=note)


def _thin(account: BrokerAccount, at: datetime) -> int:
    rows = account.equity.order_by("at").values_list("pk", "at", "net_liquidation")
    keys = superfluous([Sample(*row) for row in rows.iterator()], at=at)
    for start in range(0, len(keys), CHUNK):
        EquityPoint.objects.filter(pk__in=keys[start : start + CHUNK]).delete()
    return len(keys)

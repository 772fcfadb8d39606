"""What the Telegram commands that only look answer: short lines, account ids masked."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.accounts.figures import figure
from apps.accounts.models import BrokerAccount
from apps.accounts.permissions import User
from apps.accounts.selectors import accounts_visible, links_state
from apps.marketdata.models import Instrument
from apps.risk.alerts.texts import alert_sentence
from apps.risk.book import BookMissing, WorkingOrder, book
from apps.risk.selectors import alerts_open, guard_state, own_level
from apps.risk.words import LEVELS, SEVERITIES, state_name

MOST = 40
ALERTS = 10


def status(user: User) -> str:
    accounts = list(accounts_visible(user))
    slugs = {account.connection.slug for account in accounts}
    lines = [
        f"{row['label']}: {row['state']}" for slug, row in links_state().items() if slug in slugs
    ]
    lines.append(f"{_('all accounts')}: {_level(None)}")
    for account in accounts:
        state = guard_state(account.pk)
        told = state_name("unknown" if state is None else state.state)
        lines.append(f"{account}: {_('guard')} {told}; {_level(account.pk)}")
    return "\n".join(lines)


def positions(user: User) -> str:
    lines: list[str] = []
    for account in _accounts(user):
        held = list(account.positions.exclude(quantity=0)[: MOST + 1])
        rows = [f"{row}  {_signed(row.unrealized_pnl, account)}".rstrip() for row in held[:MOST]]
        lines += _section(account, rows, more=len(held) > MOST, none=_("no positions"))
    return "\n".join(lines)


def orders(user: User) -> str:
    lines: list[str] = []
    for account in _accounts(user):
        try:
            working = book().working(account.pk)
        except BookMissing:
            return _("Working orders are not known here.")
        names = _names(order.con_id for order in working)
        rows = [_order(order, names) for order in working[:MOST]]
        lines += _section(account, rows, more=len(working) > MOST, none=_("no working orders"))
    return "\n".join(lines)


def pnl(user: User) -> str:
    lines: list[str] = []
    for account in _accounts(user):
        rows = [
            f"{_('today')} {_signed(account.daily_pnl, account)}",
            f"{_('unrealized')} {_signed(account.unrealized_pnl, account)}",
            f"{_('realized')} {_signed(account.realized_pnl, account)}",
        ]
        lines += _section(account, rows, more=False, none="")
    return "\n".join(lines)


def alerts(user: User) -> str:
    waiting = alerts_open(user)[:ALERTS]
    lines = [
        f"#{alert.pk} {SEVERITIES[alert.severity]}: {alert_sentence(alert)}" for alert in waiting
    ]
    return "\n".join(lines) or _("No alert waits.")


def _accounts(user: User) -> Sequence[BrokerAccount]:
    return list(accounts_visible(user))


def _section(account: BrokerAccount, rows: Sequence[str], *, more: bool, none: str) -> list[str]:
    end = ["…"] if more else []
    return [f"{account}:", *(rows or [none]), *end]


def _level(account_id: int | None) -> str:
    level = own_level(account_id)
    return _("kill level %(level)s (%(name)s)") % {"level": level, "name": LEVELS[level]}


def _signed(amount: Decimal | None, account: BrokerAccount) -> str:
    return "–" if amount is None else f"{figure(amount, 'money')} {account.base_currency}"


def _order(order: WorkingOrder, names: dict[int, str]) -> str:
    price = order.limit_price if order.limit_price is not None else order.stop_price
    at = "" if price is None else f" @ {price.normalize():f}"
    name = names.get(order.con_id, str(order.con_id))
    left = f"{order.remaining.normalize():f}/{order.quantity.normalize():f}"
    return f"{order.side} {left} {name} {order.order_type}{at}, {order.state}"


def _names(con_ids: Iterable[int]) -> dict[int, str]:
    found = Instrument.objects.filter(con_id__in=set(con_ids))
    return {each.con_id: str(each) for each in found}

"""Runs the consistency check and keeps its findings as rows; renews what depends on the day."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from apps.accounts import consistency
from apps.accounts.ledgers import ledger_of
from apps.accounts.market_days import days_to
from apps.accounts.models import BrokerAccount, Finding, Position
from apps.accounts.state import Values, amount_in_base, exchange_rates, worth_of
from apps.accounts.topics import account_topic
from apps.lib import realtime


def findings_refresh(*, account: BrokerAccount, at: datetime) -> list[Finding]:
    """Opens new findings, refreshes standing ones, resolves those that are gone."""
    with transaction.atomic():
        BrokerAccount.objects.select_for_update(no_key=True).get(pk=account.pk)
        now = {(f.code, f.con_id): f for f in consistency.findings(_facts(account, at))}
        rows = account.findings.select_for_update(no_key=True).filter(resolved_at__isnull=True)
        standing = {(row.code, row.con_id): row for row in rows}
        for key, row in standing.items():
            _renew(row, now.get(key), at)
        fresh = [_opened(account, f, at) for key, f in now.items() if key not in standing]
        Finding.objects.bulk_create(fresh)
        kept = [row for key, row in standing.items() if key in now]
    return kept + fresh


def days_roll(*, at: datetime) -> None:
    """Renews days to expiry where the market's calendar has turned, and tells the pages."""
    for position in Position.objects.filter(expiry__isnull=False):
        days = days_to(position.expiry, currency=position.currency, at=at)
        if days == position.days_to_expiry:
            continue
        with transaction.atomic():
            if not Position.objects.filter(pk=position.pk).update(days_to_expiry=days):
                continue  # sold meanwhile: a patch would bring it back to life on the page
            patch = {"positions": {str(position.con_id): {"days_to_expiry": days}}}
            realtime.publish(account_topic(position.account_id), patch)


def _renew(row: Finding, found: consistency.Finding | None, at: datetime) -> None:
    if found is None:
        row.resolved_at = at
        row.save(update_fields=["resolved_at"])
        return
    row.severity, row.sentence, row.last_seen_at = found.severity, found.sentence, at
    row.save(update_fields=["severity", "sentence", "last_seen_at"])


def _opened(account: BrokerAccount, found: consistency.Finding, at: datetime) -> Finding:
    return Finding(
        account=account,
        con_id=found.con_id,
        code=found.code,
        severity=found.severity,
        sentence=found.sentence[:400],
        first_seen_at=at,
        last_seen_at=at,
    )


def _facts(account: BrokerAccount, at: datetime) -> consistency.AccountFacts:
    values: Values = {(value.tag, value.currency): value for value in account.values.all()}
    rates = exchange_rates(account, values)
    holdings = [_holding(p, rates.get(p.currency), at) for p in account.positions.all()]
    return consistency.AccountFacts(
        base_currency=account.base_currency,
        tags=frozenset(tag for (tag, _), value in values.items() if value.amount is not None),
        currencies_with_rate=frozenset(rates),
        gross_value=amount_in_base(account, values, "GrossPositionValue"),
        unrealized=account.unrealized_pnl,
        holdings=tuple(holdings),
        ledger=_ledger(account, holdings, at),
    )


def _ledger(
    account: BrokerAccount, holdings: list[consistency.Holding], at: datetime
) -> dict[int, Decimal] | None:
    """Currencies are left as the broker has them: no ledger of executions explains those."""
    kept = ledger_of(account.pk, at)
    if kept is None:
        return None
    cash = {row.con_id: row.quantity for row in holdings if row.sec_type == "CASH"}
    return {**kept, **cash}


def _holding(position: Position, rate: Decimal | None, at: datetime) -> consistency.Holding:
    worth = worth_of(position, rate)
    return consistency.Holding(
        con_id=position.con_id,
        name=position.local_symbol or position.symbol or f"conId {position.con_id}",
        symbol=position.symbol,
        sec_type=position.sec_type,
        currency=position.currency,
        quantity=position.quantity,
        average_cost=position.average_cost,
        multiplier=position.multiplier,
        strike=position.strike,
        right=position.right,
        expires=position.expiry is not None,
        days_to_expiry=days_to(position.expiry, currency=position.currency, at=at),
        price=worth.price,
        value=worth.told_value,
        unrealized=worth.told_unrealized,
        unrealized_base=worth.unrealized,
    )

"""Locks: opened by the guard or a person, closed by what a person decides about them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as _n

from apps.accounts.models import BrokerAccount, Position
from apps.accounts.services import audit_append
from apps.lib.errors import Invalid, NotFound
from apps.marketdata.models import Instrument
from apps.risk import topics
from apps.risk.alerts.said import Said
from apps.risk.book import BookMissing, book
from apps.risk.levels import LockEnd, LockKind
from apps.risk.models import GuardState, LedgerBalance, Lock
from apps.risk.permissions import check_may_kill, check_may_lift
from apps.risk.services.alerts import alert_raise, alert_recover

MISMATCH = _n("%(name)s: the broker says %(broker)s, our executions add up to %(ledger)s.")
ACCOUNT_ITSELF = 0
ZERO = Decimal(0)
NOT_KEPT = ("CASH",)
"""Currency balances move with every trade, dividend and fee: no ledger of executions has them."""


def lock_open(
    *, user: User, account: BrokerAccount, con_id: int, name: str, reason: str, at: datetime
) -> Lock:
    """A person makes an instrument reduce-only. Twice leaves one lock.

    Raises NotAllowed, and Invalid without a reason or for an instrument that nobody knows.
    """
    check_may_kill(user, account)
    _reason(reason, "reason")
    known = _known_name(account, con_id)
    name = name.strip() or known
    with transaction.atomic():
        lock = _open(
            account, con_id, LockKind.MANUAL, name=name, reason=reason,
            by=user.get_username(), data={}, at=at,
        )  # fmt: skip
        audit_append(
            actor=user, action="lock.opened", subject=f"lock:{lock.pk}", account=account,
            data={"con_id": con_id, "reason": reason}, at=at,
        )  # fmt: skip
    return lock


def lock_close(
    *,
    user: User,
    lock: Lock,
    how: str,
    note: str,
    at: datetime,
    quantity: Decimal | None = None,
) -> Lock:
    """Ends a lock. `adopted` takes the broker's position into the ledger; `explained` takes
    `quantity`; `balanced` and `closed` ask that broker and ledger agree, or that nothing is held.
    """
    check_may_lift(user, lock.account)
    _reason(note, "note")
    with transaction.atomic():
        row = Lock.objects.select_for_update(no_key=True).get(pk=lock.pk)
        if row.closed_at is not None:
            raise Invalid(_("This lock is closed already."), fields={"how": [_("Closed.")]})
        if row.kind == LockKind.MISMATCH:
            _settle(row, user, how, note, quantity, at)
        _close(row, LockEnd(how), note=note, user=user, at=at)
        audit_append(
            actor=user, action="lock.closed", subject=f"lock:{row.pk}", account=row.account,
            data={"con_id": row.con_id, "how": how, "note": note, "data": row.data}, at=at,
        )  # fmt: skip
    return row


def mismatches_check(*, account: BrokerAccount, at: datetime) -> None:
    """Opens a lock where broker and ledger have differed for the grace time, and closes those
    that agree again. The first complete picture of an account is adopted as its beginning."""
    ledger = _ledger(account, at)
    if ledger is None:
        return
    with transaction.atomic():
        GuardState.objects.get_or_create(account=account, defaults={"since_at": at})
        state = GuardState.objects.select_for_update(no_key=True).get(account=account)
        held = _held(account)
        wrong = {c for c in {*ledger, *held} if ledger.get(c, ZERO) != held.get(c, ZERO)}
        since = {key: text for key, text in state.since.items() if int(key) in wrong}
        since |= {str(c): at.isoformat() for c in wrong if str(c) not in since}
        if since != state.since:
            state.since = since
            state.save(update_fields=["since"])
        grace = timedelta(seconds=settings.MISMATCH_GRACE_SECONDS)
        late = [int(k) for k, text in since.items() if at - datetime.fromisoformat(text) >= grace]
        for con_id in late:
            _mismatch(account, con_id, held.get(con_id, ZERO), ledger.get(con_id, ZERO), at)
        _vanish(account, wrong, at)


def lock_get(account: BrokerAccount, pk: int) -> Lock:
    found = Lock.objects.filter(account=account, pk=pk).select_related("account").first()
    if found is None:
        raise NotFound(_("There is no such lock."))
    return found


def _ledger(account: BrokerAccount, at: datetime) -> Mapping[int, Decimal] | None:
    """None while the broker has not told a complete picture, or nobody keeps a ledger."""
    if account.positions_at is None:
        return None
    try:
        orders = book()
    except BookMissing:
        return None
    if not LedgerBalance.objects.filter(account=account, con_id=ACCOUNT_ITSELF).exists():
        _begin(account, at)
    kept = orders.ledger(account.pk)
    cash = set(_cash(account))
    return {con_id: quantity for con_id, quantity in kept.items() if con_id not in cash}


def _begin(account: BrokerAccount, at: datetime) -> None:
    """What the account held when the portal first saw it."""
    note = "What the account held when the portal first saw it."
    held = {ACCOUNT_ITSELF: ZERO} | _held(account)
    LedgerBalance.objects.bulk_create(
        LedgerBalance(account=account, con_id=con_id, quantity=quantity, note=note, at=at)
        for con_id, quantity in held.items()
    )


def _held(account: BrokerAccount) -> dict[int, Decimal]:
    rows = Position.objects.filter(account=account).exclude(sec_type__in=NOT_KEPT)
    return dict(rows.exclude(quantity=0).values_list("con_id", "quantity"))


def _cash(account: BrokerAccount) -> list[int]:
    rows = Position.objects.filter(account=account, sec_type__in=NOT_KEPT)
    return list(rows.values_list("con_id", flat=True))


def _mismatch(
    account: BrokerAccount, con_id: int, broker: Decimal, ledger: Decimal, at: datetime
) -> None:
    data = {"broker": _plain(broker), "ledger": _plain(ledger)}
    lock = Lock.objects.filter(
        account=account, con_id=con_id, kind=LockKind.MISMATCH, closed_at__isnull=True
    ).first()
    if lock is not None:
        if lock.data != data:
            lock.data = data
            lock.save(update_fields=["data"])
            topics.lock_changed(lock)
        return
    position = Position.objects.filter(account=account, con_id=con_id).first()
    name = f"conId {con_id}" if position is None else position.local_symbol or position.symbol
    said = Said(MISMATCH, {"name": name, **data})
    _open(
        account, con_id, LockKind.MISMATCH, name=name, reason=said.english,
        by="guard", data=data, at=at,
    )  # fmt: skip
    alert_raise(
        code="mismatch", severity="warning", account=account, sentence=said,
        data=data | {"con_id": con_id}, key=str(con_id), at=at,
    )  # fmt: skip


def _vanish(account: BrokerAccount, wrong: set[int], at: datetime) -> None:
    rows = Lock.objects.filter(account=account, kind=LockKind.MISMATCH, closed_at__isnull=True)
    for lock in rows.exclude(con_id__in=wrong):
        _close(lock, LockEnd.VANISHED, note="Broker and ledger agree again.", user=None, at=at)


def _settle(
    lock: Lock,
    user: User,
    how: str,
    note: str,
    quantity: Decimal | None,
    at: datetime,
) -> None:
    broker = _held(lock.account).get(lock.con_id, ZERO)
    if how == LockEnd.ADOPTED:
        quantity = broker
    if how in {LockEnd.ADOPTED, LockEnd.EXPLAINED}:
        if quantity is None or not quantity.is_finite():
            raise Invalid(
                _("Say which quantity is right."), fields={"quantity": [_("A number is needed.")]}
            )
        LedgerBalance.objects.create(
            account=lock.account, con_id=lock.con_id, quantity=quantity,
            note=note[:400], user=user, at=at,
        )  # fmt: skip
        return
    ledger = book().ledger(lock.account_id).get(lock.con_id, ZERO)
    right = broker == ledger if how == LockEnd.BALANCED else broker == ZERO
    if not right:
        raise Invalid(
            _("The broker still says %(broker)s, our executions %(ledger)s.")
            % {"broker": _plain(broker), "ledger": _plain(ledger)},
            fields={"how": [_("Adopt or explain it, or send the order first.")]},
        )
    if ledger != broker:
        LedgerBalance.objects.create(
            account=lock.account, con_id=lock.con_id, quantity=broker,
            note=note[:400], user=user, at=at,
        )  # fmt: skip


def _open(
    account: BrokerAccount,
    con_id: int,
    kind: LockKind,
    *,
    name: str,
    reason: str,
    by: str,
    data: dict[str, str],
    at: datetime,
) -> Lock:
    lock, created = Lock.objects.get_or_create(
        account=account,
        con_id=con_id,
        kind=kind,
        closed_at=None,
        defaults={
            "name": name[:60],
            "reason": reason[:400],
            "opened_by": by,
            "data": data,
            "opened_at": at,
        },
    )
    if created:
        topics.lock_changed(lock)
    return lock


def _close(lock: Lock, how: LockEnd, *, note: str, user: User | None, at: datetime) -> None:
    lock.closed_at, lock.how, lock.note, lock.closed_by = at, how.value, note[:400], user
    lock.save(update_fields=["closed_at", "how", "note", "closed_by"])
    alert_recover(code=lock.kind, account=lock.account, key=str(lock.con_id), at=at)
    topics.lock_changed(lock)


def _known_name(account: BrokerAccount, con_id: int) -> str:
    position = Position.objects.filter(account=account, con_id=con_id).first()
    if position is not None:
        return position.local_symbol or position.symbol
    instrument = Instrument.objects.filter(pk=con_id).first()
    if instrument is None:
        raise Invalid(
            _("No instrument with this conId is known."),
            fields={"con_id": [_("Take it from the page of the instrument.")]},
        )
    return str(instrument)


def _reason(text: str, field: str) -> None:
    if len(text.strip()) < 3:
        raise Invalid(
            _("A reason is needed."),
            fields={field: [_("Write why, for whoever reads it later.")]},
        )


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"

"""Flattening: idempotent steps on beat, from the first cancel to proof at the broker."""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from apps.accounts.models import BrokerAccount, Position
from apps.lib.errors import PortalError
from apps.risk import topics
from apps.risk.alerts.said import WHY, Said
from apps.risk.book import WorkingOrder, book
from apps.risk.flatten import Closing, closable, closer
from apps.risk.levels import FlattenState, Kill
from apps.risk.models import Flatten, FlattenLine
from apps.risk.selectors import kill_level
from apps.risk.services import flatten_words as say
from apps.risk.services.alerts import alert_raise, alert_recover
from apps.risk.services.commands import connections_of

log = logging.getLogger(__name__)

EVERY = timedelta(seconds=2)
"""How often beat asks for a step."""
ASK_AGAIN = timedelta(seconds=8)
CANCEL_AGAIN = timedelta(seconds=5)
PATIENCE = timedelta(seconds=60)
"""After this long without progress it says that it is stuck; it goes on trying."""
RETRY_FIRST, RETRY_MOST = 2.0, 60.0
NOT_CLOSED = ("CASH",)
"""Currency balances are not positions that an order could close to nothing."""
SOURCE = "flatten"
STUCK_ALERT = "flatten_stuck"


def flatten_open_all(
    account: BrokerAccount | None, *, reason: str, by: str, at: datetime
) -> list[Flatten]:
    """One for the account, or for every account of the connections that are switched on."""
    accounts = [account] if account is not None else _all_accounts()
    return [_opened(each, reason, by, at) for each in accounts]


def flatten_abandon(account: BrokerAccount | None, *, by: str, at: datetime) -> None:
    """A person lifted the level: nothing more is sent; closing orders at the broker go on.

    A global lift leaves alone what an account's own level still asks for, and the reverse.
    """
    rows = Flatten.objects.select_for_update(no_key=True).filter(closed_at__isnull=True)
    if account is not None:
        rows = rows.filter(account=account)
    for row in rows:
        if kill_level(row.account_id) < Kill.FLATTEN:
            row.closed_at = at
            _move(row, FlattenState.ABANDONED, Said(say.LIFTED_BY, {"by": by}), at)


def flattens_watch(*, at: datetime) -> None:
    """While the level stands at flatten, an account that is not flat is flattened (again)."""
    for account in _all_accounts():
        if kill_level(account.pk) != Kill.FLATTEN:
            continue
        with transaction.atomic():
            if not _standing(account):
                reason = "The level is at flatten, and the account is not flat."
                _opened(account, reason, "portal", at)


def _standing(account: BrokerAccount) -> bool:
    """Whether nothing needs to be begun: one is under way, or all is flat."""
    if Flatten.objects.filter(account=account, closed_at__isnull=True).exists():
        return True
    held = Position.objects.filter(account=account).exclude(quantity=0)
    return not held.exclude(sec_type__in=NOT_CLOSED).exists() and not any(
        not order.external for order in book().working(account.pk)
    )


def flattens_advance(*, at: datetime) -> None:
    """One step of each; an error in one does not hold up the others."""
    for pk in Flatten.objects.filter(closed_at__isnull=True).values_list("pk", flat=True):
        try:
            flatten_step(pk=pk, at=at)
        except Exception:
            log.exception("a step of flatten %d failed; it is tried again", pk)


def flatten_step(*, pk: int, at: datetime) -> Flatten:
    """Cancel, close or confirm, whichever is next; harmless when repeated."""
    with transaction.atomic():
        row = Flatten.objects.select_for_update(no_key=True).get(pk=pk)
        if row.closed_at is None and kill_level(row.account_id) < Kill.FLATTEN:
            row.closed_at = at
            _move(row, FlattenState.ABANDONED, Said(say.LIFTED), at)
    if row.closed_at is None:
        _step(row, at)
    return row


def _step(row: Flatten, at: datetime) -> None:
    """Not in one transaction: each order it sends is committed by itself."""
    working = list(book().working(row.account_id))
    foreign = [order for order in working if not order.external and order.source != SOURCE]
    if foreign:
        _cancel(row, foreign, at)
        return
    sent = {order.order_id for order in working if order.source == SOURCE} | set(_sent(row))
    closings = [closer().closing(order_id) for order_id in sorted(sent)]
    waiting = [closing for closing in closings if closing.open]
    if waiting:
        _wait(row, waiting, at)
    elif not _fresh(row, closings):
        _ask(row, closings, at)
    else:
        _close(row, [order for order in working if order.external], at)


def _cancel(row: Flatten, foreign: list[WorkingOrder], at: datetime) -> None:
    lasting = at - row.opened_at
    unknown = sum(order.state == "unknown" for order in foreign)
    if row.asked_at is None or at - row.asked_at > CANCEL_AGAIN:
        closer().cancel(row.account_id, at=at)
        row.asked_at = at
        row.save(update_fields=["asked_at"])
    if lasting > PATIENCE:
        _stuck(row, Said(say.STILL_WORKING, {"n": len(foreign), "unknown": unknown}), at)
    else:
        _move(row, FlattenState.CANCELLING, Said(say.CANCELS, {"n": len(foreign)}), at)


def _wait(row: Flatten, waiting: list[Closing], at: datetime) -> None:
    unknown = [closing for closing in waiting if closing.unknown]
    if unknown:
        _stuck(row, Said(say.UNKNOWN, {"order": unknown[0].order_id}), at)
    elif at - row.moved_at > PATIENCE:
        _stuck(row, Said(say.UNFILLED, {"n": len(waiting)}), at)
    else:
        _move(row, FlattenState.CLOSING, Said(say.WORKING, {"n": len(waiting)}), at)


def _fresh(row: Flatten, closings: list[Closing]) -> bool:
    """Whether the broker's positions were asked for, and told, after everything that moved them."""
    told = _told_at(row)
    asked = row.asked_at if row.state != FlattenState.CANCELLING else None
    if told is None or asked is None or told <= asked:
        return False
    moved = _moved_at(row, closings)
    return moved is None or asked > moved


def _told_at(row: Flatten) -> datetime | None:
    return BrokerAccount.objects.values_list("positions_at", flat=True).get(pk=row.account_id)


def _moved_at(row: Flatten, closings: list[Closing]) -> datetime | None:
    moves = [closing.moved_at for closing in closings]
    moves.append(closer().settled_at(row.account_id))
    return max((moment for moment in moves if moment is not None), default=None)


def _ask(row: Flatten, closings: list[Closing], at: datetime) -> None:
    """Again at once when something moved since, or the answer is no proof of what is now."""
    told, moved, asked = _told_at(row), _moved_at(row, closings), row.asked_at
    answered = told is not None and asked is not None and told > asked
    void = moved is not None and asked is not None and moved >= asked
    first = asked is None or row.state == FlattenState.CANCELLING
    if first or answered or void:
        row.asked_at = at
        row.save(update_fields=["asked_at"])
        closer().ask_broker(row.account_id)
    elif asked is not None and (at - asked) % ASK_AGAIN < EVERY:
        # The question keeps its time: an answer slower than this still counts.
        closer().ask_broker(row.account_id)
    if asked is not None and at - asked > PATIENCE:
        _stuck(row, Said(say.NOT_TOLD), at)
    elif row.state != FlattenState.STUCK:
        _move(row, FlattenState.CONFIRMING, Said(say.ASKED), at)


def _close(row: Flatten, external: list[WorkingOrder], at: datetime) -> None:
    held = Position.objects.filter(account=row.account_id).exclude(quantity=0)
    positions = list(held.exclude(sec_type__in=NOT_CLOSED))
    if positions:
        lines = [_close_one(row, position, external, at) for position in positions]
        failed = [line for line in lines if line.sentence]
        if failed:
            facts = {"name": failed[0].name, WHY: failed[0].sentence}
            _stuck(row, Said(say.NOT_CLOSED, facts), at)
        else:
            _move(row, FlattenState.CLOSING, Said(say.SENT, {"n": len(lines)}), at)
    elif external:
        row.asked_at = None
        row.save(update_fields=["asked_at"])
        _stuck(row, Said(say.ELSEWHERE, {"n": len(external)}), at)
    elif not _pictured(row):
        _look(row, at)
    else:
        row.closed_at = at
        _move(row, FlattenState.DONE, Said(say.FLAT), at)


def _pictured(row: Flatten) -> bool:
    """Whether what rests at the broker, of every program, was asked for as late as positions."""
    pictured_at = closer().pictured_at(row.account_id)
    return pictured_at is not None and row.asked_at is not None and pictured_at > row.asked_at


def _look(row: Flatten, at: datetime) -> None:
    """That our rows show nothing resting is no proof: the broker's own list is."""
    lasting = at - (row.asked_at or at)
    if lasting % ASK_AGAIN < EVERY:
        closer().ask_broker(row.account_id)
    if lasting > PATIENCE:
        _stuck(row, Said(say.NOT_SHOWN), at)
    elif row.state != FlattenState.STUCK:
        _move(row, FlattenState.CONFIRMING, Said(say.LOOKING), at)


def _close_one(
    row: Flatten, position: Position, external: list[WorkingOrder], at: datetime
) -> FlattenLine:
    quantity = closable(position.con_id, position.quantity, external)
    line, _new = FlattenLine.objects.get_or_create(
        flatten=row,
        con_id=position.con_id,
        defaults={
            "name": (position.local_symbol or position.symbol)[:60],
            "quantity": position.quantity,
        },
    )
    if not quantity:
        line.sentence = say.HELD_UP
        line.save(update_fields=["sentence"])
        return line
    if line.next_at is not None and at < line.next_at:
        return line
    line.attempts += 1
    line.next_at = at + timedelta(seconds=min(RETRY_FIRST * 2 ** min(line.attempts, 6), RETRY_MOST))
    # The attempt is kept before it is made: after a crash the same key gives the same order.
    key = f"flatten-{row.pk}-{position.con_id}-{line.attempts}"
    line.save()
    try:
        line.order_id = closer().close(row.account_id, position.con_id, quantity, key=key, at=at)
        line.sentence = ""
    except PortalError as error:
        line.sentence = f"{error.sentence} {error.remedy}".strip()[:500]
    line.save()
    return line


def _sent(row: Flatten) -> list[int]:
    return [line.order_id for line in row.lines.all() if line.order_id is not None]


def _stuck(row: Flatten, why: Said, at: datetime) -> None:
    fresh = row.state != FlattenState.STUCK
    _move(row, FlattenState.STUCK, why, at)
    if fresh:
        alert_raise(
            code=STUCK_ALERT,
            severity="critical",
            account=row.account,
            sentence=Said(say.STUCK, {WHY: why}),
            at=at,
        )


def _move(row: Flatten, state: FlattenState, said: Said, at: datetime) -> None:
    sentence = said.english[:500]
    if (row.state, row.sentence) == (state, sentence) and row.closed_at is None:
        return
    if row.state != state:
        row.moved_at = at
        if row.state == FlattenState.STUCK:
            alert_recover(code=STUCK_ALERT, account=row.account, at=at)
    row.state, row.sentence, row.said = state.value, sentence, said.row()
    with transaction.atomic():
        row.save(update_fields=["state", "sentence", "said", "moved_at", "closed_at", "asked_at"])
        topics.flatten_changed(row)


def _opened(account: BrokerAccount, reason: str, by: str, at: datetime) -> Flatten:
    row, created = Flatten.objects.get_or_create(
        account=account,
        closed_at=None,
        defaults={"reason": reason, "by": by, "opened_at": at, "moved_at": at},
    )
    if created:
        topics.flatten_changed(row)
    return row


def _all_accounts() -> list[BrokerAccount]:
    connections = connections_of(None)
    return list(BrokerAccount.objects.filter(connection__in=connections))

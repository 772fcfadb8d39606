"""The audit chain: it grows by one, it cannot be changed unseen, it can be read elsewhere."""

import csv
import threading
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from rest_framework.test import APIClient

from apps.accounts.models import AuditEvent
from apps.accounts.models.audit import Unchangeable
from apps.accounts.selectors import audit_of, audit_verified
from apps.accounts.services import audit_append
from tests.factories import NOON, make_account, make_connection, make_user

pytestmark = pytest.mark.django_db


def _append(count: int = 1) -> AuditEvent:
    for number in range(count):
        event = audit_append(actor=None, action="test.done", subject=f"test:{number}", at=NOON)
    return event


def test_each_event_names_the_hash_of_the_one_before_it() -> None:
    _append(3)
    first, second, third = AuditEvent.objects.order_by("sequence")
    assert [first.sequence, second.sequence, third.sequence] == [1, 2, 3]
    assert (second.previous_hash, third.previous_hash) == (first.hash, second.hash)
    assert audit_verified().whole
    assert audit_verified().count == 3


def test_numbers_come_back_as_they_were_hashed() -> None:
    audit_append(
        actor="guard",
        action="limit.raised",
        subject="limit:1",
        data={"old": Decimal("1.50"), "new": 2.5, "at": NOON, "many": (1, None, True)},
        at=NOON,
    )
    event = AuditEvent.objects.get()
    assert event.data == {
        "old": "1.50",
        "new": "2.5",
        "at": "2026-03-04T17:00:00+00:00",
        "many": [1, None, True],
    }
    assert audit_verified().whole


@pytest.mark.parametrize(
    ("change", "broken_at", "reason"),
    [
        ("UPDATE accounts_auditevent SET actor = 'eve' WHERE sequence = 2", 2, "changed"),
        ("DELETE FROM accounts_auditevent WHERE sequence = 2", 2, "events are missing"),
        ("DELETE FROM accounts_auditevent WHERE sequence = 3", 3, "newest events are missing"),
        ("UPDATE accounts_auditevent SET hash = 'x' WHERE sequence = 1", 1, "changed"),
    ],
)
def test_a_change_behind_our_back_is_found(change: str, broken_at: int, reason: str) -> None:
    _append(3)
    with connection.cursor() as cursor:
        cursor.execute(change)
    verdict = audit_verified()
    assert verdict.broken_at == broken_at
    assert reason in verdict.reason
    with pytest.raises(CommandError, match=f"Broken at event {broken_at}"):
        call_command("audit_verify")


def test_there_is_no_way_to_change_or_remove_an_event() -> None:
    event = _append()
    with pytest.raises(Unchangeable):
        event.save()
    with pytest.raises(Unchangeable):
        event.delete()
    with pytest.raises(Unchangeable):
        AuditEvent.objects.all().delete()
    with pytest.raises(Unchangeable):
        AuditEvent.objects.update(actor="eve")


def test_an_event_of_a_transaction_that_fails_leaves_no_gap() -> None:
    _append()
    with transaction.atomic():
        _append()
        transaction.set_rollback(True)
    assert _append().sequence == 2
    assert audit_verified().whole


def test_alice_sees_only_the_events_of_her_account() -> None:
    desk = make_connection()
    mine, other = make_account(desk, "DU1111111"), make_account(desk, "DU2222222")
    alice = make_user("alice", mine)
    for account in (mine, other, None):
        audit_append(actor=alice, action="test", subject="s", account=account, at=NOON)
    assert [event.account for event in audit_of(alice)] == [mine]


def test_the_export_has_every_event_and_masks_account_ids() -> None:
    audit_append(actor=None, action="test", subject="account DU1234567", at=NOON)
    out = StringIO()
    call_command("audit_export", stdout=out)
    head, line = csv.reader(StringIO(out.getvalue()))
    told = dict(zip(head, line, strict=True))
    assert told["sequence"] == "1"
    assert told["subject"] == "account DU****67"
    assert told["at"] == "2026-03-04T17:00:00.000000+00:00"


@pytest.mark.django_db(transaction=True)
def test_eight_threads_that_append_at_once_make_one_chain() -> None:
    failed: list[Exception] = []

    def work() -> None:
        try:
            for _ in range(5):
                _append()
        except Exception as error:  # noqa: BLE001  # told to the test's own thread
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert audit_verified().count == 40
    assert audit_verified().whole


def test_alice_reads_and_exports_the_audit_of_her_account_with_ids_masked() -> None:
    desk = make_connection()
    mine, other = make_account(desk, "DU1111111"), make_account(desk, "DU2222222")
    alice = make_user("alice", mine)
    for account in (mine, other):
        data = {"code": account.code}
        audit_append(actor=alice, action="test", subject="s", account=account, data=data, at=NOON)
    page = APIClient()
    page.force_login(alice)
    told = page.get("/api/v1/audit/").json()
    assert told["count"] == 1
    assert told["results"][0]["data"] == {"code": "DU****11"}
    lines = page.get("/api/v1/audit/export/").content.decode().splitlines()
    assert len(lines) == 2
    assert "DU1111111" not in lines[1]


def test_the_admin_shows_and_exports_the_audit_and_changes_nothing() -> None:
    event = _append()
    boss = make_user("boss", is_staff=True, is_superuser=True)
    page = APIClient()
    page.force_login(boss)
    url = "/admin/accounts/auditevent/"
    assert page.get(url).status_code == 200
    assert page.get(f"{url}{event.pk}/delete/").status_code == 403
    answer = page.post(url, {"action": "export", "_selected_action": [event.pk]})
    assert answer["Content-Type"].startswith("text/csv")
    assert answer.content.decode().count("\n") == 2

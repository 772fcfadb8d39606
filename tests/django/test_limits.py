"""Limits: stricter at once, looser as set, every change kept with its reason."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from pytest_django import Settings

from apps.accounts.models import AuditEvent, BrokerAccount
from apps.accounts.selectors import audit_verified
from apps.lib.errors import Invalid, NotAllowed
from apps.risk.models import LimitChange, Restriction, RiskLimit
from apps.risk.policy import Limits, Row, Scope, Subject
from apps.risk.selectors.limits import limits_for
from apps.risk.services import limit_change, limit_decide, restriction_add, restriction_end
from apps.risk.services.limits import LimitScope
from tests.factories import NOON, make_account, make_connection, make_user, tell_values

pytestmark = pytest.mark.django_db


def officer(name: str = "alice", *accounts: BrokerAccount) -> User:
    user = make_user(name, *accounts)
    user.user_permissions.add(Permission.objects.get(codename="change_limits"))
    return User.objects.get(pk=user.pk)


def change(user: User, value: str | None = "100", **more: Any) -> LimitChange:
    told = {"code": "order_quantity", "name": "quantity", "reason": "Because"} | more
    return limit_change(user=user, value=value, at=NOON, **told)


def holds(**subject: Any) -> str:
    return str(limits_for(Subject(**subject)).number("order_quantity", "quantity"))


def test_a_change_applies_and_is_kept_with_who_when_why_old_and_new() -> None:
    user = officer()
    change(user, "100")
    change(user, "50", reason="Calmer")
    newest = LimitChange.objects.first()
    assert newest is not None
    assert (newest.old, newest.new, newest.reason, newest.asked_by) == ("100", "50", "Calmer", user)
    assert not newest.raises
    assert holds() == "50"
    assert [e.action for e in AuditEvent.objects.all()] == ["limit.lowered", "limit.lowered"]
    assert audit_verified().whole


@pytest.mark.parametrize(
    ("scope", "field"),
    [({"sec_type": "STOCK"}, "sec_type"), ({"con_id": 0}, "con_id"), ({"con_id": -5}, "con_id")],
)
def test_a_scope_that_fits_nothing_is_refused(scope: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        change(officer(), "50", scope=LimitScope(**scope))
    assert list(caught.value.fields) == [field]
    assert not RiskLimit.objects.exists()


def test_taking_a_number_out_brings_the_wider_scope_back() -> None:
    user, account = officer(), make_account(make_connection())
    user = officer("bob", account)
    scope = LimitScope(account=account)
    change(user, "70")
    change(user, "20", scope=scope)
    assert (holds(), holds(account_id=account.pk)) == ("70", "20")
    taken = change(user, None, scope=scope)
    assert taken.raises
    assert holds(account_id=account.pk) == "70"
    assert RiskLimit.objects.count() == 1


def test_with_a_second_person_asked_for_looser_waits_and_stricter_does_not(
    settings: Settings,
) -> None:
    settings.RISK_SECOND_PERSON = True
    alice, bob = officer("alice"), officer("bob")
    change(alice, "100")
    waiting = change(alice, "500")
    assert waiting.state == "pending"
    assert holds() == "100"
    with pytest.raises(NotAllowed, match="Somebody else"):
        limit_decide(user=alice, change=waiting, accept=True, at=NOON)
    limit_decide(user=bob, change=waiting, accept=True, at=NOON)
    assert holds() == "500"
    with pytest.raises(Invalid, match="decided already"):
        limit_decide(user=bob, change=waiting, accept=True, at=NOON)
    actions = [event.action for event in AuditEvent.objects.order_by("sequence")]
    assert actions == ["limit.lowered", "limit.asked", "limit.raised"]


def test_what_was_asked_for_before_another_change_is_not_applied_over_it(
    settings: Settings,
) -> None:
    settings.RISK_SECOND_PERSON = True
    alice, bob = officer("alice"), officer("bob")
    change(alice, "100")
    waiting = change(alice, "500")
    change(bob, "50")
    with pytest.raises(Invalid, match="changed since"):
        limit_decide(user=bob, change=waiting, accept=True, at=NOON)
    limit_decide(user=bob, change=waiting, accept=False, at=NOON)
    assert holds() == "50"


def test_a_first_row_above_the_default_is_looser(settings: Settings) -> None:
    settings.RISK_SECOND_PERSON = True
    assert change(officer(), "100001").state == "pending"
    assert change(officer("bob"), "99999").state == "applied"


def test_a_default_that_scales_is_compared_where_the_account_is_known(settings: Settings) -> None:
    settings.RISK_SECOND_PERSON = True
    account = make_account(make_connection())
    tell_values(account, [("NetLiquidation", "1000000", "USD")])
    user = officer("alice", account)
    told = {"code": "order_notional", "name": "amount", "scope": LimitScope(account=account)}
    assert change(user, "250001", **told).state == "pending"
    assert change(user, "249999", **told).state == "applied"


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"code": "nothing"}, "code"),
        ({"name": "nothing"}, "name"),
        ({"value": "many"}, "value"),
        ({"value": "-1"}, "value"),
        ({"value": "NaN"}, "value"),
        ({"reason": " "}, "reason"),
    ],
)
def test_what_makes_no_sense_is_told_by_field(told: dict[str, str], field: str) -> None:
    value = told.pop("value", "5")
    with pytest.raises(Invalid) as caught:
        change(officer(), value, **told)
    assert field in caught.value.fields


def test_without_the_permission_or_the_grant_nobody_changes_a_limit() -> None:
    account = make_account(make_connection())
    with pytest.raises(NotAllowed):
        change(make_user("charlie", account))
    with pytest.raises(NotAllowed):
        change(officer("bob"), scope=LimitScope(account=account))


def test_the_restricted_list_keeps_who_put_and_who_took(settings: Settings) -> None:
    settings.RISK_SECOND_PERSON = True
    alice, bob = officer("alice"), officer("bob")
    entry = restriction_add(user=alice, issuer="AAPL", reason="Insider", at=NOON)
    with pytest.raises(NotAllowed):
        restriction_end(user=alice, entry=entry, reason="Over", at=NOON)
    restriction_end(user=bob, entry=entry, reason="Over", at=NOON)
    entry = Restriction.objects.get()
    assert (entry.added_by, entry.ended_by) == (alice, bob)
    assert AuditEvent.objects.count() == 2
    with pytest.raises(Invalid):
        restriction_add(user=alice, reason="Nobody", at=NOON)


def test_narrower_scopes_win_in_the_order_the_page_says() -> None:
    scopes = [
        Row(1, "order_quantity", {"quantity": "1"}),
        Row(2, "order_quantity", {"quantity": "2"}, connection_id=1),
        Row(3, "order_quantity", {"quantity": "3"}, account_id=1),
        Row(4, "order_quantity", {"quantity": "4"}, sec_type="OPT"),
        Row(5, "order_quantity", {"quantity": "5"}, strategy="s"),
        Row(6, "order_quantity", {"quantity": "6"}, con_id=1),
    ]
    assert [row.scope for row in scopes] == list(Scope)
    subject = Subject(connection_id=1, account_id=1, sec_type="OPT", strategy="s", con_id=1)
    for count in range(1, 7):
        found = Limits(subject, scopes[:count]).number("order_quantity", "quantity")
        assert found == count

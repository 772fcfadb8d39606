"""Sessions and permissions by prepared queries say what the framework's own would."""

from datetime import timedelta

import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group, Permission, User
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.backend import PreparedBackend
from ibportal.sessions import SessionStore
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> User:
    user = make_user("alice")
    user.user_permissions.add(Permission.objects.get(codename="trade"))
    group = Group.objects.create(name="desk")
    group.permissions.add(Permission.objects.get(codename="change_limits"))
    group.permissions.add(Permission.objects.get(codename="trade"))
    user.groups.add(group)
    return User.objects.get(pk=user.pk)


def again(user: User) -> User:
    """Permissions are asked once for each object."""
    return User.objects.get(pk=user.pk)


def test_permissions_of_a_user_and_of_their_groups_are_held(alice: User) -> None:
    with CaptureQueriesContext(database) as statements:
        assert alice.has_perms(["trading.trade", "risk.change_limits"])
        assert not alice.has_perm("trading.approve_run")
    assert len(statements) == 1
    theirs = ModelBackend().get_all_permissions(again(alice))
    assert PreparedBackend().get_all_permissions(again(alice)) == theirs != set()


def test_a_permission_that_is_taken_away_is_gone_at_once(alice: User) -> None:
    assert alice.has_perm("risk.change_limits")
    Group.objects.all().delete()
    assert not again(alice).has_perm("risk.change_limits")
    assert again(alice).has_perm("trading.trade")


def test_who_is_switched_off_may_nothing_and_is_nobody(alice: User) -> None:
    assert PreparedBackend().get_user(alice.pk) == alice
    User.objects.update(is_active=False)
    assert not again(alice).has_perm("trading.trade")
    assert PreparedBackend().get_user(alice.pk) is None
    assert PreparedBackend().get_user(0) is None


def test_a_superuser_may_everything() -> None:
    assert User.objects.create_superuser("root").has_perm("trading.approve_run")


def test_a_session_is_read_while_it_lasts_and_no_longer(alice: User) -> None:
    client = Client()
    client.force_login(alice)
    key = client.cookies["sessionid"].value
    assert SessionStore(key).load() == db.SessionStore(key).load() != {}
    assert client.get("/api/v1/orders/").status_code == 200
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert SessionStore(key).load() == {}
    assert client.get("/api/v1/orders/").status_code == 403


def test_leaving_ends_the_session_at_once(alice: User) -> None:
    client = Client()
    client.force_login(alice)
    key = client.cookies["sessionid"].value
    client.logout()
    assert SessionStore(key).load() == {}
    assert SessionStore("unknown-session-key").load() == {}

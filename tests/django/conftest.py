"""Fixtures of the Django tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import override_settings

from apps.accounts.models import Connection
from apps.lib import redis as store
from tests.factories import make_account, make_connection, make_user

PLAIN = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}


@pytest.fixture(autouse=True)
def _static_files_need_no_collecting(tmp_path: Path) -> Iterator[None]:
    """Hashed names are tested in the browser tests, which collect them."""
    with override_settings(STORAGES=PLAIN, STATIC_ROOT=tmp_path):
        yield


@pytest.fixture
def empty_redis() -> Iterator[None]:
    """The tests' own Redis database without keys of tests before."""
    store.client().flushdb()
    yield
    store.client().flushdb()


@pytest.fixture
def paper() -> Connection:
    return make_connection("paper")


@pytest.fixture
def alice(paper: Connection) -> User:
    return make_user("alice", make_account(paper))


@pytest.fixture
def bob() -> User:
    """Has an account on another connection."""
    return make_user("bob", make_account(make_connection("other"), "DU7654321"))

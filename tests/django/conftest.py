"""Fixtures of the Django tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings

from apps.lib import redis as store

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

"""One running portal for the tests that leave it as they found it."""

from collections.abc import Iterator

import pytest

from tests.portal import Portal


@pytest.fixture(scope="session")
def shared_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    portal = Portal(tmp_path_factory.mktemp("shared"))
    try:
        yield portal.start()
    finally:
        portal.close()

"""What a connection holds prepared outlives a transaction that is taken back."""

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from apps.lib.prepared import Prepared

NAMES = Prepared(lambda name: User.objects.filter(username=name).order_by().values_list("username"))


class Back(Exception):
    pass


@pytest.mark.django_db(transaction=True)
def test_a_prepared_query_is_known_after_a_rollback() -> None:
    User.objects.create(username="alice")
    assert NAMES.rows(name="alice") == [("alice",)]
    for _ in range(2):
        with pytest.raises(Back):
            _taken_back()
        assert NAMES.rows(name="alice") == [("alice",)]
        assert User.objects.get().first_name == ""


def _taken_back() -> None:
    with transaction.atomic():
        assert NAMES.rows(name="alice") == [("alice",)]
        User.objects.filter(username="alice").update(first_name="Alice")
        raise Back

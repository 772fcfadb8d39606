"""What the API answers when the database is away: a sentence, and a way to go on."""

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.test import Client

pytestmark = pytest.mark.django_db


def test_a_database_that_is_away_is_said_in_words_and_is_no_crash(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    client.force_login(User.objects.create_superuser("alice"))

    def away(*_: object) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    with connection.execute_wrapper(away):
        answer = client.post("/api/v1/orders/", {}, content_type="application/json")

    assert answer.status_code == 503
    told = answer.json()
    assert told["code"] == "unavailable"
    assert "The database does not answer" in told["message"]
    assert "Idempotency-Key" in told["remedy"]
    assert "server closed the connection" in caplog.text

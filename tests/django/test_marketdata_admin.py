"""Admin of market data: streams can be switched, what the broker told can only be read."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from apps.marketdata import services
from apps.marketdata.models import StreamConfig
from tests.factories import make_connection, make_user
from tests.marketdata_data import instrument

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]
TABLES = (
    "instrument",
    "marketrule",
    "bar",
    "barrange",
    "bardownload",
    "streamtarget",
    "streamconfig",
    "watchlist",
)


@pytest.fixture
def root() -> User:
    return make_user("root", is_superuser=True, is_staff=True)


@pytest.fixture
def browser(root: User) -> Client:
    client = Client()
    client.force_login(root)
    return client


def test_every_table_has_its_page(browser: Client) -> None:
    instrument()
    services.stream_config(make_connection().pk)
    for table in TABLES:
        assert browser.get(reverse(f"admin:marketdata_{table}_changelist")).status_code == 200


def test_what_the_broker_told_cannot_be_changed(browser: Client) -> None:
    row = instrument()
    address = reverse("admin:marketdata_instrument_change", args=[row.pk])
    assert browser.get(address).status_code == 200
    assert browser.post(address, {"symbol": "HACKED"}).status_code == 403
    assert browser.get(reverse("admin:marketdata_bar_add")).status_code == 403


def test_a_stream_is_stopped_and_started_by_an_action(browser: Client) -> None:
    config = services.stream_config(make_connection().pk)
    address = reverse("admin:marketdata_streamconfig_changelist")
    for action, enabled in (("stop", False), ("start", True)):
        browser.post(address, {"action": action, "_selected_action": [config.pk]})
        assert StreamConfig.objects.get(pk=config.pk).enabled is enabled


def test_settings_are_saved_through_the_service(browser: Client) -> None:
    config = services.stream_config(make_connection().pk)
    address = reverse("admin:marketdata_streamconfig_change", args=[config.pk])
    form = {"max_symbols": 40, "refresh_seconds": 10, "positions": "on", "enabled": "on"}
    assert browser.post(address, form).status_code == 302
    config.refresh_from_db()
    assert (config.max_symbols, config.watchlists) == (40, False)

"""The market data API: who sees what, and that every price says what it is."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Connection
from apps.lib import clock
from apps.marketdata import services
from apps.marketdata.ingest import on_bars
from apps.marketdata.models import StreamConfig, Watchlist
from ibkr.types import PriceKind
from tests.factories import make_user, worker_says
from tests.marketdata_data import bar, instrument, milliseconds, put_quotes, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]


@pytest.fixture
def charlie() -> User:
    return make_user("charlie", is_superuser=True)


def get(user: User | None, route: str, *args: Any, **query: Any) -> Any:
    return _client(user).get(reverse(f"marketdata-api:{route}", args=args), query)


def send(user: User, method: str, route: str, *args: Any, **body: Any) -> Any:
    address = reverse(f"marketdata-api:{route}", args=args)
    return getattr(_client(user), method)(address, body, content_type="application/json")


def _client(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def test_nobody_gets_anything_without_logging_in() -> None:
    for name in ("instruments", "quotes", "streams", "watchlists", "downloads"):
        assert get(None, name).status_code == 403


def test_a_quote_says_its_kind_its_time_and_whether_it_is_stale(
    alice: User, paper: Connection
) -> None:
    now = clock.now()
    fresh = {"last": "101.5", "kind": "live", "at": milliseconds(now)}
    old = {"last": "7", "kind": "delayed", "at": milliseconds(now) - 3_600_000}
    put_quotes(paper.slug, {1: fresh, 2: old})
    rows = get(alice, "quotes", conids="1,2,3").json()
    assert [row["con_id"] for row in rows] == [1, 2, 3]
    assert (rows[0]["price"]["value"], rows[0]["price"]["kind"]) == ("101.5", "live")
    assert [row["price"]["stale"] for row in rows] == [False, True, True]
    assert rows[2] == {"con_id": 3, "price": {"kind": "missing", "stale": True}, "quote": {}}


def test_quotes_of_a_silent_gateway_are_stale_and_missing(alice: User, paper: Connection) -> None:
    quote = {"last": "5", "kind": "live", "at": milliseconds(clock.now())}
    put_quotes(paper.slug, {1: quote}, alive=False)
    (row,) = get(alice, "quotes", conids="1").json()
    assert (row["price"]["kind"], row["price"]["stale"]) == (PriceKind.MISSING, True)


def test_prices_are_stale_at_once_when_tws_has_lost_its_broker(
    alice: User, paper: Connection
) -> None:
    instrument(1)
    put_quotes(paper.slug, {1: {"last": "5", "kind": "live", "at": milliseconds(clock.now())}})
    for code, stale in (("", False), ("1100", True), ("2103", False)):
        with worker_says(paper, "degraded", code=code):
            assert get(alice, "quotes", conids="1").json()[0]["price"]["stale"] is stale
            assert get(alice, "instrument", 1).json()["price"]["stale"] is stale


def test_a_connection_with_its_broker_goes_before_one_without(
    charlie: User, paper: Connection, bob: User
) -> None:
    for slug, last in (("paper", "5"), ("other", "6")):
        fresh = {"last": last, "kind": "live", "at": milliseconds(clock.now())}
        put_quotes(slug, {1: fresh})
    other = Connection.objects.get(slug="other")
    with worker_says(paper, "degraded", code="1100"), worker_says(other):
        (row,) = get(charlie, "quotes", conids="1").json()
    assert (row["connection"], row["price"]["stale"]) == ("other", False)


def test_quotes_of_other_peoples_connections_stay_hidden(
    alice: User, bob: User, charlie: User, paper: Connection
) -> None:
    put_quotes(paper.slug, {1: {"last": "5", "kind": "live", "at": milliseconds(clock.now())}})
    assert get(bob, "quotes", conids="1").json()[0]["quote"] == {}
    assert get(bob, "quotes", conids="1", connection="paper").status_code == 404
    assert get(charlie, "quotes", conids="1").json()[0]["quote"]["last"] == "5"


@pytest.mark.parametrize("conids", ["", "x", "1,-2", ",".join(map(str, range(501)))])
def test_a_list_of_instruments_that_cannot_be_read_is_refused(alice: User, conids: str) -> None:
    answer = get(alice, "quotes", conids=conids)
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == ["conids"]


def test_the_number_of_queries_does_not_grow_with_the_quotes(
    alice: User, paper: Connection, django_assert_num_queries: Any
) -> None:
    for con_id in range(1, 30):
        instrument(con_id, f"S{con_id}")
    client = _client(alice)
    address = reverse("marketdata-api:quotes")
    for count in (1, 29):
        with django_assert_num_queries(5):
            client.get(address, {"conids": ",".join(map(str, range(1, count + 1)))})


def test_an_instrument_is_shown_with_hours_rules_and_price(alice: User) -> None:
    found = instrument()
    row = get(alice, "instrument", found.con_id).json()
    assert (row["symbol"], row["kind"], row["min_tick"]) == ("AAPL", "STK", "0.01")
    assert row["hours"]["open"] is None, "the announced hours are long past"
    assert row["price"] == {"kind": "missing", "stale": True}
    assert get(alice, "instrument", 99).status_code == 404


def test_known_instruments_are_found_by_symbol_and_name(alice: User) -> None:
    instrument(1, "MSFT", long_name="MICROSOFT CORP")
    instrument(2, "MS", long_name="MORGAN STANLEY")
    assert [row["con_id"] for row in get(alice, "instruments", q="ms").json()] == [2, 1]
    assert [row["con_id"] for row in get(alice, "instruments", q="micro").json()] == [1]


def test_questions_to_the_broker_need_a_connection_of_ones_own_and_a_worker(
    alice: User, bob: User
) -> None:
    assert get(bob, "search", q="AAPL", connection="paper").status_code == 404
    answer = get(alice, "search", q="AAPL", connection="paper")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.json()["remedy"]


def test_a_stream_says_why_an_instrument_does_not_stream(alice: User, paper: Connection) -> None:
    config = services.stream_config(paper.pk)
    refused = {"reason": "position", "state": "refused", "kind": "close", "code": 354}
    with worker_says(paper):
        services.streams.stream_tell(config, told({"7": refused}), at=clock.now())
        (row,) = get(alice, "streams").json()
        line = row["lines"]["7"]
        assert (row["connection"], row["status"], row["refused"]) == ("paper", "degraded", 1)
        assert line["sentence"]
        assert line["remedy"]
        (quote,) = get(alice, "quotes", conids="7").json()
        assert quote["line"]["code"] == 354
    gone = get(alice, "stream", "paper").json()
    assert (gone["status"], gone["lines"]) == ("failed", {})


def test_only_those_allowed_start_and_stop_a_stream(
    alice: User, bob: User, paper: Connection
) -> None:
    assert get(bob, "stream", "paper").status_code == 404
    assert send(bob, "post", "stream-stop", "paper").status_code == 404
    assert send(alice, "post", "stream-stop", "paper").status_code == 403
    alice.user_permissions.add(Permission.objects.get(codename="change_streamconfig"))
    answer = send(alice, "post", "stream-stop", "paper")
    assert (answer.status_code, answer.json()["status"]) == (200, "stopped")
    assert send(alice, "patch", "stream", "paper", max_symbols=0).status_code == 400
    assert send(alice, "patch", "stream", "paper", max_symbols=50).json()["max_symbols"] == 50
    assert send(alice, "post", "stream-start", "paper").json()["enabled"] is True
    assert StreamConfig.objects.get(connection=paper).enabled


def test_watchlists_are_their_owners_alone(alice: User, bob: User) -> None:
    apple, other = instrument(), instrument(2, "MSFT")
    made = send(alice, "post", "watchlists", name="Mine")
    assert made.status_code == 201
    pk = made.json()["id"]
    for con_id in (apple.con_id, other.con_id):
        send(alice, "post", "items", pk, con_id=con_id, connection="paper")
    sorted_ = send(alice, "put", "items", pk, con_ids=[other.con_id]).json()
    assert [row["con_id"] for row in sorted_["items"]] == [other.con_id, apple.con_id]
    assert get(bob, "watchlist", pk).status_code == 404
    assert send(bob, "delete", "watchlist", pk).status_code == 404
    assert send(alice, "post", "watchlists", name="Mine").status_code == 400
    assert send(alice, "patch", "watchlist", pk, name="Yours").json()["name"] == "Yours"
    assert len(send(alice, "delete", "item", pk, apple.con_id).json()["items"]) == 1
    assert send(alice, "delete", "watchlist", pk).status_code == 204
    assert not Watchlist.objects.exists()


def test_bars_are_given_as_stored_and_fetched_on_demand(alice: User, bob: User) -> None:
    found, now = instrument(), clock.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    on_bars(con_id=found.con_id, size="1 day", what="TRADES", bars=[bar(midnight, "12.5")])
    (row,) = get(alice, "bars", found.con_id).json()
    assert (row["close"].rstrip("0"), row["source"]) == ("12.5", "ib")
    body = {"connection": "paper", "size": "1 day", "start_at": "2020-01-01T00:00:00Z"}
    asked = send(alice, "post", "bars", found.con_id, **body)
    assert (asked.status_code, asked.json()["state"]) == (202, "queued")
    again = send(alice, "post", "bars", found.con_id, **body)
    assert again.json()["id"] == asked.json()["id"], "one wish, one download"
    assert get(bob, "downloads").json()["results"] == []
    assert len(get(alice, "downloads").json()["results"]) == 1
    future = body | {"start_at": "2100-01-01T00:00:00Z"}
    assert send(alice, "post", "bars", found.con_id, **future).status_code == 400


def test_the_schema_describes_every_route(charlie: User) -> None:
    answer = _client(charlie).get(reverse("schema"), {"format": "json"})
    assert answer.status_code == 200
    paths = answer.json()["paths"]
    for path in ("quotes", "streams/{slug}/start/", "instruments/{con_id}/options/"):
        assert f"/api/v1/{path}" in paths

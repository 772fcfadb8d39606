"""The ticket: what is wrong is said beside its field, and no click sends an order twice."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.accounts.models import BrokerAccount
from apps.lib import clock
from apps.trading.models import Order
from apps.trading.services import margins, whatif
from ibkr.types import MarginImpact
from tests.django.test_pages import words_of
from tests.factories import make_account, make_connection, make_user
from tests.gate_data import AAPL, ready_to_trade
from tests.marketdata_pages import around_the_clock, client_of
from tests.risk_data import allow
from tests.trading_data import make_strategy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]
CODE = "DU1234567"


@pytest.fixture
def account() -> Iterator[BrokerAccount]:
    """On a good day: link, values, positions, quotes and guard are as they should be."""
    yield from _trading(make_account(make_connection(), CODE))


def _trading(account: BrokerAccount) -> Iterator[BrokerAccount]:
    with ready_to_trade(account, at=clock.now()):
        around_the_clock(AAPL, industry="Technology")
        yield account


@pytest.fixture
def client(account: BrokerAccount) -> Client:
    return client_of(allow(make_user("alice", account), "trade", "upload_snapshot"))


def filled_in(account: BrokerAccount, **fields: Any) -> dict[str, Any]:
    known = {
        "account": account.pk,
        "con_id": AAPL,
        "key": uuid4().hex,
        "side": "BUY",
        "quantity": "10",
        "order_type": "LMT",
        "limit_price": "99.99",
        "tif": "DAY",
    }
    return {name: value for name, value in (known | fields).items() if value is not None}


def post(client: Client, name: str, body: dict[str, Any]) -> Any:
    return client.post(reverse(name), body)


def test_without_an_instrument_one_is_searched_for(client: Client, account: BrokerAccount) -> None:
    assert "Which instrument?" in words_of(client.get("/orders/new/"))
    found = client.get("/orders/new/search/", {"symbol": "AAP"}).content.decode()
    assert f"con_id={AAPL}" in found


def test_the_ticket_opens_filled_in_from_a_link(client: Client, account: BrokerAccount) -> None:
    query: dict[str, Any] = {"con_id": AAPL, "account": account.pk, "side": "SELL", "quantity": "5"}
    text = client.get("/orders/new/", query).content.decode()

    assert 'value="SELL" checked' in text
    assert 'value="5"' in text
    assert CODE not in text


@pytest.mark.parametrize("query", [{"con_id": "x"}, {"con_id": "²"}, {"con_id": "1" * 30}])
def test_an_instrument_that_cannot_be_is_not_found(client: Client, query: Any) -> None:
    assert client.get("/orders/new/", query).status_code == 404


def test_everything_is_shown_before_it_goes(client: Client, account: BrokerAccount) -> None:
    text = words_of(post(client, "ticket-confirm", filled_in(account, limit_price="99.994")))

    for words in ("Buy 10 AAPL", "99.99 USD", "rounded", "DU****67", "would let this order"):
        assert words in text, words
    assert not Order.objects.exists()


def test_an_order_is_sent_once_however_often_it_is_posted(
    client: Client, account: BrokerAccount
) -> None:
    body = filled_in(account)
    places = {post(client, "ticket-place", body)["Location"] for _round in range(3)}

    order = Order.objects.get()
    assert places == {f"/orders/{order.pk}/"}
    assert (order.source, order.placed_by_id) == ("page", User.objects.get().pk)


def test_the_same_key_with_another_order_is_refused(client: Client, account: BrokerAccount) -> None:
    body = filled_in(account)
    post(client, "ticket-place", body)
    response = post(client, "ticket-place", body | {"quantity": "11"})

    assert "used before" in words_of(response)
    assert Order.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"limit_price": ""}, "needs a limit price"),
        ({"quantity": "-1"}, "above zero"),
        ({"quantity": "nan"}, "Enter a number"),
        ({"quantity": "0.5"}, "multiple of the lot"),
        ({"order_type": "STP"}, "needs a stop price"),
        ({"order_type": "TRAIL", "stop_price": "1", "trailing_percent": "2"}, "not both"),
        ({"order_type": "LOTTERY"}, "not one of the available choices"),
        ({"tif": "GTD"}, "needs a moment in the future"),
        ({"take_profit": "120"}, "needs both"),
        ({"algo_strategy": "Adaptive", "tif": "GTC"}, "for the day only"),
        (
            {
                "algo_strategy": "Twap",
                "algo_start_at": "2026-03-02T15:00",
                "algo_end_at": "2026-03-02T14:00",
            },
            "behind the start",
        ),
        ({"oca_group": "a", "oca_type": "4"}, "not one of the available choices"),
        ({"side": ""}, "required"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    client: Client, account: BrokerAccount, fields: dict[str, str], words: str
) -> None:
    for name in ("ticket-confirm", "ticket-place"):
        response = post(client, name, filled_in(account, **fields))
        assert response.status_code == 400
        assert "oops" in response.content.decode()
        assert words in words_of(response)
    assert not Order.objects.exists()


def test_what_the_type_does_not_use_is_not_sent(client: Client, account: BrokerAccount) -> None:
    post(client, "ticket-place", filled_in(account, order_type="MKT", stop_price="3"))

    order = Order.objects.get()
    assert (order.order_type, order.limit_price, order.stop_price) == ("MKT", None, None)


def test_orders_for_the_open_and_of_groups_are_shown_by_their_usual_names(
    client: Client, account: BrokerAccount
) -> None:
    body = filled_in(account, order_type="LOO", oca_group="either", oca_type="3")
    text = words_of(post(client, "ticket-confirm", body))

    assert "LOO" in text
    assert "OPG" in text
    assert "either reduce the others, all working at once" in text


def test_a_bracket_is_three_orders(client: Client, account: BrokerAccount) -> None:
    response = post(client, "ticket-place", filled_in(account, take_profit="110", stop_loss="90"))

    entry, profit, loss = Order.objects.order_by("pk")
    assert response["Location"] == f"/orders/{entry.pk}/"
    assert (profit.limit_price, loss.stop_price) == (Decimal(110), Decimal(90))
    text = words_of(client.get(f"/orders/{entry.pk}/"))
    assert f"Order {profit.pk}" in text


def test_a_refusal_of_the_gate_is_told_with_its_numbers(
    client: Client, account: BrokerAccount
) -> None:
    body = filled_in(account, quantity="90000000")
    checked = words_of(post(client, "ticket-check", body))
    placed = post(client, "ticket-place", body)

    assert "would refuse" in checked
    assert "90,000,000" in checked
    assert placed.status_code == 409
    assert not Order.objects.exists()
    assert "Check again" in words_of(placed)


def test_without_the_permission_nothing_is_placed(account: BrokerAccount) -> None:
    charlie = client_of(make_user("charlie", account))

    for name in ("ticket-check", "ticket-confirm", "ticket-place", "ticket-what-if"):
        response = post(charlie, name, filled_in(account))
        assert "permission to trade" in words_of(response)
    assert not Order.objects.exists()


def test_nobody_places_orders_in_other_peoples_accounts(account: BrokerAccount) -> None:
    other = make_account(make_connection("other"), "DU7654321")
    bob = client_of(allow(make_user("bob", other), "trade"))

    assert post(bob, "ticket-place", filled_in(account)).status_code == 404
    assert not Order.objects.exists()


def test_real_money_wants_the_accounts_last_four_characters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # There is no gateway here to ask: its answer to "what if" is given in its place.
    amounts = dict.fromkeys(MarginImpact.__dataclass_fields__, "1000")
    answer = amounts | {"equity_after": "900000", "commission_currency": "USD", "warning": ""}
    for module in (margins, whatif):
        monkeypatch.setattr(module, "ask", lambda *_args, **_kwargs: answer)
    for account in _trading(make_account(make_connection(mode="live"), "U1234567")):
        alice = client_of(allow(make_user("alice", account), "trade"))
        body = filled_in(account)
        assert "last four characters" in words_of(post(alice, "ticket-confirm", body))

        for typed in ("", "4568", "1234567"):
            response = post(alice, "ticket-place", body | {"confirmation": typed})
            assert response.status_code == 400
        assert not Order.objects.exists()
        right = post(alice, "ticket-place", body | {"confirmation": "4567"})
        assert right.status_code == 302, words_of(right)


def test_errors_of_a_file_are_told_by_line(client: Client, account: BrokerAccount) -> None:
    strategy = make_strategy(account)
    file = b"symbol,weight\nAAPL,0.5\nAAPL,0.6\nAAPL,nan\n"
    body = {"strategy": strategy.pk, "file": SimpleUploadedFile("weights.csv", file)}
    response = client.post(reverse("run-new"), body)

    assert response.status_code == 400
    text = words_of(response)
    assert "line 4" in text
    assert not strategy.snapshots.exists()


def test_the_template_of_weights_can_be_downloaded(client: Client) -> None:
    response = client.get(reverse("snapshot-template"))

    assert response.content.startswith(b"symbol,weight")
    assert "attachment" in response["Content-Disposition"]

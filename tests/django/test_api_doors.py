"""What every request of the API passes: the throttle, and the check of what came in."""

from types import SimpleNamespace
from typing import Any

import pytest
import rest_framework.views  # noqa: F401  # first: it imports apps.lib.api by name
from rest_framework.exceptions import ValidationError
from rest_framework.serializers import Serializer

from apps.lib.api import Throttle, checked
from apps.trading.api.order_schema import ChangeBody, OrderBody, TermsBody

USER = SimpleNamespace(pk=7, is_authenticated=True)
REQUEST: Any = SimpleNamespace(user=USER)
GOOD = {
    "account": 1,
    "con_id": 265598,
    "side": "BUY",
    "quantity": "10",
    "order_type": "LMT",
    "limit_price": "99.5",
}


class Three(Throttle):
    scope = "test"
    rate = "3/min"


def at(moment: float) -> Three:
    found = Three()
    found.timer = lambda: moment
    return found


@pytest.mark.usefixtures("empty_redis")
def test_the_window_slides_and_says_how_long_to_wait() -> None:
    assert [at(moment).allow_request(REQUEST, None) for moment in (0.0, 10.0, 20.0)] == [True] * 3
    refused = at(45.5)
    assert not refused.allow_request(REQUEST, None)
    assert refused.wait() == 14.5
    assert at(60.5).allow_request(REQUEST, None)
    assert not at(60.6).allow_request(REQUEST, None)
    assert at(70.1).allow_request(REQUEST, None)


@pytest.mark.usefixtures("empty_redis")
def test_each_user_has_a_window_of_their_own() -> None:
    other: Any = SimpleNamespace(user=SimpleNamespace(pk=8, is_authenticated=True))
    for moment in (1.0, 2.0, 3.0):
        assert at(moment).allow_request(REQUEST, None)
    assert not at(4.0).allow_request(REQUEST, None)
    assert at(4.0).allow_request(other, None)


@pytest.mark.parametrize(
    ("shape", "data"),
    [
        (OrderBody, {}),
        (OrderBody, None),
        (OrderBody, [1]),
        (OrderBody, GOOD | {"side": "HOLD", "quantity": "many", "limit_price": "1e40"}),
        (OrderBody, GOOD | {"take_profit": "104"}),
        (OrderBody, GOOD | {"account": None, "good_till_at": "tomorrow"}),
        (TermsBody, GOOD | {"oca_type": 9, "algo_params": ["x"]}),
        (ChangeBody, {}),
    ],
)
def test_what_is_wrong_is_said_in_the_frameworks_words(
    shape: type[Serializer[Any]], data: Any
) -> None:
    with pytest.raises(ValidationError) as told:
        checked(shape, data)
    plain = shape(data=data)
    assert not plain.is_valid()
    assert told.value.detail == plain.errors


def test_nothing_of_one_request_is_left_for_the_next() -> None:
    full = GOOD | {"strategy": "momentum", "oca_group": "g", "algo_params": {"a": "1"}}
    for data in (full, GOOD, full | {"quantity": "11"}):
        plain = OrderBody(data=data)
        assert plain.is_valid()
        assert checked(OrderBody, data) == plain.validated_data

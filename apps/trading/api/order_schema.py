"""The shapes of requests and answers about orders, for OpenAPI and for checking what comes in."""

from typing import Any

from rest_framework import serializers as s

from apps.accounts.api.schema import amount
from apps.trading.models import Source
from apps.trading.shapes import ALGO_PARAMS, OPENING, TIFS, TYPES
from apps.trading.states import OrderState

SIDES = ["BUY", "SELL"]
ORDER_TYPES = [*TYPES, *OPENING]
ORDER_STATES = [state.value for state in OrderState]


def price(**options: Any) -> s.DecimalField:
    options.setdefault("required", False)
    return s.DecimalField(max_digits=20, decimal_places=10, **options)


def quantity(**options: Any) -> s.DecimalField:
    return s.DecimalField(max_digits=28, decimal_places=10, **options)


class TermsBody(s.Serializer[Any]):
    account = s.IntegerField(help_text="Number of the account, as in /accounts/")
    con_id = s.IntegerField(help_text="IB's conId of a known instrument")
    side = s.ChoiceField(SIDES)
    quantity = quantity()
    order_type = s.ChoiceField(ORDER_TYPES)
    tif = s.ChoiceField(TIFS, default="DAY")
    limit_price = price()
    stop_price = price(help_text="The trigger; of TRAIL the amount")
    trailing_percent = s.DecimalField(max_digits=10, decimal_places=6, required=False)
    trail_stop_price = price()
    outside_rth = s.BooleanField(default=False)
    good_till_at = s.DateTimeField(required=False)
    algo_strategy = s.ChoiceField(sorted(ALGO_PARAMS), required=False)
    algo_params = s.DictField(child=s.CharField(), required=False)
    oca_group = s.CharField(max_length=64, required=False)
    oca_type = s.IntegerField(min_value=1, max_value=3, required=False)


class OrderBody(TermsBody):
    strategy = s.CharField(max_length=60, required=False)
    take_profit = price(help_text="With stop_loss: a bracket of three orders")
    stop_loss = price()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("take_profit" in attrs) != ("stop_loss" in attrs):
            raise s.ValidationError("A bracket needs both take_profit and stop_loss.")
        return attrs


class ChangeBody(s.Serializer[Any]):
    quantity = quantity(required=False)
    limit_price = price()
    stop_price = price()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise s.ValidationError("Say what is to change.")
        return attrs


class CancelAllBody(s.Serializer[Any]):
    connection = s.SlugField()
    account = s.IntegerField(required=False, help_text="Only its orders")
    own_only = s.BooleanField(default=True, help_text="False: others under our client id too")


class GlobalCancelBody(s.Serializer[Any]):
    connection = s.SlugField()
    confirm = s.CharField(help_text="The connection's short name, typed once more")


class OrderShape(s.Serializer[Any]):
    id = s.IntegerField()
    account = s.IntegerField()
    con_id = s.IntegerField()
    symbol = s.CharField()
    name = s.CharField()
    sec_type = s.CharField()
    currency = s.CharField()
    step = amount()
    side = s.ChoiceField(SIDES)
    quantity = amount(required=True)
    type = s.CharField()
    tif = s.CharField()
    limit_price = amount()
    stop_price = amount()
    trailing_percent = amount()
    trail_stop_price = amount()
    outside_rth = s.BooleanField(required=False)
    good_till_at = s.DateTimeField(required=False)
    algo = s.CharField(required=False)
    oca_group = s.CharField(required=False)
    transmit = s.BooleanField()
    state = s.ChoiceField(ORDER_STATES)
    open = s.BooleanField()
    filled = amount(required=True)
    remaining = amount(required=True)
    average_price = amount()
    commission = amount()
    commission_currency = s.CharField(required=False)
    perm_id = s.IntegerField(required=False)
    broker_status = s.CharField(required=False)
    why_held = s.CharField(required=False)
    accepted_at = s.DateTimeField()
    sent_at = s.DateTimeField(required=False)
    acknowledged_at = s.DateTimeField(required=False)
    cancel_asked_at = s.DateTimeField(required=False)
    ended_at = s.DateTimeField(required=False)
    source = s.ChoiceField(Source.choices)  # type: ignore[assignment]  # DRF's metaclass
    external = s.BooleanField()
    by = s.CharField(required=False)
    strategy = s.CharField(required=False)
    run = s.IntegerField(required=False)
    parent = s.IntegerField(  # type: ignore[assignment]  # DRF's metaclass
        required=False
    )
    reason_code = s.CharField(required=False)
    reason = s.CharField(required=False)


class EventShape(s.Serializer[Any]):
    number = s.IntegerField()
    kind = s.CharField()
    before = s.CharField(allow_blank=True)
    after = s.CharField()
    origin = s.CharField()
    at = s.DateTimeField()
    data = s.DictField()  # type: ignore[assignment]  # DRF's metaclass takes fields out again


class ChangeShape(s.Serializer[Any]):
    number = s.IntegerField()
    quantity = amount(required=True)
    limit_price = amount()
    stop_price = amount()
    state = s.CharField()
    reason = s.CharField(required=False)
    asked_at = s.DateTimeField()


class OrderDetailShape(OrderShape):
    events = EventShape(many=True)
    changes = ChangeShape(many=True)


class PlacedShape(OrderShape):
    children = OrderShape(many=True, help_text="The exits of a bracket")


class CancelledShape(s.Serializer[Any]):
    asked = s.IntegerField(help_text="Orders whose cancel was asked for")


class MarginShape(s.Serializer[Any]):
    """Left out: the broker did not say."""

    initial_before = amount()
    initial_change = amount()
    initial_after = amount()
    maintenance_before = amount()
    maintenance_change = amount()
    maintenance_after = amount()
    equity_before = amount()
    equity_change = amount()
    equity_after = amount()
    commission = amount()
    commission_min = amount()
    commission_max = amount()
    commission_currency = s.CharField(required=False)
    warning = s.CharField(required=False)


class ExecutionShape(s.Serializer[Any]):
    id = s.IntegerField()
    exec_id = s.CharField()
    order = s.IntegerField(required=False)
    account = s.IntegerField()
    con_id = s.IntegerField()
    symbol = s.CharField()
    name = s.CharField()
    sec_type = s.CharField()
    currency = s.CharField()
    side = s.ChoiceField(SIDES)
    quantity = amount(required=True)
    price = amount(required=True)
    exchange = s.CharField(required=False)
    liquidation = s.BooleanField(required=False)
    corrected = s.BooleanField(required=False)
    at = s.DateTimeField()
    commission = amount()
    commission_currency = s.CharField(required=False)
    realized_pnl = amount()

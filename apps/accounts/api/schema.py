"""The shapes of answers, for OpenAPI: the views build them from rows without serializing twice."""

from typing import Any

from rest_framework import serializers as s


def amount(**options: Any) -> s.DecimalField:
    """A decimal as a string; left out where the broker has not told."""
    options.setdefault("required", False)
    return s.DecimalField(max_digits=None, decimal_places=None, **options)


class ConnectionShape(s.Serializer[Any]):
    slug = s.SlugField()
    label = s.CharField()  # type: ignore[assignment]  # DRF's metaclass takes fields out again
    mode = s.ChoiceField(["paper", "live"])
    state = s.CharField()
    since_at = s.DateTimeField(required=False)
    code = s.CharField()
    sentence = s.CharField()
    sentences = s.DictField(child=s.CharField(), help_text="The sentence by language")
    worker = s.BooleanField()


class CardShape(s.Serializer[Any]):
    id = s.IntegerField()
    name = s.CharField()
    code = s.CharField(help_text="Masked unless you may see whole account ids")
    connection = s.SlugField()
    mode = s.ChoiceField(["paper", "live"])
    base_currency = s.CharField(required=False)
    net_liquidation = amount()
    total_cash = amount()
    available_funds = amount()
    buying_power = amount()
    excess_liquidity = amount()
    init_margin = amount()
    maint_margin = amount()
    cushion = amount()
    gross_position_value = amount()
    daily_pnl = amount()
    unrealized_pnl = amount()
    realized_pnl = amount()
    updated_at = s.DateTimeField(required=False)
    positions_at = s.DateTimeField(required=False)


class CashShape(s.Serializer[Any]):
    cash = amount()
    rate = amount(help_text="Base currency for one unit")
    base = amount()


class AccountShape(s.Serializer[Any]):
    card = CardShape()
    cash = s.DictField(child=CashShape(), help_text="By currency")


class ValueShape(s.Serializer[Any]):
    tag = s.CharField()
    currency = s.CharField(allow_blank=True)
    amount = amount(allow_null=True, required=True)
    text = s.CharField(allow_blank=True)
    at = s.DateTimeField()


class PositionShape(s.Serializer[Any]):
    con_id = s.IntegerField()
    symbol = s.CharField()
    local_symbol = s.CharField(required=False)
    sec_type = s.CharField()
    currency = s.CharField()
    exchange = s.CharField(required=False)
    multiplier = amount()
    expiry = s.DateField(required=False)
    strike = amount()
    right = s.CharField(required=False)
    quantity = amount(required=True)
    average_cost = amount(required=True)
    market_price = amount()
    market_value = amount()
    value_base = amount()
    unrealized_pnl = amount()
    realized_pnl = amount()
    daily_pnl = amount()
    days_to_expiry = s.IntegerField(required=False)
    valued_at = s.DateTimeField(required=False)


class PointShape(s.Serializer[Any]):
    at = s.DateTimeField()
    value = amount(required=True)


class PerformanceShape(s.Serializer[Any]):
    """Returns and drawdowns are fractions: 0.05 is five percent."""

    start_at = s.DateTimeField()
    end_at = s.DateTimeField()
    start_value = amount(required=True)
    value = amount(required=True)
    flows = amount(required=True)
    total_return = amount(required=True)
    high_water = amount(required=True)
    high_water_at = s.DateTimeField()
    drawdown = amount(required=True)
    max_drawdown = amount(required=True)


class EquityShape(s.Serializer[Any]):
    points = PointShape(many=True)
    performance = PerformanceShape(allow_null=True)


class EquityQuery(s.Serializer[Any]):
    since_at = s.DateTimeField(required=False, help_text="Leave out for the whole history")


class FindingShape(s.Serializer[Any]):
    id = s.IntegerField()
    account = s.IntegerField()
    con_id = s.IntegerField(help_text="0: about the account itself")
    code = s.CharField()
    severity = s.ChoiceField(["info", "warning", "error"])
    sentence = s.CharField()
    first_seen_at = s.DateTimeField()
    last_seen_at = s.DateTimeField()


class QueuedShape(s.Serializer[Any]):
    queued = s.BooleanField()


class StatusShape(s.Serializer[Any]):
    at = s.DateTimeField()
    connections = ConnectionShape(many=True)
    accounts = s.IntegerField(help_text="Accounts you may see")
    findings = s.IntegerField(help_text="Open findings on them")

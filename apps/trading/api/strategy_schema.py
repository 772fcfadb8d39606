"""The shapes of requests and answers about strategies, policies and target weights."""

from typing import Any

from rest_framework import serializers as s

from apps.trading.models import Policy
from apps.trading.rebalance import Override


def fraction(**options: Any) -> s.CharField:
    """As text, so that no digit is lost."""
    return s.CharField(help_text="A decimal fraction of 1", **options)


class StrategyShape(s.Serializer[Any]):
    id = s.IntegerField()
    account = s.IntegerField()
    name = s.SlugField()
    provider = s.CharField(allow_blank=True, help_text="Empty: the weights are uploaded")
    params = s.DictField()
    enabled = s.BooleanField()


class StrategyBody(s.Serializer[Any]):
    account = s.IntegerField(help_text="Number of the account, as in /accounts/")
    name = s.CharField(max_length=60)
    provider = s.CharField(required=False, default="", allow_blank=True, max_length=200)
    params = s.DictField(required=False, default=dict)
    policy = s.DictField(required=False, default=dict, help_text="Differences from the usual")


class StrategyChange(s.Serializer[Any]):
    enabled = s.BooleanField(required=False)
    provider = s.CharField(required=False, allow_blank=True, max_length=200)
    params = s.DictField(required=False)


class PolicyShape(s.Serializer[Any]):
    version = s.IntegerField()
    cash_buffer = fraction()
    drift_absolute = fraction()
    drift_relative = fraction()
    minimum_trade = s.CharField(help_text="In base currency")
    turnover_cap = fraction()
    allow_short = s.BooleanField()
    not_targeted = s.ChoiceField(Policy.NotTargeted.choices)
    overrides = s.DictField(child=s.ChoiceField([word.value for word in Override]))
    style = s.ChoiceField(Policy.Style.choices)  # type: ignore[assignment]  # DRF takes fields out again
    collar = fraction()
    leftover = s.ChoiceField(Policy.Leftover.choices)
    leftover_after_seconds = s.IntegerField()
    reprices = s.IntegerField()
    plan_minutes = s.IntegerField()
    price_drift = fraction()
    automatic = s.BooleanField()
    made_by = s.CharField(allow_blank=True)
    made_at = s.DateTimeField()


class PolicyChange(s.Serializer[Any]):
    changes = s.DictField(help_text="Fields of the policy; what is left out stays as it is")


class SnapshotShape(s.Serializer[Any]):
    id = s.IntegerField()
    strategy = s.IntegerField()
    dated_on = s.DateField()
    origin = s.ChoiceField(["csv", "api", "admin", "provider"])
    digest = s.CharField(help_text="SHA-256 over the weights")
    note = s.CharField(allow_blank=True)
    made_by = s.CharField(allow_blank=True)
    made_at = s.DateTimeField()


class WeightShape(s.Serializer[Any]):
    con_id = s.IntegerField()
    symbol = s.CharField()
    kind = s.CharField()
    currency = s.CharField()
    weight = fraction()


class SnapshotWholeShape(SnapshotShape):
    weights = WeightShape(many=True)


class WeightBody(s.Serializer[Any]):
    """By conId, or by symbol with as much else as makes it one instrument."""

    con_id = s.IntegerField(required=False, min_value=1, max_value=2**53)
    symbol = s.CharField(required=False, default="", allow_blank=True, max_length=40)
    sec_type = s.CharField(required=False, default="", allow_blank=True, max_length=8)
    currency = s.CharField(required=False, default="", allow_blank=True, max_length=4)
    exchange = s.CharField(required=False, default="", allow_blank=True, max_length=20)
    weight = s.CharField(max_length=40, help_text="0.25 or 25%")


class SnapshotBody(s.Serializer[Any]):
    dated_on = s.DateField(required=False, help_text="Today, where it is left out")
    note = s.CharField(required=False, default="", allow_blank=True, max_length=200)
    weights = WeightBody(many=True)


class UploadBody(s.Serializer[Any]):
    file = s.FileField(help_text="As the template has it")
    dated_on = s.DateField(required=False, help_text="Today, where it is left out")
    note = s.CharField(required=False, default="", allow_blank=True, max_length=200)


class ProviderBody(s.Serializer[Any]):
    dated_on = s.DateField(required=False, help_text="Today, where it is left out")

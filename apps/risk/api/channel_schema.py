"""Shapes of channels and deliveries over the API; configuration goes in and never out."""

from typing import Any

from django.conf import settings
from rest_framework import serializers as s

from apps.risk.models import Alert, Channel, Delivery

CHANNEL_KINDS = Channel.Kind.choices
SEVERITIES = Alert.Severity.choices
DELIVERY_STATES = Delivery.State.choices


class ChannelBody(s.Serializer[Any]):
    name = s.CharField(max_length=60)
    kind = s.ChoiceField(choices=CHANNEL_KINDS)
    config = s.DictField(child=s.CharField(allow_blank=True), write_only=True, default=dict)
    """telegram: token, chat_id, base_url; email: host, port, security, username, password, sender,
    to; apprise: url. Empty secrets stay as they are."""
    min_severity = s.ChoiceField(choices=SEVERITIES, default="warning")
    tier = s.ChoiceField(choices=Channel.Tier.choices, default=1)
    language = s.ChoiceField(choices=settings.LANGUAGES, default="en")
    quiet_from = s.TimeField(allow_null=True, default=None)
    quiet_to = s.TimeField(allow_null=True, default=None)
    zone = s.CharField(max_length=40, default="UTC")
    per_hour = s.IntegerField(default=30)
    batch_seconds = s.IntegerField(default=20)
    enabled = s.BooleanField(default=True)


class ChannelShape(s.Serializer[Any]):
    id = s.IntegerField()
    name = s.CharField()
    kind = s.ChoiceField(choices=CHANNEL_KINDS)
    target = s.CharField()
    min_severity = s.ChoiceField(choices=SEVERITIES)
    tier = s.ChoiceField(choices=Channel.Tier.choices)
    language = s.CharField()
    quiet_from = s.CharField(allow_null=True)
    quiet_to = s.CharField(allow_null=True)
    zone = s.CharField()
    per_hour = s.IntegerField()
    batch_seconds = s.IntegerField()
    enabled = s.BooleanField()
    disabled_reason = s.CharField()
    last_ok_at = s.DateTimeField(allow_null=True)


class TestedShape(s.Serializer[Any]):
    ok = s.BooleanField()
    sentence = s.CharField()


class DeliveryShape(s.Serializer[Any]):
    id = s.IntegerField()
    alert = s.IntegerField()
    channel = s.CharField()
    occasion = s.ChoiceField(choices=Delivery.Occasion.choices)
    state = s.ChoiceField(choices=DELIVERY_STATES)
    attempts = s.IntegerField()
    created_at = s.DateTimeField()
    next_at = s.DateTimeField()
    sent_at = s.DateTimeField(allow_null=True)
    receipt = s.CharField()
    error = s.CharField()

"""What the limits API takes and gives."""

from typing import Any

from rest_framework import serializers as s

from apps.risk.models import LimitChange
from apps.risk.policy import Scope

CHANGE_STATES = LimitChange.State.choices


class ParameterShape(s.Serializer[Any]):
    name = s.CharField()
    unit = s.CharField()
    meaning = s.CharField()
    value = s.CharField(allow_null=True, help_text="What holds; null is no limit.")
    limit = s.IntegerField(allow_null=True, help_text="The limit it is from; null: the default.")


class ControlShape(s.Serializer[Any]):
    code = s.CharField()
    scope = s.CharField()
    meaning = s.CharField()
    parameters = ParameterShape(many=True)


class ScopeShape(s.Serializer[Any]):
    """Which orders it is about; what is null or empty narrows nothing."""

    connection = s.SlugField(required=False, allow_null=True, default=None)
    account = s.IntegerField(required=False, allow_null=True, default=None)
    sec_type = s.CharField(required=False, allow_blank=True, default="", max_length=8)
    strategy = s.CharField(required=False, allow_blank=True, default="", max_length=60)
    con_id = s.IntegerField(required=False, allow_null=True, default=None)


class LimitShape(ScopeShape):
    id = s.IntegerField()
    code = s.CharField()
    scope = s.ChoiceField(choices=[(scope.value, scope.value) for scope in Scope])
    parameters = s.DictField(child=s.CharField())
    changed_at = s.DateTimeField()


class LimitBody(ScopeShape):
    code = s.CharField(max_length=24)
    name = s.CharField(max_length=24)
    value = s.CharField(allow_null=True, max_length=400, help_text="null takes it out.")
    reason = s.CharField(max_length=400)


class LimitChangeShape(ScopeShape):
    id = s.IntegerField()
    code = s.CharField()
    name = s.CharField()
    old = s.CharField(allow_null=True)
    new = s.CharField(allow_null=True)
    raises = s.BooleanField()
    reason = s.CharField()
    state = s.ChoiceField(choices=CHANGE_STATES)
    asked_by = s.CharField()
    asked_at = s.DateTimeField()
    decided_by = s.CharField(allow_null=True)
    decided_at = s.DateTimeField(allow_null=True)


class DecideBody(s.Serializer[Any]):
    accept = s.BooleanField()


class RestrictionShape(s.Serializer[Any]):
    id = s.IntegerField()
    con_id = s.IntegerField(allow_null=True)
    issuer = s.CharField(allow_blank=True)
    account = s.IntegerField(allow_null=True)
    reduce_only = s.BooleanField()
    reason = s.CharField()
    added_by = s.CharField()
    added_at = s.DateTimeField()


class RestrictionBody(s.Serializer[Any]):
    con_id = s.IntegerField(required=False, allow_null=True, default=None)
    issuer = s.CharField(required=False, allow_blank=True, default="", max_length=40)
    account = s.IntegerField(required=False, allow_null=True, default=None)
    reduce_only = s.BooleanField(required=False, default=False)
    reason = s.CharField(max_length=200)


class EndBody(s.Serializer[Any]):
    reason = s.CharField(max_length=400)


class VerdictShape(s.Serializer[Any]):
    code = s.CharField()
    passed = s.BooleanField()
    warning = s.BooleanField()
    value = s.CharField(allow_null=True)
    limit = s.CharField(allow_null=True)
    unit = s.CharField(allow_blank=True)
    message = s.CharField(allow_blank=True)


class DecisionShape(s.Serializer[Any]):
    id = s.IntegerField()
    con_id = s.IntegerField()
    source = s.CharField()  # type: ignore[assignment]  # DRF gives the name another meaning
    passed = s.BooleanField()
    before_wire = s.BooleanField()
    intent = s.DictField()
    verdicts = VerdictShape(many=True)
    policy_version = s.CharField()
    at = s.DateTimeField()

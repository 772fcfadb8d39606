"""What the risk API takes and gives."""

from typing import Any

from rest_framework import serializers as s

from apps.risk.levels import FlattenState, LockEnd, LockKind
from apps.risk.models.guard import GUARD_STATES, Alert

STATES = [*GUARD_STATES, ("unknown", "unknown")]
NUMBER = "A decimal as text; left out when missing."


class KillShape(s.Serializer[Any]):
    level = s.IntegerField(min_value=0, max_value=5)
    reason = s.CharField(required=False)
    by = s.CharField(required=False)
    since_at = s.DateTimeField(required=False)


class KillBody(s.Serializer[Any]):
    """Without an account, everything."""

    account = s.IntegerField(required=False, allow_null=True, default=None)
    level = s.IntegerField(min_value=1, max_value=5)
    reason = s.CharField(max_length=400)


class LiftBody(s.Serializer[Any]):
    """Down to this level; 0 lets everything go on."""

    account = s.IntegerField(required=False, allow_null=True, default=None)
    level = s.IntegerField(min_value=0, max_value=4, default=0)
    reason = s.CharField(max_length=400)


class FigureShape(s.Serializer[Any]):
    code = s.CharField()
    state = s.ChoiceField(choices=GUARD_STATES)
    unit = s.CharField()
    value = s.CharField(required=False, help_text=NUMBER)
    warn = s.CharField(required=False, help_text=NUMBER)
    limit = s.CharField(required=False, help_text=NUMBER)
    subject = s.CharField(required=False)
    below = s.BooleanField(required=False)
    latch = s.BooleanField(required=False)
    scoped = s.BooleanField(required=False)
    uncovered = s.IntegerField(required=False)


class LatchShape(s.Serializer[Any]):
    code = s.CharField()
    state = s.ChoiceField(choices=GUARD_STATES)
    value = s.CharField()
    limit = s.CharField()
    at = s.DateTimeField()


class GuardShape(s.Serializer[Any]):
    account = s.IntegerField()
    name = s.CharField()
    connection = s.CharField()
    state = s.ChoiceField(choices=STATES)
    since_at = s.DateTimeField(required=False)
    evaluated_at = s.DateTimeField(required=False, allow_null=True)
    latches = LatchShape(many=True)
    released = s.ListField(child=s.CharField())


class FlattenLineShape(s.Serializer[Any]):
    con_id = s.IntegerField()
    name = s.CharField()
    quantity = s.CharField()
    attempts = s.IntegerField()
    order = s.IntegerField(allow_null=True)
    sentence = s.CharField(allow_blank=True)


class FlattenShape(s.Serializer[Any]):
    id = s.IntegerField()
    state = s.ChoiceField(choices=[(state.value, state.value) for state in FlattenState])
    sentence = s.CharField(allow_blank=True)
    opened_at = s.DateTimeField()
    closed_at = s.DateTimeField(allow_null=True)
    lines = FlattenLineShape(many=True)


class LockShape(s.Serializer[Any]):
    id = s.IntegerField()
    account = s.IntegerField()
    con_id = s.IntegerField()
    name = s.CharField(allow_blank=True)
    kind = s.ChoiceField(choices=[(kind.value, kind.value) for kind in LockKind])
    reason = s.CharField()
    data = s.DictField()  # type: ignore[assignment]  # a field called data, as the row has it
    opened_at = s.DateTimeField()
    opened_by = s.CharField()
    closed_at = s.DateTimeField(required=False)
    how = s.CharField(required=False)
    note = s.CharField(required=False)


class LockBody(s.Serializer[Any]):
    con_id = s.IntegerField(min_value=1)
    name = s.CharField(max_length=60, required=False, default="")
    reason = s.CharField(max_length=400)


class LockEndBody(s.Serializer[Any]):
    how = s.ChoiceField(choices=[end.value for end in LockEnd if end is not LockEnd.VANISHED])
    note = s.CharField(max_length=400)
    quantity = s.DecimalField(max_digits=28, decimal_places=10, required=False)


class AlertShape(s.Serializer[Any]):
    id = s.IntegerField()
    code = s.CharField()
    severity = s.ChoiceField(choices=Alert.Severity.choices)
    account = s.IntegerField(allow_null=True)
    sentence = s.CharField()
    data = s.DictField()  # type: ignore[assignment]  # as above
    count = s.IntegerField()
    sent = s.BooleanField()
    raised_at = s.DateTimeField()
    last_at = s.DateTimeField()
    seen = s.BooleanField()
    recovered_at = s.DateTimeField(allow_null=True)


class AccountRiskShape(s.Serializer[Any]):
    guard = GuardShape()
    figures = FigureShape(many=True)
    kill = KillShape()
    flatten = FlattenShape(allow_null=True)
    locks = s.DictField(child=LockShape())
    alerts = s.DictField(child=AlertShape())


class RiskShape(s.Serializer[Any]):
    kill = KillShape()
    accounts = GuardShape(many=True)


class EvaluationShape(s.Serializer[Any]):
    state = s.ChoiceField(choices=GUARD_STATES)
    changed = s.BooleanField()
    figures = FigureShape(many=True)
    took_ms = s.FloatField()
    at = s.DateTimeField()

"""The shapes of requests and answers about trade runs and schedules."""

from typing import Any

from rest_framework import serializers as s

from apps.accounts.api.schema import amount
from apps.trading.exchanges import EXCHANGES
from apps.trading.models import Schedule
from apps.trading.states import RunState

RUN_STATES = [state.value for state in RunState]
ANSWERS = ["keep", "sell"]


class RunBody(s.Serializer[Any]):
    strategy = s.IntegerField(help_text="Number of the strategy")
    snapshot = s.IntegerField(required=False, help_text="Leave out for the newest")
    period = s.CharField(
        max_length=40,
        required=False,
        help_text="Leave out for this ISO week; a name of your own is an extra run",
    )
    dry = s.BooleanField(default=False)


class AnswersBody(s.Serializer[Any]):
    answers = s.DictField(child=s.ChoiceField(ANSWERS), help_text="keep or sell by conId")


class ApproveBody(s.Serializer[Any]):
    digest = s.CharField(max_length=64, help_text="Of the plan that was looked at")
    confirmation = s.CharField(
        required=False, default="", help_text="Live mode: the account's last four characters"
    )


class CancelBody(s.Serializer[Any]):
    reason = s.CharField(max_length=200, required=False, default="", allow_blank=True)


class RunShape(s.Serializer[Any]):
    id = s.IntegerField()
    account = s.IntegerField()
    strategy = s.CharField()
    period = s.CharField()
    mode = s.ChoiceField(["paper", "live"])
    state = s.ChoiceField(RUN_STATES)
    dry = s.BooleanField(required=False)
    scheduled = s.BooleanField(required=False)
    code = s.CharField(required=False)
    sentence = s.CharField(required=False)
    refusals = s.IntegerField(required=False)
    started_by = s.CharField(required=False)
    approved_by = s.CharField(required=False)
    approved_at = s.DateTimeField(required=False)
    created_at = s.DateTimeField()
    ended_at = s.DateTimeField(required=False)


class PlanShape(s.Serializer[Any]):
    digest = s.CharField()
    nlv = amount(required=True)
    cash_before = amount(required=True)
    cash_after = amount(required=True)
    buffer = amount(required=True)
    turnover = amount(required=True)
    cost = amount(required=True)
    made_at = s.DateTimeField()
    expires_at = s.DateTimeField()


class PlanLineShape(s.Serializer[Any]):
    number = s.IntegerField()
    con_id = s.IntegerField()
    name = s.CharField()
    currency = s.CharField()
    target_weight = amount()
    weight_before = amount(required=True)
    weight_after = amount(required=True)
    position = amount(required=True)
    working = amount(required=True)
    quantity = amount(required=True, help_text="Negative sells, 0 is skipped")
    price = amount()
    price_kind = s.CharField()
    price_at = s.DateTimeField(required=False)
    fx = amount()
    value = amount(required=True)
    reason = s.CharField(required=False)


class RefusalShape(s.Serializer[Any]):
    code = s.CharField()
    con_id = s.IntegerField(required=False)
    sentence = s.CharField()
    numbers = s.DictField(required=False)
    decision = s.IntegerField(required=False)


class RunWholeShape(RunShape):
    snapshot = s.IntegerField()
    policy_version = s.IntegerField()
    inputs_digest = s.CharField(required=False)
    answers = s.DictField(required=False)
    refused = RefusalShape(many=True, required=False)
    questions = s.ListField(child=s.IntegerField(), required=False)
    plan = PlanShape(required=False)
    lines = PlanLineShape(many=True, required=False)


class ReportLineShape(s.Serializer[Any]):
    number = s.IntegerField()
    name = s.CharField()
    con_id = s.IntegerField()
    side = s.CharField(allow_blank=True)
    intended = amount(required=True)
    filled = amount(required=True)
    average_price = amount()
    arrival_price = amount()
    slippage_bps = amount(help_text="Positive is a cost")
    slippage = amount(help_text="In base currency")
    traded = amount()
    commission = amount()
    target_weight = amount()
    weight = amount()
    residual = amount()
    reason = s.CharField(allow_blank=True)


class TotalsShape(s.Serializer[Any]):
    lines = s.IntegerField()
    traded_lines = s.IntegerField()
    full_lines = s.IntegerField()
    traded = amount(required=True)
    slippage = amount(required=True)
    slippage_bps = amount()
    commission = amount(required=True)
    residual = amount(required=True)


class ReportShape(s.Serializer[Any]):
    lines = ReportLineShape(many=True)
    totals = TotalsShape()


class ScheduleBody(s.Serializer[Any]):
    strategy = s.IntegerField()
    calendar = s.ChoiceField(list(EXCHANGES.items()), required=False)
    session = s.IntegerField(min_value=1, max_value=5, required=False)
    anchor = s.ChoiceField(Schedule.Anchor.choices, required=False)
    minutes = s.IntegerField(min_value=0, max_value=1440, required=False)
    missed = s.ChoiceField(Schedule.Missed.choices, required=False)
    late_minutes = s.IntegerField(min_value=0, max_value=1440, required=False)
    enabled = s.BooleanField(required=False)


class NextShape(s.Serializer[Any]):
    period = s.CharField()
    due_at = s.DateTimeField()
    local = s.CharField(help_text="Exchange time, with its offset")
    closed = s.ListField(
        child=s.CharField(), help_text="Targets the broker says are not traded then"
    )


class ScheduleShape(s.Serializer[Any]):
    id = s.IntegerField()
    strategy = s.IntegerField()
    calendar = s.CharField()
    session = s.IntegerField()
    anchor = s.CharField()
    minutes = s.IntegerField()
    missed = s.CharField()
    late_minutes = s.IntegerField()
    enabled = s.BooleanField()
    changed_at = s.DateTimeField()
    next = NextShape(many=True)


class OccurrenceBody(s.Serializer[Any]):
    start = s.BooleanField(help_text="false skips the week")


class OccurrenceShape(s.Serializer[Any]):
    id = s.IntegerField()
    schedule = s.IntegerField()
    period = s.CharField()
    due_at = s.DateTimeField()
    state = s.CharField()
    sentence = s.CharField(required=False)
    run = s.IntegerField(required=False)

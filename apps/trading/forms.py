"""Forms of the trading pages: they parse; services judge."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.lib.errors import Invalid
from apps.trading.models import Order, Policy, Schedule, Source
from apps.trading.models.order import ORDER_STATES
from apps.trading.wanted import Terms
from apps.trading.words import choice_words

TYPES = {
    "LMT": _("Limit order"),
    "MKT": _("Market"),
    "STP": _("Stop"),
    "STP LMT": _("Stop limit"),
    "TRAIL": _("Trailing stop"),
    "MTL": _("Market to limit"),
    "MOC": _("Market on close"),
    "LOC": _("Limit on close"),
    "MOO": _("Market on open"),
    "LOO": _("Limit on open"),
}
TIFS = {
    "DAY": _("Day"),
    "GTC": _("Good till cancelled"),
    "IOC": _("Immediate or cancel"),
    "GTD": _("Good till date"),
    "OPG": _("At the open"),
}
ALGOS = {"": _("none"), "Adaptive": "Adaptive", "Twap": "TWAP", "Vwap": "VWAP"}
SIDES = {"BUY": _("Buy"), "SELL": _("Sell")}
OCA_TYPES = {
    "1": _("cancel the others, one fill at a time"),
    "2": _("reduce the others, one fill at a time"),
    "3": _("reduce the others, all working at once"),
}
"""IB's three kinds; with the third, two orders may fill before the others hear of it."""
PRIORITIES = {"Urgent": _("urgent"), "Normal": _("normal"), "Patient": _("patient")}
USES = {
    "limit_price": ("LMT", "STP LMT", "LOC", "LOO"),
    "stop_price": ("STP", "STP LMT", "TRAIL"),
    "trailing_percent": ("TRAIL",),
    "trail_stop_price": ("TRAIL",),
    "outside_rth": ("LMT", "MKT", "STP", "STP LMT", "TRAIL", "MTL"),
    "algo_strategy": ("LMT", "MKT"),
    "tif": ("LMT", "MKT", "STP", "STP LMT", "TRAIL", "MTL"),
    "bracket": ("LMT", "MKT"),
}
"""Which types ask for a field; for the others it is hidden and not read."""
MOMENT = "%Y%m%d-%H:%M:%S"
"""IB's form of a moment in UTC."""
PRICE: dict[str, Any] = {"max_digits": 20, "decimal_places": 10, "required": False}


def _choices(table: dict[str, Any]) -> list[tuple[str, Any]]:
    return list(table.items())


class TicketForm(forms.Form):
    """One order, or an entry with its two exits."""

    account = forms.IntegerField(min_value=1)
    con_id = forms.IntegerField(min_value=1)
    key = forms.RegexField(r"[0-9a-f]{32}")
    side = forms.ChoiceField(choices=_choices(SIDES))
    quantity = forms.DecimalField(max_digits=20, decimal_places=8)
    order_type = forms.ChoiceField(choices=_choices(TYPES))
    limit_price = forms.DecimalField(**PRICE)
    stop_price = forms.DecimalField(**PRICE)
    trailing_percent = forms.DecimalField(max_digits=10, decimal_places=6, required=False)
    trail_stop_price = forms.DecimalField(**PRICE)
    tif = forms.ChoiceField(choices=_choices(TIFS), required=False)
    good_till_at = forms.DateTimeField(required=False)
    """In UTC."""
    outside_rth = forms.BooleanField(required=False)
    algo_strategy = forms.ChoiceField(choices=_choices(ALGOS), required=False)
    algo_priority = forms.ChoiceField(choices=_choices(PRIORITIES), required=False)
    max_volume = forms.DecimalField(max_digits=5, decimal_places=4, required=False)
    algo_start_at = forms.DateTimeField(required=False)
    algo_end_at = forms.DateTimeField(required=False)
    """Both in UTC."""
    oca_group = forms.CharField(max_length=64, required=False)
    oca_type = forms.ChoiceField(choices=_choices(OCA_TYPES), required=False)
    take_profit = forms.DecimalField(**PRICE)
    stop_loss = forms.DecimalField(**PRICE)
    confirmation = forms.CharField(max_length=10, required=False)

    def terms(self) -> Terms:
        """What the services are told; fields that the type does not use are left out."""
        given = self.cleaned_data
        kind = given["order_type"]
        terms: dict[str, Any] = {
            "side": given["side"],
            "quantity": given["quantity"],
            "order_type": kind,
            "tif": given["tif"] if kind in USES["tif"] and given["tif"] else "DAY",
        }
        for name in ("limit_price", "stop_price", "trailing_percent", "trail_stop_price"):
            if kind in USES[name] and given[name] is not None:
                terms[name] = given[name]
        terms["outside_rth"] = kind in USES["outside_rth"] and given["outside_rth"]
        if terms["tif"] == "GTD":
            terms["good_till_at"] = given["good_till_at"]
        if kind in USES["algo_strategy"] and given["algo_strategy"]:
            terms |= {"algo_strategy": given["algo_strategy"], "algo_params": self._algo()}
        if given["oca_group"]:
            terms |= {"oca_group": given["oca_group"], "oca_type": int(given["oca_type"] or 1)}
        return terms  # type: ignore[return-value]

    def exits(self) -> tuple[Decimal, Decimal] | None:
        """Take profit and stop loss; None for an order by itself. Raises Invalid for half of it."""
        given = self.cleaned_data
        profit, loss = given["take_profit"], given["stop_loss"]
        if given["order_type"] not in USES["bracket"] or (profit is None and loss is None):
            return None
        if profit is None or loss is None:
            missing = "take_profit" if profit is None else "stop_loss"
            sentence = str(_("A bracket needs both: a price to take the profit and a stop."))
            raise Invalid(sentence, fields={missing: [sentence]})
        return profit, loss

    def _algo(self) -> tuple[tuple[str, str], ...]:
        """IB's names and values. TWAP and VWAP end with the session unless told otherwise."""
        given = self.cleaned_data
        if given["algo_strategy"] == "Adaptive":
            return (("adaptivePriority", given["algo_priority"] or "Normal"),)
        params = [("strategyType", "Marketable")] if given["algo_strategy"] == "Twap" else []
        if given["algo_strategy"] == "Vwap" and given["max_volume"] is not None:
            params.append(("maxPctVol", f"{given['max_volume'].normalize():f}"))
        start_at, end_at = given["algo_start_at"], given["algo_end_at"]
        if start_at and end_at and end_at <= start_at:
            sentence = str(_("The end must lie behind the start."))
            raise Invalid(sentence, fields={"algo_end_at": [sentence]})
        spans = [("startTime", start_at), ("endTime", end_at)]
        return tuple(params + [(name, f"{at:{MOMENT}}") for name, at in spans if at])


class ChangeForm(forms.Form):
    """New terms of a working order; an empty field stays as it is."""

    quantity = forms.DecimalField(max_digits=20, decimal_places=8, required=False)
    limit_price = forms.DecimalField(**PRICE)
    stop_price = forms.DecimalField(**PRICE)
    confirmation = forms.CharField(max_length=10, required=False)


class SettleForm(forms.Form):
    outcome = forms.CharField(max_length=20)
    reason = forms.CharField(max_length=300)


class HistoryForm(forms.Form):
    """Filters of the history; all may be empty."""

    account = forms.IntegerField(min_value=1, required=False)
    state = forms.ChoiceField(choices=[("", ""), *ORDER_STATES], required=False)
    side = forms.ChoiceField(choices=[("", ""), *_choices(SIDES)], required=False)
    source = forms.ChoiceField(choices=[("", ""), *Source.choices], required=False)
    text = forms.CharField(max_length=60, required=False)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)


def cleaned(form: forms.BaseForm) -> dict[str, Any]:
    """What came in, parsed; raises Invalid with a sentence for each field."""
    if not form.is_valid():
        fields = {name: [str(text) for text in texts] for name, texts in form.errors.items()}
        raise Invalid(str(_("This cannot be read.")), fields=fields)
    return dict(form.cleaned_data)


def changes_of(form: forms.Form, order: Order) -> dict[str, Decimal]:
    """What differs from the order as it is."""
    given = cleaned(form)
    names = ("quantity", "limit_price", "stop_price")
    return {n: given[n] for n in names if given[n] is not None and given[n] != getattr(order, n)}


ANSWER = "answer-"


class RunForm(forms.Form):
    digest = forms.CharField(max_length=64)
    confirmation = forms.CharField(max_length=10, required=False)


class NewRunForm(forms.Form):
    """A strategy with its newest weights, older ones, or a file."""

    strategy = forms.IntegerField(min_value=1)
    snapshot = forms.IntegerField(min_value=1, required=False)
    file = forms.FileField(required=False)
    dated_on = forms.DateField(required=False)
    period = forms.RegexField(r"[A-Za-z0-9._ -]{1,40}", required=False)
    dry = forms.BooleanField(required=False)


class ScheduleForm(forms.Form):
    """Of one strategy; the service judges it."""

    strategy = forms.IntegerField(min_value=1)
    calendar = forms.CharField(max_length=10)
    session = forms.IntegerField(min_value=0, max_value=9)
    anchor = forms.ChoiceField(choices=Schedule.Anchor.choices)
    minutes = forms.IntegerField(min_value=0, max_value=1440)
    missed = forms.ChoiceField(choices=Schedule.Missed.choices)
    late_minutes = forms.IntegerField(min_value=0, max_value=10080)
    enabled = forms.BooleanField(required=False)


if TYPE_CHECKING:
    PolicyModelForm = forms.ModelForm[Policy]
else:
    PolicyModelForm = forms.ModelForm


CHOSEN = {
    "not_targeted": (Policy.NotTargeted.values, "held_"),
    "style": (Policy.Style.values, "style_"),
    "leftover": (Policy.Leftover.values, "leftover_"),
}
"""Fields of a policy whose choices have words of the pages, with the words' prefixes."""


class PolicyForm(PolicyModelForm):
    """The next version of a policy; the buffer's range is told before its column refuses it."""

    cash_buffer = forms.DecimalField(
        min_value=0, max_value=Decimal("0.99"), max_digits=8, decimal_places=6
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = choice_words()
        for name, (values, prefix) in CHOSEN.items():
            field = cast("forms.ChoiceField", self.fields[name])
            field.choices = [(value, words[prefix + value]) for value in values]

    class Meta:
        model = Policy
        fields = (
            "cash_buffer",
            "drift_absolute",
            "drift_relative",
            "minimum_trade",
            "turnover_cap",
            "allow_short",
            "not_targeted",
            "overrides",
            "style",
            "collar",
            "leftover",
            "leftover_after_seconds",
            "reprices",
            "plan_minutes",
            "price_drift",
            "automatic",
        )


class StrategyForm(forms.Form):
    account = forms.IntegerField(min_value=1)
    name = forms.SlugField(max_length=60)

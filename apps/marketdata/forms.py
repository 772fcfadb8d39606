"""Forms of the market data pages: they parse; services judge."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models.connection import DataType
from apps.lib.errors import Invalid
from apps.marketdata.barplan import SIZES
from apps.marketdata.services.instruments import KINDS

SPANS = {
    "7": _("1 week"),
    "31": _("1 month"),
    "183": _("6 months"),
    "365": _("1 year"),
    "1826": _("5 years"),
}
KIND_NAMES = {
    "STK": _("Stock"),
    "ETF": _("ETF"),
    "OPT": _("Option"),
    "FUT": _("Future"),
    "CASH": _("Currency"),
    "IND": _("Index"),
}


class InstrumentForm(forms.Form):
    """What a person knows of an instrument, or the conId of a candidate."""

    con_id = forms.IntegerField(min_value=1, required=False)
    symbol = forms.CharField(max_length=40, required=False)
    sec_type = forms.ChoiceField(choices=[(k, KIND_NAMES[k]) for k in KINDS], required=False)
    currency = forms.CharField(max_length=4, required=False)
    exchange = forms.CharField(max_length=20, required=False)
    expiry = forms.DateField(required=False)
    strike = forms.DecimalField(max_digits=18, decimal_places=6, required=False)
    right = forms.ChoiceField(choices=[("", ""), ("C", "C"), ("P", "P")], required=False)


class HistoryForm(forms.Form):
    size = forms.ChoiceField(choices=[(name, name) for name in SIZES])
    span = forms.TypedChoiceField(choices=list(SPANS.items()), coerce=int)


class StreamForm(forms.Form):
    """Settings of a stream; an unticked box is not sent, so all of them are named here."""

    positions = forms.BooleanField(required=False)
    targets = forms.BooleanField(required=False)
    watchlists = forms.BooleanField(required=False)
    market_data_type = forms.TypedChoiceField(
        choices=[("", ""), *DataType.choices], coerce=int, empty_value=None, required=False
    )
    max_symbols = forms.IntegerField()
    refresh_seconds = forms.IntegerField()


def cleaned(form: forms.Form) -> dict[str, Any]:
    """What came in, parsed; raises Invalid with a sentence for each field."""
    if not form.is_valid():
        fields = {name: [str(text) for text in texts] for name, texts in form.errors.items()}
        raise Invalid(str(_("This cannot be read.")), fields=fields)
    return dict(form.cleaned_data)

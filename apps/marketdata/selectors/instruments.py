"""Instruments that are known here, and the hours and rules that belong to them."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from apps.lib.errors import NotFound
from apps.lib.prepared import Asked, Whole
from apps.marketdata.models import Instrument, MarketRule

DETAILS_GOOD_FOR = timedelta(hours=20)
"""Trading hours are announced some days ahead and change."""
RULES_GOOD_FOR = timedelta(days=7)

INSTRUMENT = Whole(Instrument, lambda con_id: Instrument.objects.filter(pk=con_id).order_by())
RULE = Whole(MarketRule, lambda rule_id: MarketRule.objects.filter(pk=rule_id).order_by())


def instrument_get(con_id: int) -> Instrument:
    """Raises NotFound while nobody has looked the instrument up at the broker."""
    found = INSTRUMENT.first(con_id=con_id)
    if found is None:
        raise NotFound(
            _("The instrument %(con_id)s is not known here.") % {"con_id": con_id},
            remedy=_("Search for it: its details are then fetched from the broker."),
        )
    return found


def instrument_asked(con_id: int) -> Asked:
    """The question of `instrument_get` for `together`."""
    return INSTRUMENT.asked(con_id=con_id)


def instruments_known(text: str) -> QuerySet[Instrument]:
    """Stored instruments by symbol, local symbol or name; exact symbols first."""
    wanted = text.strip()
    matching = Instrument.objects.filter(
        Q(symbol__istartswith=wanted)
        | Q(local_symbol__istartswith=wanted)
        | Q(long_name__icontains=wanted)
    )
    exact = Case(
        When(symbol__iexact=wanted, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    return matching.order_by(exact, "symbol", "sec_type", "expiry", "strike", "right")


def details_due(con_ids: Iterable[int], at: datetime) -> list[int]:
    """Those whose details are unknown or too old, in the given order."""
    wanted = list(con_ids)
    fresh = Instrument.objects.filter(pk__in=wanted, details_at__gt=at - DETAILS_GOOD_FOR)
    known = set(fresh.values_list("pk", flat=True))
    return [con_id for con_id in wanted if con_id not in known]


def rules_due(instruments: Iterable[Instrument], at: datetime) -> list[int]:
    """Market rules of these instruments that are unknown or old."""
    named = {int(rule) for row in instruments for rule in row.market_rule_ids}
    fresh = MarketRule.objects.filter(pk__in=named, fetched_at__gt=at - RULES_GOOD_FOR)
    return sorted(named - set(fresh.values_list("pk", flat=True)))


def rules_of(instrument: Instrument) -> dict[int, MarketRule]:
    return MarketRule.objects.in_bulk({int(rule) for rule in instrument.market_rule_ids})


def rule_get(rule_id: int) -> MarketRule | None:
    return RULE.first(rule_id=rule_id)


def rule_asked(rule_id: int) -> Asked:
    """The question of `rule_get` for `together`."""
    return RULE.asked(rule_id=rule_id)


def options_of(under_con_id: int, *, expiry: date, trading_class: str = "") -> list[Instrument]:
    """The stored options of one expiry, by strike and right."""
    rows = Instrument.objects.filter(under_con_id=under_con_id, expiry=expiry, sec_type="OPT")
    if trading_class:
        rows = rows.filter(trading_class=trading_class)
    return list(rows.order_by("strike", "right"))

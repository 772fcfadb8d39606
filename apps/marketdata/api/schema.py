"""The shapes of requests and answers, for OpenAPI and for checking what comes in."""

from typing import Any

from rest_framework import serializers as s

from apps.accounts.api.schema import amount
from apps.marketdata.barplan import SIZES
from apps.marketdata.lines import LineState
from apps.marketdata.services.instruments import KINDS
from apps.marketdata.status import StreamStatus
from ibkr.types import PriceKind

PRICE_KINDS = [kind.value for kind in PriceKind]
QUOTE_FIELDS = (
    "Fields as in the topic quotes:<connection>. Options have iv, delta, gamma, vega, theta, "
    "option_price, und (price of the underlying) and dividends_pv by the model, and the same by "
    "bid, ask and last under bid_iv, ask_iv, last_iv and so on."
)


class InstrumentShape(s.Serializer[Any]):
    con_id = s.IntegerField()
    symbol = s.CharField()
    local_symbol = s.CharField()
    trading_class = s.CharField()
    kind = s.ChoiceField(KINDS)
    sec_type = s.CharField()
    exchange = s.CharField()
    primary_exchange = s.CharField()
    currency = s.CharField()
    multiplier = amount()
    expiry = s.DateField(required=False)
    strike = amount()
    right = s.CharField(required=False)
    long_name = s.CharField()
    under_con_id = s.IntegerField(required=False)


class HoursShape(s.Serializer[Any]):
    time_zone = s.CharField()
    open = s.BooleanField(allow_null=True, help_text="Liquid hours; null: not known")
    next_open_at = s.DateTimeField(required=False)
    next_close_at = s.DateTimeField(required=False)
    liquid = s.ListField(child=s.ListField(child=s.DateTimeField()))
    trading = s.ListField(child=s.ListField(child=s.DateTimeField()))


class RuleShape(s.Serializer[Any]):
    exchange = s.CharField()
    rule_id = s.IntegerField()
    bands = s.ListField(
        child=s.ListField(child=s.CharField()), help_text="From this price, steps of this size"
    )


class PriceShape(s.Serializer[Any]):
    value = amount()
    kind = s.ChoiceField(PRICE_KINDS)
    at = s.DateTimeField(required=False)
    stale = s.BooleanField()


class QuoteShape(s.Serializer[Any]):
    con_id = s.IntegerField()
    connection = s.SlugField(required=False)
    price = PriceShape()
    quote = s.DictField(help_text=QUOTE_FIELDS)
    line = s.DictField(required=False, help_text="Why nothing streams, where nothing does")


class DetailShape(InstrumentShape):
    min_tick = amount()
    price_magnifier = s.IntegerField()
    industry = s.CharField()
    category = s.CharField()
    stock_type = s.CharField()
    isin = s.CharField()
    order_types = s.ListField(child=s.CharField())
    details_at = s.DateTimeField()
    hours = HoursShape()
    rules = RuleShape(many=True)
    price = PriceShape()


class MatchShape(s.Serializer[Any]):
    con_id = s.IntegerField()
    symbol = s.CharField()
    sec_type = s.CharField()
    currency = s.CharField()
    primary_exchange = s.CharField()
    description = s.CharField()
    derivatives = s.ListField(child=s.CharField())


class CandidatesShape(s.Serializer[Any]):
    code = s.CharField()
    message = s.CharField()
    remedy = s.CharField()
    candidates = InstrumentShape(many=True)


class ConnectionQuery(s.Serializer[Any]):
    connection = s.SlugField(help_text="The broker session to ask")


class SearchQuery(ConnectionQuery):
    q = s.CharField(help_text="Symbol or name")


class ResolveBody(ConnectionQuery):
    symbol = s.CharField(required=False, default="", allow_blank=True, max_length=40)
    local_symbol = s.CharField(required=False, default="", allow_blank=True, max_length=60)
    sec_type = s.ChoiceField(KINDS, default="STK")
    currency = s.CharField(required=False, default="", allow_blank=True, max_length=4)
    exchange = s.CharField(required=False, default="", allow_blank=True, max_length=20)
    trading_class = s.CharField(required=False, default="", allow_blank=True, max_length=40)
    expiry = s.DateField(required=False, allow_null=True, default=None)
    strike = s.DecimalField(
        max_digits=18, decimal_places=6, required=False, allow_null=True, default=None
    )
    right = s.CharField(required=False, default="", allow_blank=True, max_length=4)


class ChainShape(s.Serializer[Any]):
    exchange = s.CharField()
    trading_class = s.CharField()
    multiplier = s.CharField()
    expiries = s.ListField(child=s.DateField())
    strikes = s.ListField(child=s.CharField())


class ExpiryQuery(ConnectionQuery):
    expiry = s.DateField()
    trading_class = s.CharField(required=False, default="", allow_blank=True)
    count = s.IntegerField(
        required=False, default=40, min_value=2, max_value=200, help_text="Options to stream"
    )


class OptionShape(InstrumentShape):
    price = PriceShape()
    quote = s.DictField()
    line = s.DictField(required=False)


class QuotesQuery(s.Serializer[Any]):
    conids = s.CharField(help_text="Comma-separated, at most 500")
    connection = s.SlugField(required=False, help_text="Leave out for the best of all of yours")


class LineShape(s.Serializer[Any]):
    reason = s.ChoiceField(["position", "target", "watchlist", "browsing"])
    state = s.ChoiceField([state.value for state in LineState])
    kind = s.ChoiceField(PRICE_KINDS)
    code = s.IntegerField(required=False)
    text = s.CharField(required=False)
    source = s.ChoiceField(["ib", "fmp"], required=False, help_text="Of the close shown")  # type: ignore[assignment]  # DRF takes fields out again
    sentence = s.CharField(allow_blank=True)
    remedy = s.CharField(allow_blank=True)


class StreamShape(s.Serializer[Any]):
    connection = s.SlugField()
    enabled = s.BooleanField()
    status = s.ChoiceField([status.value for status in StreamStatus])
    sentence = s.CharField(allow_blank=True)
    symbols = s.IntegerField(required=False)
    streaming = s.IntegerField(required=False)
    requested = s.IntegerField(required=False)
    waiting = s.IntegerField(required=False)
    refused = s.IntegerField(required=False)
    last_tick_at = s.DateTimeField(required=False)
    positions = s.BooleanField()
    targets = s.BooleanField()
    watchlists = s.BooleanField()
    max_symbols = s.IntegerField()
    market_data_type = s.IntegerField(allow_null=True)
    refresh_seconds = s.IntegerField()
    lines = s.DictField(child=LineShape(), help_text="By conId")


class StreamBody(s.Serializer[Any]):
    positions = s.BooleanField(required=False)
    targets = s.BooleanField(required=False)
    watchlists = s.BooleanField(required=False)
    max_symbols = s.IntegerField(required=False, min_value=1, max_value=2000)
    market_data_type = s.ChoiceField([1, 2, 3, 4], required=False, allow_null=True)
    refresh_seconds = s.IntegerField(required=False, min_value=5, max_value=3600)


class WatchlistShape(s.Serializer[Any]):
    id = s.IntegerField()
    name = s.CharField()
    items = InstrumentShape(many=True)


class WatchlistBody(s.Serializer[Any]):
    name = s.CharField(max_length=60)


class ItemBody(ConnectionQuery):
    con_id = s.IntegerField(min_value=1)


class ArrangeBody(s.Serializer[Any]):
    con_ids = s.ListField(child=s.IntegerField(min_value=1), max_length=500)


class BarsQuery(s.Serializer[Any]):
    size = s.ChoiceField(list(SIZES), default="1 day")
    since_at = s.DateTimeField(required=False)
    until_at = s.DateTimeField(required=False)


class BarShape(s.Serializer[Any]):
    start_at = s.DateTimeField()
    open = amount(required=True)
    high = amount(required=True)
    low = amount(required=True)
    close = amount(required=True)
    volume = amount(allow_null=True)
    source = s.ChoiceField(["ib", "fmp"])  # type: ignore[assignment]  # DRF takes fields out again


class BarsBody(ConnectionQuery):
    size = s.ChoiceField(list(SIZES), default="1 day")
    start_at = s.DateTimeField()


class DownloadShape(s.Serializer[Any]):
    id = s.IntegerField()
    con_id = s.IntegerField()
    size = s.CharField()
    state = s.ChoiceField(["queued", "running", "done", "failed"])
    progress = s.FloatField(help_text="From 0 to 1")
    bars = s.IntegerField()
    code = s.CharField(allow_blank=True)
    sentence = s.CharField(allow_blank=True)

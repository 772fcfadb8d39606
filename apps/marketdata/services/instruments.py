"""Instruments: found at the broker, stored with rules and hours, and the options on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.utils.translation import gettext as _

from apps.accounts.models import Connection
from apps.lib.errors import Invalid, NotFound, PortalError
from apps.lib.queue import Answered, ask
from apps.marketdata import selectors
from apps.marketdata.models import Instrument

KINDS = ("STK", "ETF", "OPT", "FUT", "CASH", "IND")
SEARCH_WITHIN, LOOK_UP_WITHIN = 10.0, 25.0
UNKNOWN_TO_TWS = "200"
CHAIN_GOOD_FOR = 12 * 3600
"""Seconds; strikes are added during the day, seldom."""


class Ambiguous(PortalError):
    """Several instruments fit; `candidates` are stored, choose one by its conId."""

    code = "ambiguous"
    status = 409

    def __init__(self, candidates: Sequence[Instrument]) -> None:
        super().__init__(
            _("Several instruments fit what was asked for."),
            remedy=_("Choose one of the candidates, or say exchange, currency or expiry."),
        )
        self.candidates = list(candidates)


class UnknownInstrument(NotFound):
    code = "unknown_instrument"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a person knows of an instrument; empty and None mean "any"."""

    symbol: str = ""
    sec_type: str = "STK"
    currency: str = ""
    exchange: str = ""
    local_symbol: str = ""
    trading_class: str = ""
    expiry: date | None = None
    strike: Decimal | None = None
    right: str = ""

    def asked(self) -> dict[str, Any]:
        """As JSON for the gateway; IB knows ETFs as stocks."""
        return {
            "symbol": self.symbol.strip().upper(),
            "sec_type": "STK" if self.sec_type == "ETF" else self.sec_type,
            "currency": self.currency.strip().upper(),
            "exchange": self.exchange.strip().upper(),
            "local_symbol": self.local_symbol.strip(),
            "trading_class": self.trading_class.strip(),
            "expiry": self.expiry.isoformat() if self.expiry else None,
            "strike": format(self.strike, "f") if self.strike is not None else None,
            "right": self.right[:1].upper(),
        }


def instruments_search(*, connection: Connection, text: str) -> list[dict[str, Any]]:
    """The broker's candidates for a symbol or a name; they are not stored. Raises PortalError."""
    if not text.strip():
        raise Invalid(_("There is nothing to search for."), fields={"q": [_("Type a symbol.")]})
    _refuse_foreign_script(text.strip(), field="q")
    found: list[dict[str, Any]] = ask(
        "marketdata.search", slug=connection.slug, timeout=SEARCH_WITHIN, text=text.strip()
    )
    return found


def instrument_resolve(*, connection: Connection, query: Query) -> Instrument:
    """The one instrument meant, stored with its details.

    Raises Ambiguous with the candidates, UnknownInstrument, Invalid, or what the broker says.
    """
    _refuse_malformed(query)
    for name in ("symbol", "currency", "exchange", "local_symbol", "trading_class"):
        _refuse_foreign_script(getattr(query, name).strip(), field=name)
    found = _look_up(connection, query.asked())
    if query.sec_type == "ETF":
        found = [row for row in found if row.kind == "ETF"]
    if not found:
        raise _unknown()
    if len(found) > 1:
        raise Ambiguous(found)
    return found[0]


def _refuse_foreign_script(text: str, *, field: str) -> None:
    """IB's protocol carries printable ASCII only."""
    if not (text.isascii() and text.isprintable()):
        raise Invalid(
            _("Interactive Brokers knows symbols and names in Latin letters only."),
            fields={field: [_("Type the symbol (700 for Tencent, say) or the English name.")]},
        )


def instrument_fetch(*, connection: Connection, con_id: int) -> Instrument:
    """The stored row, from the broker where it is not known yet; raises UnknownInstrument."""
    known = Instrument.objects.filter(pk=con_id).first()
    if known is not None:
        return known
    found = _look_up(connection, {"con_id": con_id})
    if not found:
        raise _unknown()
    return found[0]


def option_chain(*, connection: Connection, underlying: Instrument) -> list[dict[str, Any]]:
    """Expiries and strikes by exchange and trading class, as JSON; empty without options."""
    found: list[dict[str, Any]] = ask(
        "marketdata.chain",
        slug=connection.slug,
        timeout=LOOK_UP_WITHIN,
        con_id=underlying.con_id,
    )
    return found


def options_fetch(
    *,
    connection: Connection,
    underlying: Instrument,
    expiry: date,
    trading_class: str = "",
) -> list[Instrument]:
    """The options of one expiry by strike and right; the broker is asked once in a while."""
    key = f"chain:{underlying.con_id}:{expiry.isoformat()}:{trading_class}"
    if not cache.get(key):
        _ask_of_known(
            "marketdata.chain_expiry",
            slug=connection.slug,
            con_id=underlying.con_id,
            expiry=expiry.isoformat(),
            trading_class=trading_class,
        )
        cache.set(key, 1, CHAIN_GOOD_FOR)
    known = selectors.options_of(underlying.con_id, expiry=expiry, trading_class=trading_class)
    if not known:
        raise _unknown()
    return known


def nearest(options: Sequence[Instrument], price: Decimal | None, *, count: int) -> list[int]:
    """conIds of the `count` options whose strikes are nearest to `price` (else to the middle)."""
    strikes = sorted({row.strike for row in options if row.strike is not None})
    if not strikes:
        return [row.con_id for row in options[:count]]
    centre = price if price is not None else strikes[len(strikes) // 2]
    ranked = sorted(options, key=lambda row: (abs((row.strike or centre) - centre), row.right))
    return [row.con_id for row in ranked[:count]]


def _look_up(connection: Connection, asked: dict[str, Any]) -> list[Instrument]:
    con_ids = _ask_of_known("marketdata.resolve", slug=connection.slug, query=asked)
    rows = Instrument.objects.in_bulk(con_ids)
    return [rows[con_id] for con_id in con_ids if con_id in rows]


def _ask_of_known(name: str, *, slug: str, **arguments: Any) -> Any:
    """What the broker answers; raises UnknownInstrument where nothing fits."""
    try:
        return ask(name, slug=slug, timeout=LOOK_UP_WITHIN, **arguments)
    except Answered as error:
        if error.code == UNKNOWN_TO_TWS:
            raise _unknown() from error
        raise


def _refuse_malformed(query: Query) -> None:
    fields: dict[str, list[str]] = {}
    if not query.symbol.strip() and not query.local_symbol.strip():
        fields["symbol"] = [_("Type a symbol.")]
    if query.sec_type not in KINDS:
        fields["sec_type"] = [_("Choose one of %(kinds)s.") % {"kinds": ", ".join(KINDS)}]
    if query.right and query.right[:1].upper() not in {"C", "P"}:
        fields["right"] = [_("C for a call, P for a put.")]
    if fields:
        raise Invalid(_("The instrument cannot be looked up like this."), fields=fields)


def _unknown() -> UnknownInstrument:
    return UnknownInstrument(
        _("The broker knows no such instrument."),
        remedy=_("Check symbol, class, currency, exchange and expiry; or search by name."),
    )

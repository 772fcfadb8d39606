"""What TWS refuses before an order enters the book: each check raises SimError with its code."""

from collections.abc import Callable

from twsim.broker import SimError
from twsim.domain.orders import Order
from twsim.exchange.entry import CLOSE_AUCTION, STOPS
from twsim.hours import parse_moment
from twsim.instruments import Instrument

_VALIDATING = "Error validating request.-'bF' : cause - "
_PLAIN = {"MKT", "LMT", "MTL"}
_KNOWN_ELSEWHERE = {
    "REL",
    "MIDPRICE",
    "PEG MID",
    "PEG MKT",
    "SNAP MID",
    "SNAP MKT",
    "VOL",
    "BOX TOP",
}
_LIMITED = {"LMT", "STP LMT", "LOC", "LIT"}
_TIFS = {"DAY", "GTC", "IOC", "FOK", "GTD", "OPG"}


def check_order(order: Order, instrument: Instrument, accounts: tuple[str, ...]) -> None:
    """Raises for the first thing that is wrong; the order is changed in nothing."""
    for check in _CHECKS:
        check(order, instrument)
    if order.account not in accounts:
        raise SimError(321, _VALIDATING + f"Invalid account code '{order.account}'.")


def _side(order: Order, instrument: Instrument) -> None:
    if order.action not in ("BUY", "SELL", "SSHORT"):
        raise SimError(321, _VALIDATING + "Invalid side")
    if instrument.kind == "IND":
        raise SimError(201, "Order rejected - reason:An index cannot be traded")


def _type(order: Order, instrument: Instrument) -> None:  # noqa: ARG001
    if order.order_type in _KNOWN_ELSEWHERE:
        raise SimError(387, "Unsupported order type for this exchange and security type.")
    if order.order_type not in _PLAIN | STOPS | CLOSE_AUCTION:
        raise SimError(321, _VALIDATING + "Invalid order type was entered")


def _tif(order: Order, instrument: Instrument) -> None:
    if order.tif not in _TIFS:
        raise SimError(321, _VALIDATING + "Invalid time in force")
    if order.tif == "OPG" and order.order_type not in ("MKT", "LMT"):
        raise SimError(201, "Order rejected - reason:OPG needs a market or a limit order")
    for text in (order.good_after, order.good_till):
        _moment(text, instrument)
    if order.tif == "GTD" and not order.good_till:
        raise SimError(391, "The good-till date is required for a GTD order.")


def _moment(text: str, instrument: Instrument) -> None:
    if not text:
        return
    try:
        parse_moment(text, instrument.venue.time_zone)
    except ValueError:
        raise SimError(391, "The time or time-zone entered is invalid.") from None


def _quantity(order: Order, instrument: Instrument) -> None:
    if order.quantity <= 0:
        raise SimError(434, "The order size cannot be zero.")
    if order.quantity % 1:
        raise SimError(10243, "Fractional-sized order cannot be placed via API.")
    if order.quantity % instrument.lot:
        raise SimError(355, "Order size does not conform to market rule.")


def _prices(order: Order, instrument: Instrument) -> None:
    if order.order_type in _LIMITED and order.limit_price is None:
        raise SimError(321, _VALIDATING + "A limit price is required")
    if order.order_type in STOPS and not order.order_type.startswith("TRAIL"):
        _needed(order.aux_price)
    if order.order_type.startswith("TRAIL"):
        _needed(order.aux_price if order.trailing_percent is None else order.trailing_percent)
    prices = [order.limit_price if order.order_type in _LIMITED else None]
    prices.append(order.aux_price if order.order_type in STOPS else None)
    if any(price is not None and not instrument.conforms(price) for price in prices):
        text = "The price does not conform to the minimum price variation for this contract."
        raise SimError(110, text)


def _needed(price: float | None) -> None:
    if price is None or price <= 0:
        raise SimError(321, _VALIDATING + "A stop price or a trailing amount is required")


_CHECKS: tuple[Callable[[Order, Instrument], None], ...] = (
    _side,
    _type,
    _tif,
    _quantity,
    _prices,
)


def check_change(old: Order, new: Order, *, same_contract: bool) -> None:
    """A change may move prices, size, type and time, not the account, side or contract."""
    if not same_contract or (old.account, old.action) != (new.account, new.action):
        raise SimError(105, "Order being modified does not match original order.")

"""Commissions like IB's fixed tables, per order with a minimum."""

from twsim.instruments import Instrument

_SHARES = {  # currency: (rate on value, minimum)
    "HKD": (0.0008, 18.0),
    "EUR": (0.0005, 3.0),
    "GBP": (0.0005, 3.0),
    "JPY": (0.0008, 80.0),
}
US_PER_SHARE, US_MINIMUM, US_CAP = 0.005, 1.0, 0.01
US_PER_OPTION, US_OPTION_MINIMUM = 0.65, 1.0
HK_OPTION_RATE, HK_OPTION_MINIMUM = 0.002, 18.0
FOREX_RATE, FOREX_MINIMUM_DOLLARS = 0.00002, 2.0


def commission(instrument: Instrument, quantity: float, value: float) -> float:
    """For a whole order of `quantity` (unsigned) worth `value`, in the instrument's currency."""
    if quantity <= 0:
        return 0.0
    return round(_RULES[instrument.kind](instrument, quantity, value), 4)


def _stock(instrument: Instrument, quantity: float, value: float) -> float:
    if instrument.currency == "USD":
        return min(max(quantity * US_PER_SHARE, US_MINIMUM), max(value * US_CAP, 0.01))
    rate, minimum = _SHARES[instrument.currency]
    return max(value * rate, minimum)


def _option(instrument: Instrument, quantity: float, value: float) -> float:
    if instrument.currency == "USD":
        return max(quantity * US_PER_OPTION, US_OPTION_MINIMUM)
    return max(value * HK_OPTION_RATE, HK_OPTION_MINIMUM)


def _future(instrument: Instrument, quantity: float, value: float) -> float:  # noqa: ARG001
    return quantity * instrument.commission


def _forex(instrument: Instrument, quantity: float, value: float) -> float:  # noqa: ARG001
    minimum = FOREX_MINIMUM_DOLLARS * instrument.price if instrument.contract.symbol == "USD" else 2
    return max(value * FOREX_RATE, minimum)


_RULES = {"STK": _stock, "OPT": _option, "FUT": _future, "CASH": _forex}

"""Which quantities an instrument is ordered in: board lots, and never parts of a share; pure."""

from decimal import ROUND_CEILING, Decimal

ONE = Decimal(1)


def whole(increment: Decimal | None) -> Decimal:
    """The smallest whole quantity that fits IB's size increment; one where IB told none.

    For most stocks IB tells 0.0001, while the API takes whole shares only (error 10243).
    """
    if increment is None or increment <= 0:
        return ONE
    return Decimal(increment.as_integer_ratio()[0])


def least(minimum: Decimal | None, lot: Decimal) -> Decimal:
    """The smallest multiple of the lot that IB's minimum allows."""
    if minimum is None or minimum <= lot:
        return lot
    return (minimum / lot).to_integral_value(rounding=ROUND_CEILING) * lot

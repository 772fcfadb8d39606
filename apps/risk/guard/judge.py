"""A number against its limits; pure."""

from decimal import Decimal

from apps.risk.guard.types import Figure
from apps.risk.levels import Guard

PLACES = Decimal("0.000001")


def above(
    code: str,
    value: Decimal | None,
    limit: Decimal | None,
    warn_share: Decimal,
    *,
    breach: Guard = Guard.REDUCE_ONLY,
    unit: str = "share",
    subject: str = "",
    latch: bool = False,
    uncovered: int = 0,
) -> Figure:
    """Breached above the limit, a warning from `warn_share` of it. Exactly at it is allowed."""
    # Adding zero takes the sign off a zero.
    shown = None if value is None else value.quantize(PLACES) + 0
    warn = None if limit is None else limit * warn_share
    state = Guard.OK
    if shown is None:
        state = Guard.WARN
    elif limit is not None and warn is not None:
        state = breach if shown > limit else Guard.WARN if shown >= warn > 0 else Guard.OK
    if uncovered and state is Guard.OK:
        state = Guard.WARN
    return Figure(
        code=code,
        state=state,
        value=shown,
        warn=warn,
        limit=limit,
        unit=unit,
        subject=subject,
        latch=latch,
        uncovered=uncovered,
    )


def share(amount: Decimal, net: Decimal | None) -> Decimal | None:
    """Over net liquidation; None when that is missing, and as good as infinite when it is gone."""
    if net is None:
        return None
    return amount / net if net > 0 else Decimal(999) if amount else Decimal(0)

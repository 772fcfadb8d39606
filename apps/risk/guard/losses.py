"""Loss since the session's start, drawdown from the high-water mark, and excess liquidity; pure."""

from decimal import Decimal

from apps.risk.guard.judge import PLACES, above, share
from apps.risk.guard.types import Figure, GuardLimits, Liquidity, Picture, Track
from apps.risk.levels import Guard

NEAR = Decimal("1.25")
"""Excess liquidity below this multiple of its first limit warns."""


def daily_loss(picture: Picture, limits: GuardLimits) -> list[Figure]:
    """Two figures on one number: L1 reduces, L2 halts. Deposits and withdrawals are taken out."""
    loss = session_loss(picture.liquidity, picture.track)
    return [
        above("daily_loss", loss, limits.daily_loss_reduce, limits.warn_share, latch=True),
        above(
            "daily_loss_halt",
            loss,
            limits.daily_loss_halt,
            limits.warn_share,
            breach=Guard.HALTED,
            latch=True,
        ),
    ]


def drawdown(picture: Picture, limits: GuardLimits) -> list[Figure]:
    fallen = below_high(picture.liquidity.net, picture.track)
    return [
        above(
            "drawdown",
            fallen,
            limits.drawdown,
            limits.warn_share,
            breach=Guard.HALTED,
            latch=True,
        )
    ]


def session_loss(told: Liquidity, track: Track) -> Decimal | None:
    """As a positive share of the equity at the start; 0 on a gain.

    The worse of equity against the session's start and the broker's daily P&L: the first may be
    minutes old, the second knows nothing of what it was not told.
    """
    if track.start is None or track.start <= 0:
        return None
    gains = [] if told.daily_pnl is None else [told.daily_pnl]
    if told.net is not None:
        gains.append(told.net - track.start - track.paid_since(track.start_at))
    return max(-min(gains) / track.start, Decimal(0)) if gains else None


def below_high(net: Decimal | None, track: Track) -> Decimal | None:
    """As a positive share of the high-water mark in today's capital."""
    if net is None or track.high is None:
        return None
    paid = track.paid_since(track.high_at)
    capital = track.high + paid
    if capital <= 0:
        return None
    return max((capital - net) / capital, Decimal(0))


def is_high(net: Decimal, track: Track) -> bool:
    """Whether this equity, less what was paid in since, is a new high."""
    return track.high is None or net - track.paid_since(track.high_at) >= track.high


def liquidity(picture: Picture, limits: GuardLimits) -> list[Figure]:
    """The smaller of now and IB's look-ahead. Below a only reducing orders, below b halted."""
    told = picture.liquidity
    if told.gross is not None and told.gross == 0:
        return []  # an account without positions has no margin to run short of
    value = _thinnest(told)
    a, b = limits.excess_reduce, limits.excess_halt
    return [
        Figure(
            code="excess_liquidity_reduce",
            state=_liquidity_state(value, a, b),
            value=None if value is None else value.quantize(PLACES),
            warn=None if a is None else a * NEAR,
            limit=a,
            below=True,
        ),
        Figure(
            code="excess_liquidity",
            state=Guard.HALTED if _under(value, b) else Guard.OK,
            value=None if value is None else value.quantize(PLACES),
            warn=a,
            limit=b,
            below=True,
            latch=True,
        ),
    ]


def _thinnest(told: Liquidity) -> Decimal | None:
    values = [value for value in (told.excess, told.look_ahead) if value is not None]
    return share(min(values), told.net) if values else None


def _liquidity_state(value: Decimal | None, a: Decimal | None, b: Decimal | None) -> Guard:
    if value is None:
        return Guard.WARN
    if _under(value, a) or _under(value, b):
        return Guard.REDUCE_ONLY
    return Guard.WARN if a is not None and value < a * NEAR else Guard.OK


def _under(value: Decimal | None, limit: Decimal | None) -> bool:
    return value is not None and limit is not None and value < limit

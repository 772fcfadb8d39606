"""Whether what the guard looks at can be trusted: prices, link, gateway, orders; pure."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from apps.risk.guard.judge import above
from apps.risk.guard.types import Figure, GuardLimits, Holding, Picture
from apps.risk.levels import Guard

NOT_YET = Decimal(0)


def stream(picture: Picture, limits: GuardLimits) -> list[Figure]:
    """Age of the oldest price in an open market. One old price warns, all of them reduce only.

    Prices that nothing can renew are late as soon as a lost link is.
    """
    aged = [held for held in picture.holdings if held.stale_seconds is not None]
    if not aged:
        return []
    oldest = max(aged, key=lambda held: held.stale_seconds or 0.0)
    limit = limits.stale_seconds
    late = [held for held in aged if limit is not None and _old(held.stale_seconds, limit)]
    breach = Guard.REDUCE_ONLY if len(late) == len(aged) else Guard.WARN
    age = _seconds(oldest.stale_seconds)
    return [
        *_cut(aged, limits),
        above(
            "stale_stream", age, limit, Decimal(1), breach=breach, unit="seconds",
            subject=oldest.name,
        )
    ]  # fmt: skip


def _cut(aged: Sequence[Holding], limits: GuardLimits) -> list[Figure]:
    cut = [held for held in aged if held.cut]
    if not cut:
        return []
    breach = Guard.REDUCE_ONLY if len(cut) == len(aged) else Guard.WARN
    oldest = max(cut, key=lambda held: held.stale_seconds or 0.0)
    age = _seconds(oldest.stale_seconds)
    return [
        above(
            "cut_stream", age, limits.link_seconds, Decimal(1), breach=breach, unit="seconds",
            subject=oldest.name,
        )
    ]  # fmt: skip


def link(picture: Picture, limits: GuardLimits) -> list[Figure]:
    down, silent = picture.health.link_down, picture.health.silent
    return [
        _since("link", down, limits.link_seconds),
        above(
            "gateway_silent", _seconds(silent), limits.silence_seconds, limits.warn_share,
            unit="seconds",
        ),
    ]  # fmt: skip


def orders(picture: Picture, limits: GuardLimits) -> list[Figure]:
    """Mismatches and unknown orders close one instrument, rejects one strategy: for the account
    they are warnings. A strategy that was stopped for its rejects stays stopped."""
    health, limit = picture.health, limits.unknown_seconds
    late = [age for age in health.unknown if age is None or limit is None or age > limit]
    return [
        _count("mismatch", len(health.mismatches), ", ".join(health.mismatches[:3])),
        _count("unknown_order", len(late), ""),
        *(_rejects(strategy, count, limits) for strategy, count in health.rejects if count),
    ]


def _rejects(strategy: str, count: int, limits: GuardLimits) -> Figure:
    limit = None if limits.rejects is None else limits.rejects - 1
    figure = above(
        f"reject_breaker:{strategy}",
        Decimal(count),
        limit,
        limits.warn_share,
        breach=Guard.HALTED,
        unit="count",
        subject=strategy,
        latch=True,
    )
    return replace(figure, limit=limits.rejects, scoped=True)


def _since(code: str, seconds: float | None, limit: Decimal | None) -> Figure:
    """Down is at least a warning, and breached once it has lasted."""
    figure = above(code, _seconds(seconds), limit, Decimal(1), unit="seconds")
    if seconds is None or figure.state is not Guard.OK:
        return figure
    return Figure(
        code=code, state=Guard.WARN, value=figure.value, warn=NOT_YET, limit=limit, unit="seconds"
    )


def _count(code: str, count: int, subject: str) -> Figure:
    return above(
        code, Decimal(count), NOT_YET, Decimal(1), breach=Guard.WARN, unit="count", subject=subject
    )


def _seconds(age: float | None) -> Decimal:
    return Decimal(repr(round(age or 0.0, 3)))


def _old(age: float | None, limit: Decimal) -> bool:
    return age is not None and age > limit

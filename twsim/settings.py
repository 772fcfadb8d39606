"""What a scenario or a command line can set about the wire; times are seconds."""

from dataclasses import dataclass, fields

from twsim import versions


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Defaults are TWS's own numbers."""

    server_version: int = versions.DEFAULT
    step: float = 0.1
    """Between two looks at the market."""
    zone: str = "US/Eastern"
    """The zone TWS logs in: handshake, executions, completed orders."""
    clients: int = 32
    lines: int = 100
    """Market data lines of the user, all clients together."""
    messages_per_second: int = 50
    summary_every: float = 180.0
    updates_every: float = 180.0
    pnl_every: float = 1.0
    computations_every: float = 1.0
    history_updates_every: float = 1.0
    history_requests: int = 60
    """In ten minutes; BID_ASK counts twice."""
    history_open: int = 50
    unread_bytes: int = 4 * 1024 * 1024
    """A client that leaves more than this unread is closed."""
    repeats: tuple[int, int] = (1, 3)
    """How often an openOrder and orderStatus pair is said, at least and at most."""


def checked(name: str, value: object) -> float:
    """The value as a setting of that name; ValueError when there is none or it does not fit."""
    kinds = {item.name: item.type for item in fields(Settings) if item.type in (int, float)}
    kinds.pop("server_version")
    if name not in kinds:
        raise ValueError(f"{name!r} is none of: {', '.join(sorted(kinds))}")
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise ValueError(f"{name} must be a number above 0, not {value!r}")
    return int(value) if kinds[name] is int else float(value)

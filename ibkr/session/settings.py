"""What a session needs to know about the gateway it talks to."""

from dataclasses import dataclass
from datetime import time

from ibkr.windows import Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSettings:
    """Times of day are wall-clock times in `time_zone`; durations are seconds unless named."""

    host: str
    port: int
    client_id: int
    mode: str
    """paper or live"""
    pinned: tuple[str, ...]
    """Account ids that the login must manage; empty pins none."""
    time_zone: str
    restart_at: time | None = None
    restart_minutes: int = 10
    no_orders_minutes: int = 5
    weekly_login_at: time | None = None
    """On Sunday."""
    connect_timeout: float = 10.0
    heartbeat_every: float = 5.0
    heartbeat_limit: float = 10.0
    backoff_first: float = 1.0
    backoff_last: float = 60.0
    messages_per_second: int = 45

    @property
    def name(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def schedule(self) -> Schedule:
        return Schedule(
            time_zone=self.time_zone,
            restart_at=self.restart_at,
            weekly_login_at=self.weekly_login_at,
            restart_minutes=self.restart_minutes,
            no_orders_minutes=self.no_orders_minutes,
        )

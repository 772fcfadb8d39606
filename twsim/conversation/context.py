"""What the parts of a conversation share: the broker, the settings, and the way to the client."""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from twsim.broker import Broker, SimError
from twsim.conversation.pacing import HistoryPacing
from twsim.domain.events import SimEvent
from twsim.messages import Reply, Request
from twsim.messages import replies as say
from twsim.settings import Settings

Handler = Callable[[Any], None]


@dataclass(slots=True)
class Desk:
    """State of the one TWS that all its clients see."""

    history: HistoryPacing
    rng: random.Random
    lines: int = 0
    """Market data lines in use."""
    competing: bool = False
    """A live session elsewhere has the market data (10197)."""
    delayed_only: bool = False
    live_refused: int = 10168
    """With what live data is refused while only delayed data is there."""
    partly: bool = False
    """Live lines lack what needs a subscription: prices and sizes of bid, ask and last (10090)."""
    data_farm_down: bool = False
    history_farm_down: bool = False
    link_down: bool = False
    """1100: no word from IB's servers."""
    alive_10349: int = 0
    """Coming orders that are said to be cancelled with 10349 while they live."""
    recent: dict[str, int] = field(default_factory=dict)

    @property
    def data_stopped(self) -> bool:
        return self.competing or self.data_farm_down or self.link_down


@dataclass(frozen=True, slots=True)
class Beat:
    """One look at the market: the conIds whose quote moved, and the scenario's Unix seconds."""

    changed: frozenset[int]
    now: float


@dataclass(frozen=True, slots=True)
class Context:
    broker: Broker
    settings: Settings
    desk: Desk
    client_id: int
    put: Callable[[Reply], None]

    def send(self, *replies: Reply) -> None:
        for reply in replies:
            self.put(reply)

    def error(self, req_id: int, code: int, text: str, advanced_reject: str = "") -> None:
        now_ms = int(self.broker.now() * 1000)
        self.put(say.Error(req_id, code, text, now_ms, advanced_reject))

    def refuse(self, req_id: int, error: SimError) -> None:
        self.error(req_id, error.code, error.text)

    def invalid(self, req_id: int, cause: str) -> None:
        """Error 321 in the words TWS uses."""
        self.error(req_id, 321, f"Error validating request.-'bZ' : cause - {cause}")

    def moment(self, at: float, zone: str = "") -> str:
        """yyyymmdd hh:mm:ss zone."""
        name = zone or self.settings.zone
        local = datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(name))
        return f"{local:%Y%m%d %H:%M:%S} {name}"


class Theme:
    """One part of what a client can talk about."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.broker = context.broker
        self.send = context.send
        self.error = context.error

    def handlers(self) -> dict[type[Request], Handler]:
        raise NotImplementedError

    def on_event(self, event: SimEvent) -> None:
        """Something happened at the broker."""

    def on_step(self, beat: Beat) -> None:
        """The market moved."""

    def on_data_lost(self) -> None:
        """1101: subscriptions to market data are gone."""

    def close(self) -> None:
        """The client is gone: give back what it held."""


def merged(themes: Iterable[Theme]) -> dict[type[Request], Handler]:
    return {kind: handler for theme in themes for kind, handler in theme.handlers().items()}

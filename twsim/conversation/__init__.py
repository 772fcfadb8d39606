"""What one client and the simulated TWS have to say to each other, theme by theme."""

from twsim.conversation.accounts import Accounts
from twsim.conversation.context import Beat, Context, Desk, Theme, merged
from twsim.conversation.contracts import Contracts
from twsim.conversation.history import History
from twsim.conversation.market import Market
from twsim.conversation.orders import Orders
from twsim.conversation.session import Session
from twsim.domain.events import Notice, SimEvent
from twsim.messages import Request

__all__ = ["Beat", "Context", "Conversation", "Desk"]


class Conversation:
    """From START_API to the end of the connection."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._session, self._orders = Session(context), Orders(context)
        self._themes: tuple[Theme, ...] = (
            self._session,
            self._orders,
            Accounts(context),
            Contracts(context),
            Market(context),
            History(context),
        )
        self._handlers = merged(self._themes)

    @property
    def client_id(self) -> int:
        return self._context.client_id

    def start(self) -> None:
        self._orders.restore()
        self._session.greet()

    def handle(self, request: Request) -> None:
        self._handlers[type(request)](request)

    def tell(self, code: int, text: str) -> None:
        """An error that belongs to no request."""
        self._context.error(-1, code, text)

    def on_event(self, event: SimEvent) -> None:
        if isinstance(event, Notice):
            self._context.error(-1, event.code, event.text)
        for theme in self._themes:
            theme.on_event(event)

    def on_step(self, beat: Beat) -> None:
        for theme in self._themes:
            theme.on_step(beat)

    def on_data_lost(self) -> None:
        for theme in self._themes:
            theme.on_data_lost()

    def close(self) -> None:
        for theme in self._themes:
            theme.close()

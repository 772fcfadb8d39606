"""Account values, positions and profit and loss: what a client asked to be told."""

from twsim.conversation.account_summary import Summaries
from twsim.conversation.account_updates import Updates
from twsim.conversation.context import Beat, Context, Handler, Theme, merged
from twsim.conversation.pnl import ProfitAndLoss
from twsim.conversation.positions import Positions
from twsim.domain.events import SimEvent
from twsim.messages import Request


class Accounts(Theme):
    """The four kinds of account subscription behind one door."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._parts: tuple[Theme, ...] = (
            Summaries(context),
            Updates(context),
            Positions(context),
            ProfitAndLoss(context),
        )

    def handlers(self) -> dict[type[Request], Handler]:
        return merged(self._parts)

    def on_event(self, event: SimEvent) -> None:
        for part in self._parts:
            part.on_event(event)

    def on_step(self, beat: Beat) -> None:
        for part in self._parts:
            part.on_step(beat)

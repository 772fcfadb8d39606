"""Who is connected, which ids are free and what time it is."""

from twsim import versions
from twsim.conversation.context import Handler, Theme
from twsim.messages import Request
from twsim.messages import replies as say
from twsim.messages import requests as ask

FARMS = (
    (2104, "Market data farm connection is OK:usfarm"),
    (2106, "HMDS data farm connection is OK:ushmds"),
    (2158, "Sec-def data farm connection is OK:secdefnj"),
)


class Session(Theme):
    def handlers(self) -> dict[type[Request], Handler]:
        return {
            ask.Ids: self._ids,
            ask.Time: self._time,
            ask.TimeMillis: self._time_millis,
            ask.ManagedAccountsAsked: self._accounts,
            ask.LogLevel: self._nothing,
            ask.StartApi: self._again,
            ask.Unsupported: self._unsupported,
        }

    def greet(self) -> None:
        """What follows START_API, in the recorded order; open orders have gone before."""
        self._accounts(None)
        self._ids(None)
        for code, text in FARMS:
            self.error(-1, code, text)

    def _accounts(self, _: object) -> None:
        self.send(say.ManagedAccounts(self.broker.accounts))

    def _ids(self, _: object) -> None:
        self.send(say.NextOrderId(self.broker.next_order_id(self.context.client_id)))

    def _time(self, _: ask.Time) -> None:
        self.send(say.CurrentTime(int(self.broker.now())))

    def _time_millis(self, _: ask.TimeMillis) -> None:
        version = self.context.settings.server_version
        if version < versions.CURRENT_TIME_MILLIS:
            self.context.invalid(-1, f"server version {version} has no time in milliseconds")
        self.send(say.CurrentTimeMillis(int(self.broker.now() * 1000)))

    def _nothing(self, _: ask.LogLevel) -> None:
        """TWS's own log: there is none here."""

    def _again(self, _: ask.StartApi) -> None:
        self.context.invalid(-1, "the API has been started already")

    def _unsupported(self, request: ask.Unsupported) -> None:
        text = f"Message {request.message_id} is not simulated; see docs/wire.md."
        self.error(request.req_id, 505, text)

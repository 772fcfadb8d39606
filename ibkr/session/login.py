"""From a greeted socket to a login that is the right one."""

import time

from ibkr.client import Client
from ibkr.errors import LinkFailure
from ibkr.session import identity
from ibkr.session.inbox import Inbox, Lost, Notice, Signal
from ibkr.session.settings import LinkSettings


def await_login(client: Client, inbox: Inbox, settings: LinkSettings) -> None:
    """TWS tells accounts and the next order id unasked, unless it does not want this client."""
    deadline = time.monotonic() + settings.connect_timeout
    while not client.greeted:
        for signal in inbox.drain():
            _refuse(signal, settings)
        left = deadline - time.monotonic()
        if left <= 0:
            raise LinkFailure(
                f"TWS on {settings.name} accepted the connection but did not name its accounts."
                " Is a dialog waiting in TWS, or is it still logging in?",
                code="no_login",
            )
        if not client.greeted:
            inbox.wait(left)


def check_identity(client: Client, settings: LinkSettings) -> None:
    """Raises WrongAccount."""
    identity.check(client.announced_accounts, pinned=settings.pinned, mode=settings.mode)


def _refuse(signal: Signal, settings: LinkSettings) -> None:
    if isinstance(signal, Notice) and signal.code == 326:
        raise LinkFailure(
            f"Client id {settings.client_id} is in use on {settings.name}. Close the other program"
            " that uses it, or give this connection another client id.",
            code="326",
        )
    if isinstance(signal, Lost):
        raise LinkFailure(signal.sentence, code=signal.code)

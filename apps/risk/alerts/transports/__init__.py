"""The one seam to the outside: a kind, its configuration and a message in, a receipt out."""

from collections.abc import Mapping

from apps.risk.alerts.errors import DeliveryError
from apps.risk.alerts.transports import apprise, email, telegram
from apps.risk.alerts.transports.base import Message, Transport

TRANSPORTS: Mapping[str, Transport] = {
    "telegram": telegram.TRANSPORT,
    "email": email.TRANSPORT,
    "apprise": apprise.TRANSPORT,
}

__all__ = ["TRANSPORTS", "Message", "Transport", "deliver"]


def deliver(kind: str, config: Mapping[str, str], message: Message) -> str:
    """Sends now and returns the receipt. Raises Permanent or Passing, whose text holds no secret.

    A library's own words may repeat the address it was given, token and all.
    """
    transport = TRANSPORTS[kind]
    try:
        return transport.send(config, message)[:200]
    except DeliveryError as error:
        error.said = error.said.mapped(lambda text: transport.cleaned(text, config)[:250])
        error.args = (error.sentence,)
        error.__cause__ = error.__context__ = None
        raise

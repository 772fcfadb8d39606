"""Everything else that Apprise speaks, as one URL."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.risk.alerts.errors import Passing, Permanent
from apps.risk.alerts.said import Said
from apps.risk.alerts.transports.base import Field, Message, Transport

FIELDS = (Field(name="url", secret=True),)
REFUSED = re.compile(r"error[= ](40[0134]|410)\b|unauthorized|forbidden", re.IGNORECASE)
KINDS = {"info": "info", "warning": "warning", "critical": "failure"}
RECEIPT = "accepted"
UNKNOWN = gettext_noop("Apprise does not know this kind of URL.")
REFUSED_KEYS = gettext_noop("The service refuses it; check the URL's keys.")
NOT_TAKEN = gettext_noop("The service did not take it.")


def send(config: Mapping[str, str], message: Message) -> str:
    """Apprise says only yes or no; why not is in its log, which is read here."""
    apprise = _library()
    client = _client(config["url"])
    if client is None:
        raise Permanent(Said(UNKNOWN))
    with apprise.LogCapture(level=apprise.logging.WARNING) as log:
        done = client.notify(
            title=message.title, body=message.body, notify_type=KINDS[message.severity]
        )
        said = log.getvalue()
    if done:
        return RECEIPT
    if REFUSED.search(said):
        raise Permanent(Said(REFUSED_KEYS))
    raise Passing(Said(NOT_TAKEN))


def _library() -> Any:
    """Half typed, so it is taken as it is; heavy, and few processes send."""
    import apprise  # noqa: PLC0415

    return apprise


def _client(url: str) -> Any:
    client = _library().Apprise()
    return client if client.add(url) else None


def target(config: Mapping[str, str]) -> str:
    return f"{urlsplit(config['url']).scheme}://…"


def check(config: Mapping[str, str]) -> dict[str, str]:
    if _client(config["url"]) is None:
        return {"url": _(UNKNOWN)}
    return {}


TRANSPORT = Transport(fields=FIELDS, send=send, target=target, check=check)

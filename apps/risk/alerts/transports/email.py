"""E-mail over a configured SMTP server, with Django's backend."""

import smtplib
from collections.abc import Mapping
from contextlib import suppress
from email.utils import make_msgid
from typing import Any

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.risk.alerts.errors import Passing, Permanent
from apps.risk.alerts.said import Said
from apps.risk.alerts.transports.base import TIMEOUT, Field, Message, Transport

BACKEND = "django.core.mail.backends.smtp.EmailBackend"
REFUSES = gettext_noop("The mail server refuses the recipient (%(code)s).")
SAYS = gettext_noop("The mail server says %(code)s: %(words)s")
OFFERS_NOT = gettext_noop("The mail server does not offer what is set: %(why)s")
SILENT = gettext_noop("The mail server does not answer (%(why)s).")
FIELDS = (
    Field(name="host", address=True),
    Field(name="port", address=True, default="587"),
    Field(name="security", address=True, default="starttls", choices=("starttls", "tls", "none")),
    Field(name="username", required=False),
    Field(name="password", secret=True, required=False),
    Field(name="sender"),
    Field(name="to"),
)


def send(config: Mapping[str, str], message: Message) -> str:
    """The receipt is the Message-ID that the server took."""
    receipt = make_msgid(domain=config["sender"].rpartition("@")[2] or "ibportal")
    connection = _connection(config)
    mail = EmailMessage(
        subject=" ".join(message.title.split()),
        body=message.body,
        from_email=config["sender"],
        to=_recipients(config),
        headers={"Message-ID": receipt},
        connection=connection,
    )
    try:
        mail.send()
    except (smtplib.SMTPException, OSError) as error:
        raise _failure(error) from None
    finally:
        # Django leaves it open where the login failed.
        with suppress(smtplib.SMTPException, OSError):
            connection.close()
    return receipt


def _connection(config: Mapping[str, str]) -> Any:
    security = config.get("security", "none")
    return get_connection(
        BACKEND,
        host=config["host"],
        port=int(config["port"]),
        username=config.get("username", ""),
        password=config.get("password", ""),
        use_tls=security == "starttls",
        use_ssl=security == "tls",
        timeout=TIMEOUT,
    )


def _failure(error: Exception) -> Permanent | Passing:
    """SMTP's own rule: 5xx is for good, 4xx for now; no answer at all is for now."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = {code for code, _text in error.recipients.values()}
        said = Said(REFUSES, {"code": max(codes)})
        return Permanent(said) if min(codes) >= 500 else Passing(said)
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        words = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
        said = Said(SAYS, {"code": error.smtp_code, "words": words})
        return Permanent(said) if error.smtp_code >= 500 else Passing(said)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Permanent(Said(OFFERS_NOT, {"why": str(error)}))
    why = getattr(error, "strerror", None) or type(error).__name__
    return Passing(Said(SILENT, {"why": why}))


def _recipients(config: Mapping[str, str]) -> list[str]:
    return [part.strip() for part in config["to"].split(",") if part.strip()]


def check(config: Mapping[str, str]) -> dict[str, str]:
    wrong: dict[str, str] = {}
    port = config["port"]
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        wrong["port"] = _("A port is a number from 1 to 65535.")
    for name, addresses in (("to", _recipients(config)), ("sender", [config["sender"]])):
        for address in addresses or [""]:
            try:
                validate_email(address)
            except ValidationError:
                wrong[name] = _("This is not an e-mail address.")
    return wrong


TRANSPORT = Transport(
    fields=FIELDS, send=send, target=lambda config: ", ".join(_recipients(config)), check=check
)

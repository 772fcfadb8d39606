"""What people read about channels and deliveries on pages."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.risk.alerts.said import WHY, Said, said_from

KINDS = {"telegram": "Telegram", "email": _("E-mail (SMTP)"), "apprise": _("Others (Apprise URL)")}
FIELDS = {
    "token": _("Bot token"),
    "chat_id": _("Chat"),
    "base_url": _("Address of the Bot API"),
    "host": _("Mail server"),
    "port": _("Port"),
    "security": _("Encryption"),
    "username": _("User name"),
    "password": _("Password"),
    "sender": _("Sender"),
    "to": _("Recipients, comma-separated"),
    "url": _("Apprise URL"),
}
CHOICES = {"starttls": "STARTTLS", "tls": "TLS", "none": _("none")}
TIERS = {1: _("at once"), 2: _("when nobody acknowledges")}
STATES = {
    "queued": _("waits"),
    "sending": _("is being sent"),
    "sent": _("sent"),
    "delayed": _("delayed"),
    "failed": _("failed"),
    "given_up": _("given up"),
}
OCCASIONS = {
    "raised": _("raised"),
    "worse": _("got worse"),
    "escalated": _("escalated"),
    "recovered": _("is over"),
}


def spoken(told: Said | Mapping[str, Any]) -> str:
    """In the reader's language, from a sentence or its row; empty for an empty row."""
    if not told:
        return ""
    said = told if isinstance(told, Said) else said_from(told)
    facts = {name: _fact(name, fact) for name, fact in said.facts.items()}
    template = gettext(said.template)
    return template % facts if facts else template


def _fact(name: str, fact: str | int | Said) -> str | int:
    if isinstance(fact, Said):
        return spoken(fact)
    return gettext(fact) if name == WHY and isinstance(fact, str) and fact else fact

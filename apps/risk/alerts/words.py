"""What people read about channels and deliveries on pages."""

from django.utils.translation import gettext_lazy as _

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

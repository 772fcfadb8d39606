"""Channels as tests of alerts need them, made by the services a page calls."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from apps.lib import clock
from apps.risk import services
from apps.risk.models import Channel
from apps.risk.services import ChannelWish
from tests.alert_servers import TOKEN, BotApi
from tests.factories import make_user
from tests.risk_data import allow


def make_keeper(name: str = "kim") -> User:
    """May change channels."""
    found = User.objects.filter(username=name).first()
    return found or allow(make_user(name), "change_channel")


def telegram_config(api: BotApi, **fields: str) -> dict[str, str]:
    return {"token": TOKEN, "chat_id": "1001", "base_url": api.address} | fields


def mail_config(port: int, **fields: str) -> dict[str, str]:
    told = {"host": "127.0.0.1", "port": str(port), "security": "none", "to": "desk@example.org"}
    return told | {"sender": "portal@example.org"} | fields


def make_channel(
    kind: str, config: dict[str, str], *, at: datetime | None = None, **fields: Any
) -> Channel:
    wish = ChannelWish(**({"name": kind, "kind": kind, "config": config} | fields))
    return services.channel_save(user=make_keeper(), wish=wish, at=at or clock.now())

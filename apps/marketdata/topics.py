"""What browsers may subscribe to: quotes and stream state by connection, progress of downloads."""

from typing import Any

from django.conf import settings
from django.utils.translation import get_language

from apps.accounts.permissions import User
from apps.accounts.selectors import accounts_visible
from apps.lib.realtime import Topic
from apps.marketdata.models import BarDownload, StreamConfig
from apps.marketdata.permissions import connections_visible
from apps.marketdata.selectors import downloads_visible, quotes_snapshot, stream_state
from ibkr.errors import explain

QUOTES = "quotes"
STREAMS = "streams"
DOWNLOADS = "downloads"


def quotes_topic(slug: str) -> str:
    return f"{QUOTES}:{slug}"


def stream_topic(slug: str) -> str:
    return f"{STREAMS}:{slug}"


def download_topic(pk: int) -> str:
    return f"{DOWNLOADS}:{pk}"


def download_state(download: BarDownload) -> dict[str, Any]:
    """State of the topic `downloads:<pk>`."""
    return {
        "id": download.pk,
        "con_id": download.instrument_id,
        "size": download.size,
        "state": download.state,
        "progress": download.progress,
        "bars": download.bars,
        "code": download.code,
        "sentences": {name: _sentence(download, name) for name, _ in settings.LANGUAGES},
    }


def download_row(download: BarDownload) -> dict[str, Any]:
    """The same for one reader, in the language of the request."""
    state = download_state(download)
    del state["sentences"]
    return state | {"sentence": _sentence(download, get_language() or "en")}


def _sentence(download: BarDownload, language: str) -> str:
    if not download.code:
        return ""
    return explain(download.code, download.sentence).explanation(language).meaning


def _quotes_allowed(user: User, key: str) -> bool:
    return accounts_visible(user).filter(connection__slug=key).exists()


def _quotes_snapshot(user: User, key: str) -> dict[str, Any]:
    del user
    return quotes_snapshot(key)[1]


def _stream_allowed(user: User, key: str) -> bool:
    return connections_visible(user).filter(slug=key).exists()


def _stream_snapshot(user: User, key: str) -> dict[str, Any]:
    del user
    config = StreamConfig.objects.filter(connection__slug=key).select_related("connection").first()
    return {} if config is None else stream_state(config)


def _download_allowed(user: User, key: str) -> bool:
    return key.isdigit() and len(key) < 19 and downloads_visible(user).filter(pk=int(key)).exists()


def _download_snapshot(user: User, key: str) -> dict[str, Any]:
    return download_state(downloads_visible(user).get(pk=int(key)))


TOPICS = (
    Topic(QUOTES, _quotes_allowed, _quotes_snapshot),
    Topic(STREAMS, _stream_allowed, _stream_snapshot),
    Topic(DOWNLOADS, _download_allowed, _download_snapshot),
)

"""The project: settings, urls, asgi, celery, the WebSocket stream and the gateway process."""

from ibportal.celery import app as celery_app

__all__ = ["celery_app"]

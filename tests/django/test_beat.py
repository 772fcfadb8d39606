"""Beat's schedule names only tasks that exist."""

from django.conf import settings

from ibportal.celery import app


def test_every_scheduled_task_is_registered() -> None:
    app.loader.import_default_modules()

    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert scheduled - set(app.tasks) == set()
    assert "risk.channel_send" in app.tasks

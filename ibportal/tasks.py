"""Tasks of the project itself."""

from celery import shared_task

from ibportal import pulse


@shared_task(name="ibportal.pulse")
def beat_is_alive() -> None:
    """Scheduled by beat and run by the default worker: a fresh mark proves both."""
    pulse.beat("beat")

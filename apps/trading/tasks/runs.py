"""Beat's part in trade runs and schedules; each is harmless when delivered twice."""

from celery import shared_task

from apps.lib import clock
from apps.trading.services.demo import demo_strategy_seed
from apps.trading.services.execution import runs_advance
from apps.trading.services.schedules import schedules_check


@shared_task(name="trading.runs_advance")
def advance() -> None:
    """Every two seconds, and when somebody has moved a run."""
    runs_advance(at=clock.now())


@shared_task(name="trading.schedule_check")
def check_schedules() -> None:
    """Every half minute, and when somebody has changed a schedule."""
    schedules_check(at=clock.now())


@shared_task(name="trading.demo_seed")
def seed_demo() -> None:
    """Every quarter of a minute where there is no real broker."""
    demo_strategy_seed(at=clock.now())

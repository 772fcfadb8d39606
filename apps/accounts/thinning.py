"""Which points of an equity history may go as it ages; pure and deterministic.

Every point is kept for two days. Of older points each quarter of an hour keeps its first, last,
lowest and highest; after sixty days each UTC day keeps those four. Extremes are never lost.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby

MINUTES_KEPT = timedelta(days=2)
QUARTERS_KEPT = timedelta(days=60)
QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sample:
    key: int
    at: datetime
    value: Decimal


def superfluous(samples: Sequence[Sample], *, at: datetime) -> list[int]:
    """Keys of the samples to delete; `samples` are of one account, in order of time."""
    days_before = floored(at - QUARTERS_KEPT, DAY)
    quarters_before = floored(at - MINUTES_KEPT, QUARTER)
    old = (s for s in samples if s.at < days_before)
    middle = (s for s in samples if days_before <= s.at < quarters_before)
    return [*_dropped(old, DAY), *_dropped(middle, QUARTER)]


def floored(at: datetime, step: timedelta) -> datetime:
    """The start of the step, counted from midnight UTC, that holds the moment."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (at - midnight) // step * step


def _dropped(samples: Iterable[Sample], step: timedelta) -> Iterator[int]:
    for _, group in groupby(samples, key=lambda sample: floored(sample.at, step)):
        bucket = list(group)
        kept = {
            bucket[0].key,
            bucket[-1].key,
            min(bucket, key=lambda sample: sample.value).key,
            max(bucket, key=lambda sample: sample.value).key,
        }
        yield from (sample.key for sample in bucket if sample.key not in kept)

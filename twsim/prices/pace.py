"""How a venue's day passes for prices and volume: fast near open and close, slow at noon."""

import math
from datetime import date

from twsim.hours import Venue

OVERNIGHT = 0.15
"""The part of a day's movement that happens while a venue with sessions is closed."""
_SWING = 0.6


def curve(share: float) -> float:
    """Share of the day's activity done when `share` of its time has passed: a U-shaped density."""
    return share + _SWING / (2 * math.pi) * math.sin(2 * math.pi * share)


def progress(venue: Venue, at: float) -> tuple[date, float]:
    """The session under way or just over, and the share of its activity that is done."""
    day, (start, end) = venue.session(at)
    return day, curve(min((at - start) / (end - start), 1.0))


def walk_days(venue: Venue, at: float) -> float:
    """A walk's time in days: it stands still while the venue is closed, then opens with a gap."""
    day, done = progress(venue, at)
    if venue.around_the_clock:
        return day.toordinal() + done
    return day.toordinal() + OVERNIGHT + (1 - OVERNIGHT) * done

"""A random walk that is a function of time: any moment can be asked for, in any order.

Lévy's construction: nodes every 64 days, then midpoints displaced level by level. The same seed
gives the same path, so history, today and tomorrow agree without storing anything.
"""

import math

DAYS_BETWEEN_NODES = 64
LEVELS = 23
UNITS_PER_DAY = 1 << (LEVELS - 6)
"""The finest step is 1/131072 day, two thirds of a second."""
NODE_DEVIATION = 4.0
"""Deviation of the 64-day nodes in units of the daily deviation: the path stays near its centre."""
_MASK = (1 << 64) - 1
_SCALE = 1.0 / (65536.0 * math.sqrt(4.0 / 12.0))
_HALF = [math.sqrt(DAYS_BETWEEN_NODES / (1 << level)) / 2 for level in range(LEVELS)]


def mixed(seed: int, value: int) -> int:
    """64 well-mixed bits of two integers (the finaliser of splitmix64)."""
    bits = (seed * 0x9E3779B97F4A7C15 + value * 0xD1B54A32D192ED03) & _MASK
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & _MASK
    return bits ^ (bits >> 31)


def uniform(seed: int, value: int) -> float:
    return mixed(seed, value) / 2**64


def gaussian(seed: int, value: int) -> float:
    """Nearly standard normal: four 16-bit uniforms added."""
    bits = mixed(seed, value)
    total = (bits & 65535) + (bits >> 16 & 65535) + (bits >> 32 & 65535) + (bits >> 48)
    return (total - 131070) * _SCALE


class Walk:
    """Standard deviation one per day; `value(t)` takes days since the epoch with fraction."""

    def __init__(self, seed: int) -> None:
        self._seeds = [mixed(seed, level + 1) for level in range(LEVELS + 1)]
        self._left = [0.0] * (LEVELS + 1)
        self._right = [0.0] * (LEVELS + 1)
        self._last = -1

    def value(self, days: float) -> float:
        scaled = days * UNITS_PER_DAY
        index = math.floor(scaled)
        if index != self._last:
            self._descend(index)
        left, right = self._left[LEVELS], self._right[LEVELS]
        return left + (right - left) * (scaled - index)

    def _descend(self, index: int) -> None:
        level = LEVELS - (index ^ self._last).bit_length() if self._last >= 0 else -1
        left, right = self._left, self._right
        if level < 0:
            node = index >> LEVELS
            left[0] = gaussian(self._seeds[LEVELS], node) * NODE_DEVIATION
            right[0] = gaussian(self._seeds[LEVELS], node + 1) * NODE_DEVIATION
            level = 0
        for depth in range(level, LEVELS):
            low, high = left[depth], right[depth]
            place = index >> (LEVELS - depth)
            middle = (low + high) / 2 + gaussian(self._seeds[depth], place) * _HALF[depth]
            later = index >> (LEVELS - depth - 1) & 1
            left[depth + 1] = middle if later else low
            right[depth + 1] = high if later else middle
        self._last = index

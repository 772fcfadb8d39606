"""Remembers what a pure function made of values that come again and again; bounded."""

from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Made = TypeVar("Made")

LIMIT = 16_384
"""Prices and sizes of a few hundred instruments; then it starts over."""


class Memo(dict[Key, Made], Generic[Key, Made]):
    """`memo[key]` is `make(key)`, made once. What raises is not remembered.

    Keys that are equal share one value, so -0.0 must not be asked for where it differs from 0.0.
    """

    def __init__(self, make: Callable[[Key], Made], limit: int = LIMIT) -> None:
        super().__init__()
        self._make = make
        self._limit = limit

    def __missing__(self, key: Key) -> Made:
        made = self._make(key)
        if len(self) >= self._limit:
            self.clear()
        self[key] = made
        return made

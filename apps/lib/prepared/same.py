"""Objects that are the very same as long as what they are made of is."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime
from operator import is_
from typing import Any, Generic, TypeVar

from apps.lib.prepared.compiled import Compiled, Row, Value
from apps.lib.prepared.queries import Asked, Prepared

T = TypeVar("T")

REMEMBERED = 64
"""Objects that one query or one derivation keeps."""


class Same(Generic[T]):
    """What was made of all rows of a query, kept until a row is another one.

    Every call reads all rows: nothing is ever older than the database. `make` gets the rows as
    `Prepared.rows` gives them. Nobody may change what it has made: all threads share it.
    """

    def __init__(self, query: Prepared, make: Callable[[list[Row]], T]) -> None:
        self._query, self._make = query, make
        self._known: OrderedDict[Hashable, tuple[Compiled, str | None, T]] = OrderedDict()

    def asked(self, **values: Value) -> Asked:
        return Asked(self._query, values)

    def __call__(self, **values: Value) -> T:
        compiled, text = self._query.answer(values)
        # Moments are new in every call, and rows alone decide what is made of them.
        whose = tuple([value for value in values.values() if not isinstance(value, datetime)])
        known = self._known.get(whose)
        if known is None or known[1] != text or known[0] is not compiled:
            known = compiled, text, self._make(compiled.rows(text))
            _remember(self._known, whose, known)
        return known[2]


class Derived(Generic[T]):
    """What was made of some objects, kept as long as they are the very same ones.

    For objects that nobody changes, such as those of `Kept` and `Same`.
    """

    def __init__(self, make: Callable[..., T]) -> None:
        self._make = make
        self._known: OrderedDict[Hashable, tuple[tuple[object, ...], T]] = OrderedDict()

    def __call__(self, whose: Hashable, *of: object) -> T:
        known = self._known.get(whose)
        if known is None or not all(map(is_, known[0], of)):
            known = of, self._make(*of)
            _remember(self._known, whose, known)
        return known[1]


def _remember(known: "OrderedDict[Hashable, Any]", whose: Hashable, what: Any) -> None:
    known[whose] = what
    if len(known) > REMEMBERED:
        known.popitem(last=False)

"""Reads the parameters of a provider strictly: a typing error is a sentence, not a default."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from apps.trading.providers.base import WrongParams

CON_IDS = "con_ids"


class Params:
    """Reads by name, then `finish` refuses what nobody asked for."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._left = dict(given)

    def con_ids(self) -> tuple[int, ...]:
        """A list of different conIds, at least one."""
        found = self._left.pop(CON_IDS, None)
        if not isinstance(found, list | tuple) or not found:
            raise WrongParams(CON_IDS, "Give a list of conIds.")
        return tuple(_con_id(CON_IDS, value) for value in _once(found))

    def weights(self) -> dict[int, Decimal]:
        """conId → weight."""
        found = self._left.pop("weights", None)
        if not isinstance(found, Mapping) or not found:
            raise WrongParams("weights", "Give a weight for each conId.")
        return {_con_id("weights", key): _number("weights", found[key]) for key in found}

    def whole(self, name: str, *, default: int, low: int, high: int) -> int:
        value = self._left.pop(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            sentence = "%(name)s must be a whole number from %(low)s to %(high)s."
            raise WrongParams(name, sentence, name=name, low=low, high=high)
        return value

    def fraction(self, name: str, *, default: Decimal) -> Decimal:
        """Above 0, at most 1."""
        value = _number(name, self._left.pop(name, default))
        if not 0 < value <= 1:
            raise WrongParams(name, "%(name)s must be above 0 and at most 1.", name=name)
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        value = self._left.pop(name, default)
        if not isinstance(value, bool):
            raise WrongParams(name, "%(name)s must be true or false.", name=name)
        return value

    def finish(self) -> None:
        for name in self._left:
            raise WrongParams(str(name), "There is no parameter “%(name)s”.", name=name)


def _once(found: list[Any] | tuple[Any, ...]) -> list[Any]:
    if len({str(value) for value in found}) < len(found):
        raise WrongParams(CON_IDS, "A conId stands in the list twice.")
    return list(found)


def _con_id(name: str, value: Any) -> int:
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and 0 < int(text) < 2**53):
        raise WrongParams(name, "“%(value)s” is not a conId.", value=text[:40])
    return int(text)


def _number(name: str, value: Any) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("nan")
    if isinstance(value, bool) or not number.is_finite() or abs(number) >= 10:
        raise WrongParams(
            name, "“%(value)s” is not a fraction such as 0.25.", value=str(value)[:40]
        )
    return number

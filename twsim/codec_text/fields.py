"""NUL-separated text fields: reading them with their types, and the forms TWS writes numbers in."""

import math
from collections.abc import Sequence
from decimal import Decimal

from twsim.framing import Unreadable
from twsim.messages import Malformed

UNSET_DOUBLE = "1.7976931348623157E308"
UNSET_INTEGER = "2147483647"
UNSET_LONG = "9223372036854775807"
_HUGE = 1.797e308


def split(payload: bytes) -> list[str]:
    """Unreadable when the payload is not NUL-terminated text: no field of it can be trusted."""
    if not payload.endswith(b"\0"):
        raise Unreadable("a frame that does not end a field")
    try:
        return payload[:-1].decode().split("\0")
    except UnicodeDecodeError as error:
        raise Malformed("the message is not UTF-8 text") from error


def whole(text: str) -> int:
    """ValueError when it is no whole number, or none that TWS's 32 bits hold."""
    value = int(text)
    if not -(2**31) <= value < 2**31:
        raise ValueError(text)
    return value


def join(values: Sequence[str]) -> bytes:
    return "".join(f"{value}\0" for value in values).encode()


class Fields:
    """Reads one message's fields in order; a field that does not fit is Malformed."""

    def __init__(self, values: Sequence[str], server_version: int) -> None:
        self._values = values
        self._next = 0
        self.server_version = server_version
        self.req_id = -1

    def since(self, version: int) -> bool:
        return self.server_version >= version

    @property
    def left(self) -> int:
        return len(self._values) - self._next

    def text(self) -> str:
        if self._next >= len(self._values):
            raise Malformed(f"field {self._next} is missing", self.req_id)
        self._next += 1
        return self._values[self._next - 1]

    def skip(self, count: int = 1) -> None:
        for _ in range(count):
            self.text()

    def integer(self, empty: int = 0) -> int:
        value = self.text()
        if not value:
            return empty
        try:
            return whole(value)
        except ValueError:
            raise self._bad(value, "a whole number") from None

    def number(self, empty: float = 0.0) -> float:
        value = self.text()
        if not value:
            return empty
        try:
            result = float(value)
        except ValueError:
            raise self._bad(value, "a number") from None
        if not math.isfinite(result):
            raise self._bad(value, "a finite number")
        return result

    def optional(self) -> float | None:
        """A number, or None for IB's unset: empty or the largest double."""
        value = self.number(math.inf)
        return None if abs(value) >= _HUGE else value

    def optional_integer(self) -> int | None:
        value = self.integer(2147483647)
        return None if value == 2147483647 else value

    def flag(self) -> bool:
        return self.integer() != 0

    def number_id(self) -> int:
        """Reads the request id and remembers it for the errors of later fields."""
        self.req_id = self.integer(-1)
        return self.req_id

    def _bad(self, value: str, wanted: str) -> Malformed:
        shown = value[:40]
        return Malformed(f"field {self._next - 1} is {shown!r}, not {wanted}", self.req_id)


def plain(value: float) -> str:
    """Shortest decimal without exponent: 15, 0.3, 255.45."""
    text = repr(round(value, 10))
    if "e" in text:
        text = format(Decimal(text), "f")
    text = text.removesuffix(".0")
    return "0" if text == "-0" else text


def double(value: float | None) -> str:
    """As Java prints a double: 2000.0, 1.0E7; the largest double when unset."""
    if value is None:
        return UNSET_DOUBLE
    size = abs(value)
    if value == 0 or 1e-3 <= size < 1e7:
        return repr(float(value))
    sign, digits, _ = Decimal(repr(value)).as_tuple()
    text = "".join(map(str, digits))
    exponent = Decimal(repr(value)).adjusted()
    return f"{'-' if sign else ''}{text[0]}.{text[1:].rstrip('0') or '0'}E{exponent}"


def price(value: float, decimals: int = 2) -> str:
    """At least so many decimals, more where the price has them: 254.20, 1.08455."""
    text = plain(value)
    tail = text.partition(".")[2]
    return text if len(tail) >= decimals else f"{value:.{decimals}f}"


def blank_or_double(value: float | None) -> str:
    return "" if value is None else double(value)


def flag(*, value: bool) -> str:
    return "1" if value else "0"


def ascii7(text: str) -> str:
    """TWS sends names and sentences as ASCII with backslash escapes for the rest."""
    return text.replace("\0", "").encode("ascii", "backslashreplace").decode()

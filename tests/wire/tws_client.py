"""The unmodified ibapi client, remembering every callback it received."""

import inspect
import threading
import time
from collections.abc import Callable
from typing import Any

from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.order import Order
from ibapi.wrapper import EWrapper

WAIT_SECONDS = 30.0
QUIET_SECONDS = 0.4
Call = tuple[str, tuple[Any, ...]]
Accept = Callable[..., bool]


class TwsClient(EWrapper, EClient):  # type: ignore[misc]  # ibapi ships no types
    """Callbacks go to `heard` in order; `wait` finds them."""

    def __init__(self) -> None:
        EClient.__init__(self, self)
        self.heard: list[Call] = []
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None

    def record(self, name: str, *arguments: Any) -> None:
        with self._news:
            self.heard.append((name, arguments))
            self._news.notify_all()

    def open(self, port: int, client_id: int) -> None:
        """Connects and reads in a thread of its own."""
        self.connect("127.0.0.1", port, client_id)
        self._thread = threading.Thread(target=self.run, daemon=True)
        self._thread.start()

    def ready(self) -> int:
        """Waits for the session to be usable; the next order id."""
        self.wait("error", lambda _, __, code, *___: code == 2158)
        return int(self.wait("nextValidId")[0])

    def shut(self) -> None:
        self.disconnect()
        if self._thread is not None:
            self._thread.join(5.0)

    def all(self, name: str, accept: Accept = lambda *_: True) -> list[tuple[Any, ...]]:
        with self._news:
            return [found for called, found in self.heard if called == name and accept(*found)]

    def wait(
        self, name: str, accept: Accept = lambda *_: True, *, count: int = 1
    ) -> tuple[Any, ...]:
        """The count-th callback of that name which is accepted; AssertionError when it is late."""
        limit = time.monotonic() + WAIT_SECONDS
        with self._news:
            while True:
                found = [args for called, args in self.heard if called == name and accept(*args)]
                if len(found) >= count:
                    return found[count - 1]
                if not self._news.wait(limit - time.monotonic()) and time.monotonic() >= limit:
                    raise AssertionError(f"no {name} ({count}) heard; heard: {self.heard[-30:]}")

    def error_for(self, req_id: int, code: int) -> str:
        """The sentence of an error with this id and code."""
        found = self.wait(
            "error", lambda its_id, _, its_code, *__: (its_id, its_code) == (req_id, code)
        )
        return str(found[3])

    def names(self) -> list[str]:
        with self._news:
            return [name for name, _ in self.heard]

    def forget(self) -> None:
        with self._news:
            self.heard.clear()

    def hears_nothing(self, name: str, seconds: float = QUIET_SECONDS) -> bool:
        """Whether no such callback comes in so many seconds."""
        before = len(self.all(name))
        limit = time.monotonic() + seconds
        with self._news:
            while (left := limit - time.monotonic()) > 0:
                self._news.wait(left)
        return len(self.all(name)) == before


def _recorder(name: str) -> Callable[..., None]:
    def heard(self: TwsClient, *arguments: Any) -> None:
        self.record(name, *arguments)

    return heard


# ibapi calls each …ProtoBuf callback besides the ordinary one: one of the two is enough.
for _name, _ in inspect.getmembers(EWrapper, inspect.isfunction):
    if not _name.startswith("_") and not _name.endswith("ProtoBuf") and _name != "logAnswer":
        setattr(TwsClient, _name, _recorder(_name))


def stock(symbol: str = "AAPL", currency: str = "USD", exchange: str = "SMART") -> Contract:
    return contract(symbol=symbol, secType="STK", currency=currency, exchange=exchange)


def contract(**fields: Any) -> Contract:
    made = Contract()
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def order(action: str, quantity: float, kind: str = "MKT", **fields: Any) -> Order:
    made = Order()
    made.action, made.totalQuantity, made.orderType, made.tif = action, quantity, kind, "DAY"
    for name, value in fields.items():
        setattr(made, name, value)
    return made

"""What can go wrong, by name: each fault takes its parameters from a JSON object."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from twsim.conversation.market import LIVE_REFUSED
from twsim.outbox import HalfFrame
from twsim.server import Server

log = logging.getLogger("twsim.faults")
Given = Mapping[str, Any]
Player = Callable[["Faults", Given], object]


class BadFault(Exception):
    """The request for a fault cannot be understood; the sentence says why."""


class FaultyBroker(Protocol):
    """The broker's own mishaps, by name."""

    def fault(self, kind: str, **details: Any) -> Any: ...


FARMS = {
    "data": (2103, "Market data farm connection is broken:usfarm"),
    "history": (2105, "HMDS data farm connection is broken:ushmds"),
    "definitions": (2157, "Sec-def data farm connection is broken:secdefnj"),
}
FARMS_BACK = {
    "data": (2104, "Market data farm connection is OK:usfarm"),
    "history": (2106, "HMDS data farm connection is OK:ushmds"),
    "definitions": (2158, "Sec-def data farm connection is OK:secdefnj"),
}
LINK = {
    1100: "Connectivity between IB and Trader Workstation has been lost.",
    1101: "Connectivity between IB and Trader Workstation has been restored - data lost.",
    1102: "Connectivity between IB and Trader Workstation has been restored - data maintained.",
}


def number(given: Given, name: str, default: float, *, least: float = 0.0) -> float:
    value = given.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= 1e6:
        raise BadFault(f"{name} must be a number from {least:g} to 1000000, not {value!r}")
    return float(value)


def on(given: Given) -> bool:
    value = given.get("on", True)
    if not isinstance(value, bool):
        raise BadFault(f"on must be true or false, not {value!r}")
    return value


def client(given: Given) -> int | None:
    value = given.get("client_id")
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise BadFault(f"client_id must be a whole number, not {value!r}")
    return value


class Faults:
    """Plays faults on the server and, where they are the broker's, on the broker."""

    def __init__(self, server: Server, broker: FaultyBroker) -> None:
        self.server = server
        self.broker = broker
        self.played: list[dict[str, Any]] = []

    def play(self, given: Given) -> object:
        """BadFault when there is no such kind or a parameter is wrong."""
        result = KINDS[kind_of(given)](self, given)
        self.played.append({**given, "at": self.server.broker.now()})
        self.server.flush()
        return result

    def schedule(self, faults: tuple[Given, ...]) -> None:
        """A scenario's own faults, `at_seconds` after the start."""
        loop = asyncio.get_running_loop()
        for given in faults:
            kind_of(given)
            loop.call_later(float(given.get("at_seconds", 0.0)), self._play_on_time, given)

    def _play_on_time(self, given: Given) -> None:
        """Nobody waits for an answer: what cannot be played is logged."""
        try:
            self.play(given)
        except BadFault as error:
            log.warning("the scenario's fault %s was not played: %s", given["kind"], error)

    def ask_broker(self, kind: str, **details: object) -> object:
        try:
            return self.broker.fault(kind, **details)
        except (TypeError, ValueError) as error:
            raise BadFault(str(error)) from error

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        asyncio.get_running_loop().call_later(seconds, action)


def _drop(faults: Faults, given: Given) -> None:
    faults.server.drop(client(given))


def _refuse(faults: Faults, given: Given) -> None:
    faults.server.refuse(number(given, "seconds", 5.0))


def _silence(faults: Faults, given: Given) -> None:
    for connection in faults.server.chosen(client(given)):
        connection.silence(number(given, "seconds", 15.0))


def _half_frame(faults: Faults, given: Given) -> None:
    try:
        then = HalfFrame(given.get("then", "close"))
    except ValueError:
        raise BadFault(f"then must be stall or close, not {given['then']!r}") from None
    seconds = number(given, "seconds", 15.0)
    for connection in faults.server.chosen(client(given)):
        connection.outbox.break_next_frame(then, seconds)


def _split(faults: Faults, given: Given) -> None:
    until = asyncio.get_running_loop().time() + number(given, "seconds", 60.0)
    for connection in faults.server.chosen(client(given)):
        connection.outbox.split_until = until


def _duplicate(faults: Faults, given: Given) -> None:
    faults.ask_broker("duplicate_next_report", count=int(number(given, "count", 10, least=1)))


def _swap(faults: Faults, given: Given) -> None:
    faults.ask_broker("swap_next_reports", count=int(number(given, "count", 1, least=1)))


def _correction(faults: Faults, given: Given) -> object:
    price = number(given, "price", 0.0)
    return faults.ask_broker("correct_last_execution", price=price or None)


def _bust(faults: Faults, _: Given) -> object:
    return faults.ask_broker("bust_last_execution")


def _reject(faults: Faults, given: Given) -> None:
    text = str(given.get("text", "Order rejected - reason:Simulated"))
    faults.ask_broker("reject_next", code=int(number(given, "code", 201)), text=text)


def _connectivity(faults: Faults, given: Given) -> None:
    """1100 alone stays until 1101 or 1102; with `seconds` the link comes back as `back`."""
    code, back = int(number(given, "code", 1100)), int(number(given, "back", 1102))
    if code not in LINK or back not in (1101, 1102):
        raise BadFault("code must be 1100, 1101 or 1102, and back 1101 or 1102")
    _link(faults, code)
    if code == 1100 and "seconds" in given:
        faults.after(number(given, "seconds", 10.0), lambda: _link(faults, back))


def _link(faults: Faults, code: int) -> None:
    server = faults.server
    server.desk.link_down = code == 1100
    if code == 1101:
        for conversation in server.clients.values():
            conversation.on_data_lost()
    server.tell(code, LINK[code])
    server.flush()


def _farm(faults: Faults, given: Given) -> None:
    """A farm breaks, and comes back after `seconds` or when asked with on false."""
    name = given.get("farm", "data")
    if name not in FARMS:
        raise BadFault(f"farm must be one of {', '.join(FARMS)}, not {name!r}")
    _turn_farm(faults, name, broken=on(given))
    if on(given) and "seconds" in given:
        back = number(given, "seconds", 10.0)
        faults.after(back, lambda: _turn_farm(faults, name, broken=False))


def _turn_farm(faults: Faults, name: str, *, broken: bool) -> None:
    desk = faults.server.desk
    if name == "data":
        desk.data_farm_down = broken
    elif name == "history":
        desk.history_farm_down = broken
    faults.server.tell(*(FARMS if broken else FARMS_BACK)[name])
    faults.server.flush()


def _nightly_reset(faults: Faults, given: Given) -> None:
    """Day orders expire, every socket closes, nothing listens for a while."""
    faults.ask_broker("nightly_reset")
    faults.server.flush()
    faults.server.drop()
    faults.server.refuse(number(given, "seconds", 10.0))


def _restart_lost_ids(faults: Faults, given: Given) -> object:
    """The orders of the last `lost` seconds never happened and their ids come again."""
    lost = faults.ask_broker("lose_order_ids", seconds=number(given, "lost", 1.0))
    faults.server.drop()
    faults.server.refuse(number(given, "seconds", 5.0))
    return lost


def _competing(faults: Faults, given: Given) -> None:
    faults.server.desk.competing = on(given)


def _delayed(faults: Faults, given: Given) -> None:
    code = given.get("code", 10168)
    if code not in LIVE_REFUSED:
        known = ", ".join(str(each) for each in LIVE_REFUSED)
        raise BadFault(f"code must be one of {known}, not {code!r}")
    faults.server.desk.delayed_only, faults.server.desk.live_refused = on(given), code


def _partly(faults: Faults, given: Given) -> None:
    faults.server.desk.partly = on(given)


def _pacing(faults: Faults, given: Given) -> None:
    server = faults.server
    server.desk.history.violate_until = server.broker.now() + number(given, "seconds", 60.0)


def _alive_10349(faults: Faults, given: Given) -> None:
    faults.server.desk.alive_10349 = int(number(given, "count", 1, least=1))


def _halt(faults: Faults, given: Given) -> None:
    kind = "halt" if on(given) else "resume"
    faults.ask_broker(kind, symbol=str(given.get("symbol", "")))


def _manual(faults: Faults, given: Given) -> object:
    details = {name: value for name, value in given.items() if name not in ("kind", "at_seconds")}
    return faults.ask_broker("manual_order", **details)


KINDS: dict[str, Player] = {
    "bust": _bust,
    "competing_session": _competing,
    "connectivity": _connectivity,
    "correction": _correction,
    "delayed_only": _delayed,
    "drop": _drop,
    "duplicate_reports": _duplicate,
    "farm": _farm,
    "half_frame": _half_frame,
    "halt": _halt,
    "manual_order": _manual,
    "nightly_reset": _nightly_reset,
    "order_alive_10349": _alive_10349,
    "out_of_order": _swap,
    "pacing": _pacing,
    "partly_subscribed": _partly,
    "refuse": _refuse,
    "reject_next": _reject,
    "restart_lost_ids": _restart_lost_ids,
    "silence": _silence,
    "split": _split,
    "stall": _silence,
}
PARAMETERS: dict[str, set[str]] = {
    "bust": set(),
    "competing_session": {"on"},
    "connectivity": {"code", "seconds", "back"},
    "correction": {"price"},
    "delayed_only": {"on", "code"},
    "drop": {"client_id"},
    "duplicate_reports": {"count"},
    "farm": {"farm", "on", "seconds"},
    "half_frame": {"then", "seconds", "client_id"},
    "halt": {"symbol", "on"},
    "manual_order": {"symbol", "action", "quantity", "price", "account"},
    "nightly_reset": {"seconds"},
    "order_alive_10349": {"count"},
    "out_of_order": {"count"},
    "pacing": {"seconds"},
    "partly_subscribed": {"on"},
    "refuse": {"seconds"},
    "reject_next": {"code", "text"},
    "restart_lost_ids": {"seconds", "lost"},
    "silence": {"seconds", "client_id"},
    "split": {"seconds", "client_id"},
    "stall": {"seconds", "client_id"},
}


def kind_of(given: Given) -> str:
    """The kind that is asked for; BadFault when it or the name of a parameter is unknown."""
    kind = given.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise BadFault(f"there is no fault {kind!r}; there are: {', '.join(sorted(KINDS))}")
    unknown = sorted(set(given) - {"kind", "at_seconds"} - PARAMETERS[kind])
    if unknown:
        taken = ", ".join(sorted(PARAMETERS[kind])) or "none"
        raise BadFault(f"{kind} takes no {', '.join(unknown)}; its parameters are: {taken}")
    return kind

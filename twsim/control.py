"""The simulator's back door for tests: JSON over HTTP on loopback, one request a connection."""

import asyncio
import json
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from twsim.broker import SimError
from twsim.faults import BadFault, Faults
from twsim.server import LOOPBACK, Server

MAX_BODY = 64 * 1024
SECONDS_TO_ASK = 10.0
REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed"}
Answer = tuple[int, object]
Rows = Callable[[], Iterable[dict[str, Any]]]


class Inside(Protocol):
    """What the control can see of and do to the broker."""

    def state(self) -> dict[str, Any]: ...
    def set_price(self, name: str | int, price: float) -> None: ...


class BadRequest(Exception):
    """Said to the caller with status 400."""


class Control:
    def __init__(self, server: Server, inside: Inside, faults: Faults, rows: Rows) -> None:
        self._server = server
        self._inside = inside
        self._faults = faults
        self._listener: asyncio.Server | None = None
        self._routes: dict[tuple[str, str], Callable[[bytes], object]] = {
            ("GET", "/ledger"): lambda _: list(rows()),
            ("GET", "/state"): lambda _: self._state(),
            ("POST", "/fault"): self._fault,
            ("POST", "/market"): self._market,
        }

    async def start(self, port: int) -> int:
        """The port it listens on; OSError when that is taken."""
        self._listener = await asyncio.start_server(self._serve, LOOPBACK, port)
        return int(self._listener.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        if self._listener is not None:
            self._listener.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(SECONDS_TO_ASK):
                status, body = await self._answer(reader)
                payload = json.dumps(body).encode()
                head = f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: application/json\r\n"
                head += f"Content-Length: {len(payload)}\r\nConnection: close\r\n\r\n"
                writer.write(head.encode() + payload)
                await writer.drain()
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError):
            return  # the caller went away or never asked
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> Answer:
        try:
            method, path, body = await _read(reader)
            play = self._routes.get((method, path))
            if play is None:
                return self._no_route(path)
            return 200, play(body)
        except (BadRequest, BadFault) as error:
            return 400, {"error": str(error)}

    def _no_route(self, path: str) -> Answer:
        known = sorted(f"{method} {route}" for method, route in self._routes)
        status = 405 if any(route == path for _, route in self._routes) else 404
        return status, {"error": f"there is no {path} of that kind; there are: {', '.join(known)}"}

    def _state(self) -> dict[str, Any]:
        desk = self._server.desk
        wire = {
            "clients": sorted(self._server.clients),
            "connections": len(self._server.connections),
            "server_version": self._server.settings.server_version,
            "lines": desk.lines,
            "link_down": desk.link_down,
            "competing_session": desk.competing,
            "delayed_only": desk.delayed_only,
            "faults": self._faults.played,
        }
        return {"wire": wire, "now": self._server.broker.now(), **self._inside.state()}

    def _fault(self, body: bytes) -> object:
        return {"played": True, "result": self._faults.play(_object(body))}

    def _market(self, body: bytes) -> object:
        given = _object(body)
        symbol, price = given.get("symbol"), given.get("price")
        if not isinstance(symbol, str | int) or isinstance(symbol, bool):
            raise BadRequest("symbol must be a symbol or a contract id")
        if isinstance(price, bool) or not isinstance(price, int | float):
            raise BadRequest(f"price must be a number, not {price!r}")
        try:
            self._inside.set_price(symbol, float(price))
        except (SimError, ValueError) as error:
            raise BadRequest(str(error)) from error
        return {"symbol": symbol, "price": price}


async def _read(reader: asyncio.StreamReader) -> tuple[str, str, bytes]:
    """Method, path and body of one HTTP request."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.LimitOverrunError:
        raise BadRequest("the request's head is too long") from None
    first, *lines = head.split("\r\n")
    words = first.split(" ")
    if len(words) != 3:
        raise BadRequest("this is not an HTTP request")
    pairs = (line.partition(":") for line in lines if ":" in line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length) > MAX_BODY:
        raise BadRequest(f"a body of {length} bytes is not accepted")
    body = await reader.readexactly(int(length))
    return words[0], words[1].partition("?")[0], body


def _object(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body)
    except ValueError:
        raise BadRequest("the body is not JSON") from None
    if not isinstance(given, dict):
        raise BadRequest("the body must be a JSON object")
    return given

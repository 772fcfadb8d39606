"""Requests on the threads that the web server keeps, and the database connections of these."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import psycopg
import pytest
from django.core.signals import request_finished, request_started
from django.db import connection, connections
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path
from django.utils import translation
from django.utils.translation import gettext

from ibportal import databases
from ibportal.handler import OneHopHandler

Messages = list[dict[str, Any]]


def backend(_request: HttpRequest) -> HttpResponse:
    """Which connection of the server answers, on which thread."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_backend_pid()")
        else:
            cursor.execute("SELECT 1")
        return HttpResponse(f"{cursor.fetchone()[0]} {threading.get_ident()}")


def language(request: HttpRequest) -> HttpResponse:
    if "set" in request.GET:
        translation.activate("zh-hans")
    return HttpResponse(translation.get_language())


def rows(_request: HttpRequest) -> StreamingHttpResponse:
    async def told() -> AsyncIterator[bytes]:
        for row in (b"one ", b"two"):
            yield row

    return StreamingHttpResponse(told())


def end(_request: HttpRequest) -> HttpResponse:
    connections.close_all()
    return HttpResponse("ended")


def broken(_request: HttpRequest) -> HttpResponse:
    raise ValueError(gettext("No"))


urlpatterns = [
    path("backend", backend),
    path("language", language),
    path("rows", rows),
    path("broken", broken),
    path("end", end),
]


async def ask(handler: OneHopHandler, address: str, body: bytes = b"") -> tuple[int, str]:
    target, _, query = address.partition("?")
    scope = {
        "type": "http",
        "method": "POST" if body else "GET",
        "path": f"/{target}",
        "query_string": query.encode(),
        "headers": [(b"host", b"localhost")],
    }
    told: Messages = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        told.append(message)

    await handler(scope, receive, send)
    content = b"".join(message.get("body", b"") for message in told[1:])
    return told[0]["status"], content.decode()


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Iterator[OneHopHandler]:
    """With one thread."""
    monkeypatch.setattr("ibportal.handler.THREADS", 1)
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[], ALLOWED_HOSTS=["localhost"]):
        made = OneHopHandler()
        yield made
        made._threads.shutdown()


@pytest.fixture
def kept() -> Iterator[None]:
    """As the web server keeps its connections."""
    before = connections.settings["default"]["CONN_MAX_AGE"]
    databases.share()
    yield
    request_started.disconnect(databases._glance)
    connections.settings["default"]["CONN_MAX_AGE"] = before


async def test_a_language_ends_with_its_request(handler: OneHopHandler) -> None:
    assert await ask(handler, "language?set=1") == (200, "zh-hans")
    assert await ask(handler, "language") == (200, "en")


async def test_a_request_begins_and_ends_once_also_where_it_streams(handler: OneHopHandler) -> None:
    heard: list[str] = []

    def began(**_: Any) -> None:
        heard.append("began")

    def ended(**_: Any) -> None:
        heard.append("ended")

    request_started.connect(began)
    request_finished.connect(ended)
    try:
        assert await ask(handler, "rows") == (200, "one two")
        assert await ask(handler, "language") == (200, "en")
        assert (await ask(handler, "broken"))[0] == 500
    finally:
        request_started.disconnect(began)
        request_finished.disconnect(ended)
    assert heard == ["began", "ended"] * 3


@pytest.mark.django_db(transaction=True)
async def test_a_thread_keeps_its_connection_and_finds_out_when_the_server_ended_it(
    handler: OneHopHandler, kept: None
) -> None:
    first, again = await ask(handler, "backend"), await ask(handler, "backend")
    assert (first, again) == ((200, first[1]), first)
    if connection.vendor == "postgresql":  # a file has no server that ends connections
        pid = int(first[1].split()[0])
        with psycopg.connect(**_server()) as server:
            server.execute("SELECT pg_terminate_backend(%s)", [pid])
        await asyncio.sleep(0.2)
        status, other = await ask(handler, "backend")
        assert status == 200
        assert int(other.split()[0]) != pid
    await ask(handler, "end")


@pytest.mark.django_db(transaction=True)
async def test_requests_beyond_the_threads_wait_their_turn(handler: OneHopHandler) -> None:
    answers = await asyncio.gather(*(ask(handler, "backend") for _ in range(6)))
    assert {status for status, _ in answers} == {200}


def _server() -> dict[str, Any]:
    told = connections.settings["default"]
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    return {name: told[key] for name, key in names.items() if told[key]} | {"dbname": told["NAME"]}

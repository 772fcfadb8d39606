"""A program that talks to a running portal's REST API with a person's session."""

import json
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from typing import Any

from tests.portal import Portal


class ApiClient:
    def __init__(self, portal: Portal, user: str = "demo") -> None:
        self._portal = portal
        self._jar = CookieJar()
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar)).open
        login = f"{portal.address}/login/"
        self._open(login, timeout=30).close()
        form = {
            "username": user,
            "password": portal.password,
            "csrfmiddlewaretoken": self._token(),
            "next": "/healthz",
        }
        self._open(login, data=urllib.parse.urlencode(form).encode(), timeout=30).close()

    def get(self, path: str) -> Any:
        return json.loads(self.text(path))

    def text(self, path: str) -> str:
        with self._open(f"{self._portal.address}/api/v1/{path}", timeout=60) as answer:
            return str(answer.read().decode())

    def post(self, path: str, body: dict[str, Any], *, key: str = "") -> tuple[int, Any]:
        """Status and answer, also of a refusal; `key` makes a repetition harmless."""
        request = urllib.request.Request(
            f"{self._portal.address}/api/v1/{path}",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "X-CSRFToken": self._token()}
            | ({"Idempotency-Key": key} if key else {}),
        )
        try:
            with self._open(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def page(self, path: str) -> str:
        """A page as the browser gets it."""
        with self._open(f"{self._portal.address}{path}", timeout=60) as answer:
            return str(answer.read().decode())

    def form(self, path: str, **fields: str) -> str:
        """What a page's form sends, and the page that answers."""
        data = urllib.parse.urlencode(fields | {"csrfmiddlewaretoken": self._token()}).encode()
        with self._open(f"{self._portal.address}{path}", data=data, timeout=60) as answer:
            return str(answer.read().decode())

    def _token(self) -> str:
        return next(str(cookie.value) for cookie in self._jar if cookie.name == "csrftoken")

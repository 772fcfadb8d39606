"""A Bot API over HTTP and a mail server over SMTP, both on loopback, for tests of alerts."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from ibportal.run.plan import free_port

TOKEN = "4242:right-token"
Answer = tuple[int, dict[str, Any]]


class BotApi:
    """Knows one token and its chats; keeps what was sent, serves what a test lets people write."""

    def __init__(self) -> None:
        self.chats = {1001}
        self.sent: list[dict[str, str]] = []
        self.asked: list[str] = []
        self.updates: list[dict[str, Any]] = []
        self.answers: list[Answer] = []
        """What the next calls are answered, whatever they ask."""
        self.address = ""

    @property
    def texts(self) -> list[str]:
        return [each["text"] for each in self.sent]

    def write(self, text: str, *, chat: int = 1001, kind: str = "private") -> None:
        """Somebody writes to the bot."""
        number = 500 + len(self.updates)
        who = {"id": chat, "is_bot": False, "first_name": "Tess"}
        message = {
            "message_id": number,
            "date": 1_790_000_000,
            "chat": {"id": chat, "type": kind},
            "from": who,
            "text": text,
        }
        self.updates.append({"update_id": number, "message": message})

    def answer(self, path: str, form: dict[str, str]) -> Answer:
        self.asked.append(path)
        if self.answers:
            return self.answers.pop(0)
        token, _, method = path.removeprefix("/bot").partition("/")
        if token != TOKEN:
            return 401, {"ok": False, "error_code": 401, "description": "Unauthorized"}
        if method == "getUpdates":
            offset = int(form.get("offset", 0))
            return 200, {
                "ok": True,
                "result": [u for u in self.updates if u["update_id"] >= offset],
            }
        return self._send(form)

    def _send(self, form: dict[str, str]) -> Answer:
        if int(form["chat_id"]) not in self.chats:
            told = {"ok": False, "error_code": 400, "description": "Bad Request: chat not found"}
            return 400, told
        self.sent.append(form)
        chat = {"id": int(form["chat_id"]), "type": "private"}
        result = {"message_id": len(self.sent), "date": 1_790_000_000, "chat": chat}
        return 200, {"ok": True, "result": result | {"text": form["text"]}}


def wait_answer(seconds: int) -> Answer:
    """429 as Telegram says it."""
    said = f"Too Many Requests: retry after {seconds}"
    told: dict[str, Any] = {"ok": False, "error_code": 429, "description": said}
    return 429, told | {"parameters": {"retry_after": seconds}}


@contextmanager
def bot_api() -> Iterator[BotApi]:
    api = BotApi()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            status, body = api.answer(self.path, dict(parse_qsl(raw)))
            told = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def do_GET(self) -> None:
            """A monitor that takes a heartbeat."""
            api.asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Mailbox:
    """aiosmtpd's handler: keeps what arrives, or answers what a test wants."""

    def __init__(self) -> None:
        self.mails: list[str] = []
        self.reply = ""
        self.port = 0

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if self.reply:
            return self.reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content or b""
        self.mails.append(content if isinstance(content, str) else content.decode())
        return "250 taken"


@contextmanager
def mail_server(port: int = 0) -> Iterator[Mailbox]:
    box = Mailbox()
    box.port = port or free_port()
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()

"""An alert of the running portal reaches people by mail and Telegram, who answer from there."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from ibportal.run.plan import free_port
from tests.alert_data import mail_config, telegram_config
from tests.alert_servers import BotApi, Mailbox, bot_api, mail_server
from tests.portal import Portal, eventually
from tests.stack.api_client import ApiClient

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]
ACCOUNT, MASKED, VTI = "DU7654321", "DU****21", 12340041
FELL = 0.70
CHAT = "1001"
PATIENCE = 60
Row = dict[str, Any]


class Desk:
    """The demo's user with two channels, and what the API says of their alerts."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.api = ApiClient(portal)
        rows = self.api.get("accounts/")["results"]
        self.pk = next(row["id"] for row in rows if row["code"][-2:] == ACCOUNT[-2:])

    def channel(self, name: str, kind: str, config: dict[str, str], **fields: Any) -> int:
        body = {"name": name, "kind": kind, "config": config, "batch_seconds": 0} | fields
        status, told = self.api.post("risk/channels/", body)
        assert status == 201, told
        return int(told["id"])

    def guard(self) -> str:
        return str(self.api.get(f"risk/accounts/{self.pk}/")["guard"]["state"])

    def price(self) -> float:
        rows = self.api.get(f"accounts/{self.pk}/positions/")["results"]
        return float(next(row for row in rows if row["con_id"] == VTI)["market_price"])

    def move(self, price: float) -> None:
        self.portal.simulator("/market", {"symbol": "VTI", "price": round(price, 2)})

    def alert(self, code: str) -> Row:
        """The newest of this code; empty where there is none."""
        rows: list[Row] = self.api.get("risk/alerts/")["results"]
        return next((row for row in rows if row["code"] == code), {})

    def deliveries(self, alert: Row, occasion: str = "raised") -> dict[str, Row]:
        """By channel."""
        rows = self.api.get(f"risk/deliveries/?alert={alert['id']}")["results"]
        return {row["channel"]: row for row in rows if row["occasion"] == occasion}

    def kill(self, level: int, reason: str) -> Row:
        body = {"account": self.pk, "level": level, "reason": reason}
        status, told = self.api.post("risk/kill/", body)
        assert status == 200, told
        return self.alert("kill")

    def lift(self) -> None:
        status, told = self.api.post("risk/lift/", {"account": self.pk, "reason": "all clear"})
        assert status == 200, told


@pytest.fixture(scope="module")
def api() -> Iterator[BotApi]:
    with bot_api() as served:
        yield served


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    with mail_server() as served:
        yield served


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, api: BotApi, box: Mailbox) -> Iterator[Desk]:
    portal = Portal(tmp_path_factory.mktemp("alerts"), GUARD_SECONDS="3")
    try:
        desk = Desk(portal.start())
        bot = desk.channel("bot", "telegram", telegram_config(api))
        desk.channel("mail", "email", mail_config(box.port))
        form = {"page": "channels", "chat": CHAT}
        assert "may give commands" in desk.api.form(f"/alerts/channels/{bot}/chats/", **form)
        eventually(lambda: desk.guard() in {"ok", "warn"}, within=90, what="the guard to look")
        yield desk
    finally:
        portal.close()


def said(api: BotApi, *words: str) -> str:
    """The newest message that holds all these words, once it is there."""

    def look() -> str:
        found = [text for text in api.texts if all(word in text for word in words)]
        return found[-1] if found else ""

    return eventually(look, within=PATIENCE, what=f"{words} over Telegram")


def mailed(box: Mailbox, *words: str) -> str:
    def look() -> str:
        found = [mail for mail in box.mails if all(word in mail for word in words)]
        return found[-1] if found else ""

    return eventually(look, within=PATIENCE, what=f"{words} by mail")


def test_a_halt_reaches_mail_and_telegram_and_is_answered_from_there(
    desk: Desk, api: BotApi, box: Mailbox
) -> None:
    price = desk.price()
    desk.move(price * FELL)

    message = said(api, "Halted", "Loss today, second limit")
    mail = mailed(box, "Halted", "Loss today, second limit")
    assert MASKED in message
    assert ACCOUNT not in message + mail
    halted = desk.alert("guard_halted")
    rows = eventually(
        lambda: both_sent(desk.deliveries(halted)), within=PATIENCE, what="both receipts"
    )
    assert f"Message-ID: {rows['mail']['receipt']}" in mail
    assert rows["bot"]["receipt"] == f"message {api.texts.index(message) + 1}"
    assert rows["bot"]["receipt"] in desk.api.page("/alerts/")

    api.write(f"/ack {halted['id']}")
    said(api, f"Alert {halted['id']} is acknowledged")
    assert desk.alert("guard_halted")["seen"]
    desk.move(price)
    api.write("/resume the price was wrong")
    code = re.search(r"/resume (\d{6})", said(api, "This would be lifted"))
    assert code is not None
    api.write(f"/resume {code[1]}")
    said(api, "Lifted.")
    eventually(lambda: desk.guard() in {"ok", "warn"}, within=PATIENCE, what="the halt to end")
    over = f"#{halted['id']} "
    said(api, over, "It is over.")
    mailed(box, over, "It is over.")


def both_sent(rows: dict[str, Row]) -> dict[str, Row]:
    done = rows.keys() == {"bot", "mail"} and {row["state"] for row in rows.values()} == {"sent"}
    return rows if done else {}


def test_a_dead_server_is_tried_again_and_a_wrong_token_is_told_over_the_other(
    desk: Desk, api: BotApi, box: Mailbox
) -> None:
    port = free_port()
    desk.channel("late", "email", mail_config(port))
    raised = desk.kill(1, "see who hears of it")
    row = eventually(
        lambda: in_state(desk, raised, "late", "delayed"), within=PATIENCE, what="a failed try"
    )
    assert "does not answer" in row["error"]
    assert "The mail server does not answer" in desk.api.page("/alerts/")
    with mail_server(port) as late:
        row = eventually(
            lambda: in_state(desk, raised, "late", "sent"), within=PATIENCE, what="a retry"
        )
        assert row["attempts"] > 1
        assert "see who hears of it" in mailed(late, "kill level 1")

    wrong = desk.channel("wrong", "telegram", telegram_config(api, token="1:wrong-secret"))
    desk.lift()
    desk.kill(2, "and once more")
    told = mailed(box, "The alert channel wrong is switched off")
    shown = desk.api.get(f"risk/channels/{wrong}/")
    assert (shown["enabled"], "refuses the bot" in shown["disabled_reason"]) == (False, True)
    logs = "".join(p.read_text() for p in (desk.portal.folder / "var" / "log").glob("*.log"))
    assert "wrong-secret" not in told + str(shown) + logs + desk.api.page("/alerts/channels/")
    desk.lift()


def in_state(desk: Desk, alert: Row, channel: str, state: str) -> Row:
    row = desk.deliveries(alert).get(channel, {})
    return row if row.get("state") == state else {}

"""One account of a running portal: over the API, in its rows, and by the broker's own word."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import psycopg

from tests.portal import Portal, eventually
from tests.stack.api_client import ApiClient

ACCOUNT, VTI = "DU7654321", 12340041


class Desk:
    """One account of the demo over the API, and the simulator's own word."""

    def __init__(self, portal: Portal, account: str = ACCOUNT) -> None:
        self.portal, self.account = portal, account
        self.log_in()
        self.pk = int(dict(self.select("SELECT code, id FROM accounts_brokeraccount"))[account])

    def log_in(self) -> None:
        self.api = ApiClient(self.portal)

    def get(self, path: str) -> Any:
        return self.api.get(path.removeprefix("/"))

    def post(self, path: str, **body: Any) -> tuple[int, Any]:
        return self.api.post(path.removeprefix("/"), body)

    def risk(self) -> Any:
        return self.get(f"/risk/accounts/{self.pk}/")

    def guard(self) -> str:
        return str(self.risk()["guard"]["state"])

    def order(self, key: str, side: str = "BUY", **terms: Any) -> tuple[int, Any]:
        body = {"account": self.pk, "con_id": VTI, "side": side, "quantity": "1"} | terms
        return self.api.post("orders/", body, key=key)

    def price(self) -> float:
        rows = self.get(f"/accounts/{self.pk}/positions/")["results"]
        return float(next(row for row in rows if row["con_id"] == VTI)["market_price"])

    def move(self, price: float) -> datetime:
        self.portal.simulator("/market", {"symbol": "VTI", "price": round(price, 2)})
        return datetime.now(UTC)

    def looks(self) -> list[Any]:
        """Oldest first."""
        rows = self.get(f"/risk/accounts/{self.pk}/evaluations/?limit=200")["results"]
        return list(reversed(rows))

    def refused(self) -> dict[str, dict[str, Any]]:
        """The controls that spoke against the newest order, with their numbers."""
        statement = "SELECT verdicts FROM risk_gatedecision ORDER BY id DESC LIMIT 1"
        ((stored,),) = self.select(statement)
        rows = json.loads(stored) if isinstance(stored, str) else stored
        return {row["code"]: row for row in rows if not row["passed"]}

    def lift(self) -> None:
        """Whatever stands for this account and for all."""
        for scope in ({"account": self.pk}, {}):
            status, told = self.post("/risk/lift/", **scope, reason="begin a test")
            assert status in (200, 400), told
        eventually(lambda: self.risk()["kill"]["level"] == 0, within=30, what="no level")

    def statuses(self, ref: str) -> list[str]:
        """What the broker made of an order, in its own ledger."""
        rows = self.portal.simulator("/ledger")
        return [r["status"] for r in rows if r["kind"] == "status" and r["order_ref"] == ref]

    def select(self, statement: str) -> list[tuple[Any, ...]]:
        """One SELECT, straight to the database: manage.py would take a second each time."""
        url = self.portal.settings_environment().get("DATABASE_URL", "")
        if url.startswith("postgres"):
            with psycopg.connect(url, autocommit=True) as server:
                return list(server.execute(statement.encode()).fetchall())
        path = self.portal.folder / "var" / "ibportal.sqlite3"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
            return list(file.execute(statement).fetchall())

    def ready(self) -> bool:
        """Whether every link is."""
        checks = self.portal.readiness()["checks"]
        links = [row["ok"] for name, row in checks.items() if name.startswith("link")]
        return bool(links) and all(links)

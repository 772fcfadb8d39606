"""Runs and schedules through their other doors: REST, the command line, the demo's seed."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from apps.lib import clock
from apps.marketdata.models import Instrument
from apps.trading.models import Schedule, Strategy, TradeRun
from apps.trading.services import calendar_load, run_start
from apps.trading.services.demo import WEIGHTS, demo_strategy_seed
from tests.factories import NOON, make_user, tell_values, worker_says
from tests.gate_data import VALUES, guard_awake
from tests.run_data import AAPL, CASH, NAMES, NET, Desk, rebalancing

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]


@pytest.fixture
def desk(empty_redis: None) -> Iterator[Desk]:
    """The doors read the clock, so everything is as of now."""
    with rebalancing() as made:
        made.weights(AAPL="0.10", MSFT="0.10", KO="0.08")
        freshen(made)
        yield made


def freshen(desk: Desk) -> None:
    now = clock.now()
    hours = [["2026-01-01T00:00:00+00:00", "2036-01-01T00:00:00+00:00"]]
    Instrument.objects.update(liquid_hours=hours, trading_hours=hours)
    guard_awake(desk.account, now)
    tell_values(desk.account, [*VALUES, ("NetLiquidation", str(NET), "USD")], now)
    desk.tell_cash(CASH, now)
    for con_id in NAMES:
        desk.quote(con_id, "100.00", at=now)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def post(user: User, path: str, **body: Any) -> Any:
    return client_of(user).post(f"/api/v1/{path}", body, content_type="application/json")


def get(user: User, path: str) -> Any:
    return client_of(user).get(f"/api/v1/{path}")


def test_a_run_is_started_looked_at_approved_and_reported_over_rest(desk: Desk) -> None:
    made = post(desk.trader, "runs/", strategy=desk.strategy.pk)
    assert made.status_code == 201, made.content
    run = made.json()
    assert (run["state"], run["strategy"], run["mode"]) == ("planned", "weekly", "paper")
    assert run["lines"][0]["quantity"].startswith("-")
    assert run["plan"]["digest"]
    assert get(desk.trader, "runs/").json()["results"][0]["id"] == run["id"]

    again = post(desk.trader, "runs/", strategy=desk.strategy.pk)
    assert (again.status_code, again.json()["code"]) == (409, "period_taken")
    path = f"runs/{run['id']}/approve/"
    assert post(desk.trader, path, digest=run["plan"]["digest"]).status_code == 403
    wrong = post(desk.approver, path, digest="f" * 64)
    assert (wrong.status_code, wrong.json()["code"]) == (409, "other_plan")
    approved = post(desk.approver, path, digest=run["plan"]["digest"])
    assert (approved.status_code, approved.json()["state"]) == (200, "approved")

    report = get(desk.trader, f"runs/{run['id']}/report/").json()
    assert {line["filled"] for line in report["lines"]} == {"0"}
    table = get(desk.trader, f"runs/{run['id']}/report.csv")
    assert table["Content-Disposition"].startswith("attachment")
    assert table.content.decode().splitlines()[0].startswith("number,name")

    stopped = post(desk.trader, f"runs/{run['id']}/cancel/", reason="enough")
    assert stopped.json()["state"] == "cancelled"
    assert post(desk.approver, f"runs/{run['id']}/resume/").status_code == 409


def test_questions_are_answered_over_rest(desk: Desk) -> None:
    desk.policy(not_targeted="ask")
    desk.weights(MSFT="0.10")
    run = post(desk.trader, "runs/", strategy=desk.strategy.pk).json()
    assert (run["state"], run["questions"]) == ("awaiting_answer", [AAPL])
    path = f"runs/{run['id']}/answers/"
    assert post(desk.trader, path, answers={"AAPL": "sell"}).status_code == 400
    answered = post(desk.trader, path, answers={str(AAPL): "keep"}).json()
    assert answered["state"] == "planned"
    assert answered["answers"] == {str(AAPL): "keep"}


def test_charlie_sees_no_run_strategy_or_schedule_of_others(desk: Desk) -> None:
    run = post(desk.trader, "runs/", strategy=desk.strategy.pk).json()
    charlie = make_user("charlie")
    assert get(charlie, "runs/").json()["results"] == []
    assert get(charlie, "schedules/").json()["results"] == []
    for path in (f"runs/{run['id']}/", f"runs/{run['id']}/report/", f"runs/{run['id']}/report.csv"):
        assert get(charlie, path).status_code == 404
    for path in ("approve", "cancel", "resume", "answers"):
        found = post(charlie, f"runs/{run['id']}/{path}/", digest="x", answers={})
        assert found.status_code == 404
    assert post(charlie, "runs/", strategy=desk.strategy.pk).status_code == 404


def test_a_schedule_is_kept_over_rest_with_its_next_five_times(desk: Desk) -> None:
    calendar_load(name="XHKG", at=clock.now())
    fields = {"strategy": desk.strategy.pk, "calendar": "XHKG", "session": 2, "minutes": 45}
    assert post(desk.trader, "schedules/", **fields).status_code == 403
    made = post(desk.approver, "schedules/", **fields).json()
    assert (made["calendar"], made["session"], made["missed"]) == ("XHKG", 2, "skip")
    assert len(made["next"]) == 5
    assert all(each["local"].endswith("T10:15:00+08:00") for each in made["next"])
    kept = post(desk.approver, "schedules/", strategy=desk.strategy.pk, missed="ask").json()
    assert (kept["session"], kept["missed"]) == (2, "ask")
    assert post(desk.approver, "schedules/", **(fields | {"session": 9})).status_code == 400
    assert Schedule.objects.count() == 1


def test_the_command_prints_the_plan_as_a_table_and_sends_nothing(desk: Desk) -> None:
    out = io.StringIO()
    call_command("rebalance", account="DU1234567", dry_run=True, stdout=out)
    text = out.getvalue()
    assert text.splitlines()[1].split()[:2] == ["SELL", "AAPL"]
    assert "dry run: nothing will be sent" in text
    assert "turnover" in text
    assert TradeRun.objects.get().dry


def test_the_command_starts_a_run_that_waits_for_an_approval(desk: Desk) -> None:
    out = io.StringIO()
    with pytest.raises(CommandError, match="--user"):
        call_command("rebalance", account="DU1234567", stdout=out)
    call_command("rebalance", account="DU1234567", user="alice", stdout=out)
    assert "waits for an approval" in out.getvalue()
    with pytest.raises(CommandError, match="is taken"):
        call_command("rebalance", account="DU1234567", user="alice", stdout=out)


def test_the_command_says_why_there_is_no_plan(desk: Desk) -> None:
    with pytest.raises(CommandError, match="no such account"):
        call_command("rebalance", account="DU0000000", dry_run=True)
    said = pytest.raises(CommandError, match="blocked: The link")
    with worker_says(desk.account.connection, "disconnected", at=NOON), said:
        call_command("rebalance", account="DU1234567", dry_run=True, stdout=io.StringIO())
    Strategy.objects.create(account=desk.account, name="other")
    with pytest.raises(CommandError, match="other, weekly"):
        call_command("rebalance", account="DU1234567", dry_run=True)


def test_the_demo_is_seeded_on_the_simulated_connection_only(desk: Desk) -> None:
    assert demo_strategy_seed(at=clock.now()) is None
    assert Strategy.objects.count() == 1
    assert len(WEIGHTS) == 30


def test_a_run_without_a_plan_has_an_empty_report(desk: Desk) -> None:
    with worker_says(desk.account.connection, "disconnected", at=NOON):
        run = run_start(user=desk.trader, strategy=desk.strategy, at=NOON)
    report = get(desk.trader, f"runs/{run.pk}/report/").json()
    assert report["lines"] == []
    assert report["totals"]["traded"] == "0"

"""A whole rebalance of the demo account against the simulated broker, and one that is shot at."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.portal import BASE_DIR, Portal, eventually
from tests.stack.api_client import ApiClient

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]

Row = dict[str, Any]


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with Portal(tmp_path_factory.mktemp("runs")) as running:
        yield running


@pytest.fixture(scope="module")
def api(portal: Portal) -> ApiClient:
    return ApiClient(portal)


@pytest.fixture(scope="module")
def strategy(api: ApiClient) -> int:
    found = eventually(
        lambda: api.get("schedules/")["results"], within=120, what="the demo's strategy"
    )
    return int(found[0]["strategy"])


def ledger(portal: Portal) -> list[Row]:
    path = portal.folder / "var" / "twsim-ledger.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


def orders_in(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["kind"] == "order" and not row["changes"]]


def begin(api: ApiClient, strategy: int, **fields: Any) -> Row:
    """A run that is planned, once its prices have come and the guard is awake."""

    def tried() -> Row:
        status, made = api.post("runs/", {"strategy": strategy, **fields})
        assert status == 201, made
        run = eventually(lambda: planned(api, made["id"]), within=90, what="a plan")
        if run["state"] == "planned":
            return run
        passing = {"guard_silent", "stale_price", "price_missing", "connection_unavailable"}
        assert run["code"] in passing, run
        return {}

    return eventually(tried, within=180, what="a run that passes the gate")


def planned(api: ApiClient, pk: int) -> Row:
    """Nothing while it waits for prices."""
    run: Row = api.get(f"runs/{pk}/")
    return {} if run["state"] == "planning" else run


def approve(api: ApiClient, run: Row) -> None:
    status, answer = api.post(f"runs/{run['id']}/approve/", {"digest": run["plan"]["digest"]})
    assert status == 200, answer


def ended(api: ApiClient, run: Row) -> Row:
    def look() -> Row:
        now: Row = api.get(f"runs/{run['id']}/")
        return now if "ended_at" in now else {}

    return eventually(look, within=400, what="the run to end")


def unfilled(api: ApiClient, run: Row) -> list[tuple[str, str, str, str]]:
    lines = api.get(f"runs/{run['id']}/report/")["lines"]
    return [
        (line["name"], line["intended"], line["filled"], line["reason"])
        for line in lines
        if line["filled"] != line["intended"]
    ]


def wait_for_orders(portal: Portal, count: int) -> None:
    eventually(
        lambda: len(orders_in(ledger(portal))) >= count,
        within=240,
        what=f"{count} orders on the wire",
    )


def shell(portal: Portal, code: str) -> None:
    subprocess.run(
        [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", code],
        cwd=BASE_DIR,
        env=portal.settings_environment(),
        check=True,
        timeout=120,
    )


def test_a_weekly_run_from_thirty_weights_to_its_report(
    portal: Portal, api: ApiClient, strategy: int
) -> None:
    run = begin(api, strategy)
    trades = [line for line in run["lines"] if Decimal(line["quantity"])]
    assert len(trades) >= 20
    assert ledger(portal) == [] or not orders_in(ledger(portal))

    approve(api, run)
    run = ended(api, run)
    assert run["state"] == "done", run

    assert unfilled(api, run) == []
    rows = ledger(portal)
    placed = orders_in(rows)
    assert len(placed) == len({row["order_ref"] for row in placed}) == len(trades)
    assert_first_is_acknowledged_before_the_second(rows)
    assert_sells_are_filled_before_buys(rows)
    assert_cash_is_above(portal, Decimal(run["plan"]["buffer"]))

    report = api.get(f"runs/{run['id']}/report/")
    filled = [line for line in report["lines"] if Decimal(line["filled"])]
    assert len(filled) == len(trades)
    assert Decimal(report["totals"]["traded"]) > 100_000
    assert len(api.text(f"runs/{run['id']}/report.csv").splitlines()) == 1 + len(run["lines"])

    status, refused = api.post("runs/", {"strategy": strategy})
    assert (status, refused["code"]) == (409, "period_taken")
    assert f"run {run['id']}" in refused["message"]


def assert_first_is_acknowledged_before_the_second(rows: list[Row]) -> None:
    first, second = orders_in(rows)[:2]
    told = [row for row in rows if row["kind"] == "status"]
    answered = next(row for row in told if row["order_ref"] == first["order_ref"])
    assert first["seq"] < answered["seq"] < second["seq"]


def assert_sells_are_filled_before_buys(rows: list[Row]) -> None:
    fills = [row for row in rows if row["kind"] == "execution"]
    sides = {row["order_ref"]: row["side"] for row in fills}
    first_buy = next(row for row in orders_in(rows) if sides[row["order_ref"]] == "BOT")
    last_sale = [row for row in fills if row["side"] == "SLD"][-1]
    assert last_sale["seq"] < first_buy["seq"]


def assert_cash_is_above(portal: Portal, buffer: Decimal) -> None:
    cash = portal.query(
        "SELECT v.amount FROM accounts_accountvalue v "
        "JOIN accounts_brokeraccount a ON a.id = v.account_id "
        "WHERE a.code = 'DU1234567' AND v.tag = 'TotalCashValue' AND v.currency = 'USD'"
    )[0][0]
    assert Decimal(str(cash)) >= buffer


def test_a_run_goes_on_where_its_worker_was_killed_and_sends_nothing_twice(
    portal: Portal, api: ApiClient, strategy: int
) -> None:
    shell(portal, SHIFTED.format(strategy=strategy))
    before = len(orders_in(ledger(portal)))
    run = begin(api, strategy, period="shifted")
    trades = [line for line in run["lines"] if Decimal(line["quantity"])]
    assert len(trades) >= 20
    approve(api, run)
    for count in (1, 3):
        wait_for_orders(portal, before + count)
        portal.kill("-n worker@")
    run = ended(api, run)
    assert run["state"] == "done", run
    assert unfilled(api, run) == []
    mine = orders_in(ledger(portal))[before:]
    assert Counter(row["order_ref"] for row in mine).most_common(1)[0][1] == 1
    assert Counter(row["con_id"] for row in mine).most_common(1)[0][1] == 1
    assert {row["con_id"] for row in mine} == {line["con_id"] for line in trades}
    assert_cash_is_above(portal, Decimal(run["plan"]["buffer"]))


SHIFTED = """
from decimal import Decimal
from apps.lib import clock
from apps.trading.models import Strategy
from apps.trading.services import snapshot_create
strategy = Strategy.objects.get(pk={strategy})
now = clock.now()
# Held at a gain: selling at a loss again and again would rightly stop the strategy.
less = {{"AAPL", "NVDA", "SPY", "MSFT"}}
weights = {{
    w.instrument: w.weight * Decimal("0.7" if w.instrument.symbol in less else "1.3")
    for w in strategy.snapshots.first().weights.all()
}}
snapshot_create(
    user=None, strategy=strategy, weights=weights, dated_on=now.date(), origin="api", at=now
)
"""


@pytest.mark.parametrize(("style", "algo"), [("twap", "Twap"), ("vwap", "Vwap")])
def test_a_run_in_slices_fills_through_the_brokers_algorithm(
    portal: Portal, api: ApiClient, strategy: int, style: str, algo: str
) -> None:
    status, policy = api.post(f"strategies/{strategy}/policies/", {"changes": {"style": style}})
    assert (status, policy["style"]) == (200, style)
    weights = {"KO": "0.02", "IBM": "0.02"} if style == "twap" else {"KO": "0.01", "IBM": "0.03"}
    shell(portal, FEW.format(strategy=strategy, weights=weights))
    before = len(orders_in(ledger(portal)))
    run = begin(api, strategy, period=style)
    approve(api, run)
    run = ended(api, run)
    assert run["state"] == "done", run
    assert unfilled(api, run) == []

    rows = ledger(portal)
    mine = orders_in(rows)[before:]
    assert {(row["order_type"], row["tif"], row["algo_strategy"]) for row in mine} == {
        ("LMT", "DAY", algo)
    }
    assert all(row["algo_params"] for row in mine)
    refs = {row["order_ref"] for row in mine}
    slices = [r for r in rows if r["kind"] == "execution" and r["order_ref"] in refs]
    assert len(slices) > len(mine)
    assert_cash_is_above(portal, Decimal(run["plan"]["buffer"]))


FEW = """
from decimal import Decimal
from apps.lib import clock
from apps.marketdata.models import Instrument
from apps.trading.models import Strategy
from apps.trading.services import snapshot_create
now = clock.now()
weights = {{
    Instrument.objects.get(symbol=symbol, sec_type="STK", currency="USD"): Decimal(weight)
    for symbol, weight in {weights}.items()
}}
snapshot_create(
    user=None, strategy=Strategy.objects.get(pk={strategy}), weights=weights,
    dated_on=now.date(), origin="api", at=now
)
"""


def test_without_a_ready_link_nothing_reaches_the_wire(
    portal: Portal, api: ApiClient, strategy: int
) -> None:
    before = len(orders_in(ledger(portal)))
    portal.simulator("/fault", {"kind": "connectivity", "code": 1100, "seconds": 25, "back": 1102})
    eventually(
        lambda: "ready" not in portal.links()["link demo"].lower().replace("not ready", ""),
        within=30,
        what="the link to be degraded",
    )
    status, run = api.post("runs/", {"strategy": strategy, "period": "no link"})
    assert status == 201
    assert (run["state"], run["code"]) == ("blocked", "connection_unavailable")
    assert len(orders_in(ledger(portal))) == before

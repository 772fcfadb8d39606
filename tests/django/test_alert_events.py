"""What raises an alert and what calls it off: connections, guard, kills, weeks, runs, orders."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils.translation import override

from apps.accounts.models import BrokerAccount
from apps.risk import services
from apps.risk.alerts.texts import alert_sentence
from apps.risk.alerts.words import spoken
from apps.risk.levels import Guard, Kill, LockKind
from apps.risk.models import Alert, Delivery, GuardState
from apps.risk.services import ChannelWish, carrying, flattening, kill, link_alerts
from apps.trading.ingest import alarms
from apps.trading.models import Order
from apps.trading.refs import FOREIGN
from apps.trading.services import (
    disconnects,
    occurrence_answer,
    run_alarms,
    run_resume,
    schedules_check,
)
from apps.trading.states import OrderState, RunState
from tests.alert_data import mail_config, make_channel, make_keeper
from tests.alert_servers import mail_server
from tests.django.test_schedules import DUE, awake, save
from tests.factories import NOON, later, make_user, worker_says
from tests.order_data import make_order, opened, status, tell
from tests.risk_data import make_held, make_officer, tell_equity
from tests.run_data import NAMES, Desk, advance, rebalancing

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]
MINUTE = timedelta(minutes=1)
CODE = re.compile(r"`(\w+)`")


@pytest.fixture
def desk(empty_redis: None) -> Iterator[Desk]:
    with rebalancing() as made:
        made.weights(AAPL="0.10", MSFT="0.10")
        awake(made, DUE)
        yield made


@pytest.fixture
def account() -> BrokerAccount:
    return make_held(NOON)


@pytest.fixture
def officer(account: BrokerAccount) -> User:
    return make_officer("olivia", account)


def codes(*, over: bool = False) -> list[str]:
    """Of alerts that stand, or of those that are over."""
    rows = Alert.objects.filter(recovered_at__isnull=not over).order_by("pk")
    return list(rows.values_list("code", flat=True))


# connections


@pytest.mark.parametrize(
    ("code", "alert", "words"),
    [
        ("identity", "link_identity", "not meant for"),
        ("daily_overdue", "link_overdue", "daily restart"),
        ("weekly_overdue", "link_overdue", "IBKR Mobile"),
    ],
)
def test_a_connection_that_needs_a_person_is_told_once_and_called_off(
    account: BrokerAccount, code: str, alert: str, words: str
) -> None:
    with worker_says(account.connection, "disconnected", code=code):
        services.links_alert(at=NOON)
        Alert.objects.update(seen_at=NOON)
        services.links_alert(at=later(seconds=7200))
    row = Alert.objects.get()
    assert (row.code, row.severity, words in row.sentence) == (alert, "critical", True)

    with worker_says(account.connection, "ready"):
        services.links_alert(at=later(seconds=7300))
    assert codes(over=True) == [alert]


def test_a_gateway_worker_that_stays_away_is_told(account: BrokerAccount) -> None:
    with worker_says(account.connection):
        services.links_alert(at=NOON)
    account.connection.link_code, account.connection.link_since_at = "worker_gone", NOON
    account.connection.save()

    services.links_alert(at=NOON + MINUTE)
    assert codes() == []
    services.links_alert(at=NOON + 2 * MINUTE)
    assert codes() == ["gateway_gone"]
    with worker_says(account.connection, "connecting"):
        services.links_alert(at=NOON + 3 * MINUTE)
    assert codes() == []


def test_a_link_that_is_only_down_is_left_to_the_guard(account: BrokerAccount) -> None:
    with worker_says(account.connection, "disconnected", code="502"):
        services.links_alert(at=NOON + 30 * MINUTE)

    assert codes() == []


@pytest.mark.parametrize(("state", "told"), [("disconnected", 1), ("restart_window", 0)])
def test_a_restart_at_its_hour_wakes_nobody(account: BrokerAccount, state: str, told: int) -> None:
    with worker_says(account.connection):
        services.guard_evaluate(account=account, at=NOON)
    Alert.objects.all().delete()
    with worker_says(account.connection, state, at=NOON):
        services.guard_evaluate(account=account, at=NOON + 3 * MINUTE)

    assert GuardState.objects.get().state == "reduce_only"
    assert codes().count("guard_reduce_only") == told


# the guard, and people who stop it


def test_lifting_a_halt_calls_its_alert_off(account: BrokerAccount, officer: User) -> None:
    with worker_says(account.connection):
        services.guard_evaluate(account=account, at=NOON)
        tell_equity(account, "96000", at=NOON)
        services.guard_evaluate(account=account, at=NOON + MINUTE)
        assert "guard_halted" in codes()

        services.kill_lift(user=officer, account=account, reason="all clear", at=NOON + 2 * MINUTE)
        assert "guard_halted" not in codes()


def test_the_others_hear_who_stopped_it_and_that_it_goes_on(
    account: BrokerAccount, officer: User
) -> None:
    services.kill_set(user=officer, account=account, level=2, reason="storm", at=NOON)
    services.kill_set(user=officer, account=account, level=3, reason="storm", at=NOON)
    row = Alert.objects.get(key="3")
    assert row.sentence == "olivia has set kill level 3 (Cancel our working orders): storm"

    services.kill_lift(user=officer, account=account, reason="calm", level=2, at=NOON)
    assert list(Alert.objects.filter(recovered_at=None).values_list("key", flat=True)) == ["2"]
    services.kill_lift(user=officer, account=account, reason="calm", at=NOON)
    assert codes() == []


def test_the_guards_own_kill_level_is_no_second_alert(account: BrokerAccount) -> None:
    services.kill_set(
        user=None, account=account, level=Kill.CANCEL, reason="loss", at=NOON, source="guard"
    )
    assert codes() == []


# weeks and runs


def test_a_week_skipped_while_the_link_is_down_is_told(desk: Desk) -> None:
    save(desk)
    with worker_says(desk.account.connection, "disconnected", at=NOON):
        assert schedules_check(at=DUE + 6 * MINUTE) == []

    row = Alert.objects.get(code="week_skipped")
    assert (row.account, row.severity) == (desk.account, "warning")
    assert "“weekly” does not trade in 2026-W11" in row.sentence
    assert "The link says now" in row.sentence
    with override("zh-hans"):
        assert "已跳过" in alert_sentence(row)
        assert "连接目前显示" in alert_sentence(row)


def test_a_week_skipped_because_the_provider_failed_is_told(desk: Desk) -> None:
    desk.strategy.provider = "no such provider"
    desk.strategy.save()
    schedule = save(desk)

    assert schedules_check(at=DUE) == []

    assert schedule.occurrences.get().state == "skipped"
    row = Alert.objects.get(code="week_skipped")
    assert "There is no strategy provider" in row.sentence


def test_a_run_that_the_link_blocks_in_the_middle_of_planning_is_told(desk: Desk) -> None:
    save(desk)
    for con_id in NAMES:
        desk.quote(con_id, "100.00", at=DUE, last=None, bid=None, ask=None)
    (run,) = schedules_check(at=DUE)
    assert run.state == RunState.PLANNING
    with worker_says(desk.account.connection, "disconnected", at=NOON):
        assert advance(run, DUE + MINUTE).state == RunState.BLOCKED

    assert "The link to the broker is not ready" in Alert.objects.get(code="run_stopped").sentence


def test_an_error_in_one_schedule_does_not_keep_another_from_its_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(desk)

    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    with monkeypatch.context() as patched:
        patched.setattr("apps.trading.selectors.schedule_due", breaks)
        assert schedules_check(at=DUE) == []
    assert len(schedules_check(at=DUE + MINUTE)) == 1


def test_a_week_that_asks_is_told_and_its_answer_calls_it_off(desk: Desk) -> None:
    schedule = save(desk, missed="ask")
    at = DUE + 30 * MINUTE
    schedules_check(at=at)
    assert codes() == ["week_waits"]

    occurrence_answer(user=desk.approver, occurrence=schedule.occurrences.get(), start=False, at=at)
    assert codes() == []


def test_a_scheduled_plan_that_waits_for_approval_is_told_until_it_is_over(desk: Desk) -> None:
    save(desk)
    (run,) = schedules_check(at=DUE)
    assert run.state == RunState.PLANNED
    assert codes() == ["run_waits"]

    assert advance(run, run.plan.expires_at).state == RunState.EXPIRED
    assert codes() == ["run_stopped"]


def test_a_plan_that_approves_itself_is_told_to_nobody(desk: Desk) -> None:
    desk.policy(automatic=True)
    save(desk)
    (run,) = schedules_check(at=DUE)

    assert run.state == RunState.APPROVED
    assert Alert.objects.count() == 0


def test_a_run_halted_in_the_middle_is_told_and_called_off_when_it_goes_on(desk: Desk) -> None:
    desk.policy(automatic=True)
    save(desk)
    (run,) = schedules_check(at=DUE)
    advance(run, DUE, rounds=1)
    services.kill_set(user=None, account=desk.account, level=1, reason="wait", at=DUE, by="test")
    assert advance(run, DUE).state == RunState.HALTED
    row = Alert.objects.get(code="run_stopped")
    assert (row.severity, "stopped while it traded" in row.sentence) == ("critical", True)

    officer = make_officer("olivia", desk.account)
    services.kill_lift(user=officer, account=desk.account, reason="go on", at=DUE)
    run.refresh_from_db()
    run_resume(user=desk.approver, run=run, at=DUE)
    assert codes() == []


# orders


def test_an_unknown_order_that_turns_up_is_called_off() -> None:
    order = make_order(state=OrderState.SENT)
    tell(order.connection_id, opened("Submitted"))
    Order.objects.filter(pk=order.pk).update(state=OrderState.UNKNOWN)
    services.alert_raise(
        code="order_unknown",
        severity="critical",
        account=order.account,
        sentence="Nobody knows.",
        key=str(order.pk),
        at=NOON,
    )

    tell(order.connection_id, status("Filled", filled=10), seconds=70)
    order.refresh_from_db()
    assert order.state != OrderState.UNKNOWN
    assert codes() == []


# who hears that it is over


def test_who_was_never_told_is_not_told_that_it_is_over() -> None:
    with mail_server() as box:
        channel = make_channel("email", mail_config(box.port), batch_seconds=60)
        raised = services.alert_raise(
            code="x", severity="warning", account=None, sentence="Look.", at=NOON
        )
        services.alert_seen(user=make_user("vera"), pk=raised.alert.pk, at=NOON)
        services.channel_send(channel_id=channel.pk, at=NOON + 2 * MINUTE)
        services.alert_recover(code="x", account=None, at=NOON + 3 * MINUTE)
        services.channel_send(channel_id=channel.pk, at=NOON + 6 * MINUTE)

    assert box.mails == []
    row = Delivery.objects.get()
    assert (row.state, row.error) == ("given_up", "Acknowledged before it was sent.")
    with override("zh-hant"):
        assert spoken(row.why) == "傳送之前已被確認。"


def test_a_failure_is_told_in_the_readers_language_and_holds_no_secret() -> None:
    keys = {"username": "me", "password": "mail-secret"}
    with mail_server() as box:
        channel = make_channel("email", mail_config(box.port, **keys))
        services.alert_raise(code="x", severity="critical", account=None, sentence="Look.", at=NOON)
        services.channel_send(channel_id=channel.pk, at=NOON)

    channel.refresh_from_db()
    assert (channel.enabled, "does not offer" in channel.disabled_reason) == (False, True)
    disabled = Alert.objects.get(code="channel_disabled")
    with override("zh-hans"):
        assert "邮件服务器不支持" in spoken(channel.disabled_why)
        assert "已关闭：邮件服务器不支持" in alert_sentence(disabled)
    assert "mail-secret" not in disabled.sentence + str(disabled.data)

    wish = ChannelWish(name="email", kind="email", config=mail_config(box.port, **keys))
    services.channel_save(user=make_keeper(), wish=wish, channel=channel, at=NOON)
    assert "channel_disabled" not in codes()


# the list in the documents


def test_the_documents_list_every_code_there_is() -> None:
    text = Path("docs/alerts.md").read_text(encoding="utf-8")
    table = text.split("| code | severity |")[1].split("\n\n")[0]
    listed = {code for row in table.splitlines()[2:] for code in CODE.findall(row.split("|")[1])}

    guard = {f"guard_{state.value}" for state in Guard if state is not Guard.OK}
    orders = {*alarms.SENTENCES, alarms.UNKNOWN, FOREIGN}
    runs = {run_alarms.SKIPPED, run_alarms.ASKED, run_alarms.STOPPED, run_alarms.WAITS}
    links = {*link_alerts.ALERTS.values(), disconnects.CANCELLED, disconnects.OVERDUE}
    assert listed == guard | orders | runs | links | {
        kill.ALERT,
        carrying.DISABLED,
        flattening.STUCK_ALERT,
        LockKind.MISMATCH.value,
    }

"""Kill levels: who may set and lift them, what they command, and that they stay."""

from datetime import timedelta

import orjson
import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.accounts.models import AuditEvent, BrokerAccount
from apps.lib import clock
from apps.lib import redis as store
from apps.lib.errors import Invalid, NotAllowed
from apps.risk import selectors, services
from apps.risk.models import Flatten, GatewayCommand, KillEvent
from apps.risk.services import commands
from tests.factories import make_account, make_connection, make_user
from tests.risk_data import allow, make_held, make_officer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]
REASON = "prices look wrong"


@pytest.fixture
def account() -> BrokerAccount:
    return make_held()


@pytest.fixture
def officer(account: BrokerAccount) -> User:
    return make_officer("olivia", account)


def kill(user: User | None, account: BrokerAccount | None, level: int) -> None:
    services.kill_set(user=user, account=account, level=level, reason=REASON, at=clock.now())


def lift(user: User, account: BrokerAccount | None, reason: str = "looked at it") -> None:
    services.kill_lift(user=user, account=account, reason=reason, at=clock.now())


def sent(slug: str = "paper") -> list[dict[str, object]]:
    """What a gateway would read next, in order."""
    raws = store.client().lrange(store.COMMANDS.format(slug=slug), 0, -1)
    return [orjson.loads(raw) for raw in reversed(raws)]


def test_the_higher_of_the_global_level_and_the_accounts_own_holds(
    account: BrokerAccount, officer: User
) -> None:
    other = make_account(account.connection, "DU7654321")

    kill(officer, account, 2)
    kill(officer, None, 1)

    assert selectors.kill_level(account.pk) == 2
    assert selectors.kill_level(other.pk) == 1
    assert selectors.kill_level(None) == 1


def test_every_change_is_kept_with_who_why_and_audit(account: BrokerAccount, officer: User) -> None:
    kill(officer, account, 2)
    lift(officer, account)

    events = KillEvent.objects.order_by("id").values_list("before", "after", "reason", "by")
    assert list(events) == [(0, 2, REASON, "olivia"), (2, 0, "looked at it", "olivia")]
    actions = AuditEvent.objects.order_by("sequence").values_list("action", "actor")
    assert list(actions) == [("kill.set", "olivia"), ("kill.lifted", "olivia")]


def test_a_level_is_never_lowered_by_setting_it(account: BrokerAccount, officer: User) -> None:
    kill(officer, account, 3)

    with pytest.raises(Invalid):
        kill(officer, account, 2)

    assert selectors.kill_level(account.pk) == 3


@pytest.mark.parametrize("reason", ["", "  ", "x"])
def test_nothing_is_set_or_lifted_without_a_written_reason(
    account: BrokerAccount, officer: User, reason: str
) -> None:
    kill(officer, account, 1)

    with pytest.raises(Invalid):
        lift(officer, account, reason)
    with pytest.raises(Invalid):
        services.kill_set(user=officer, account=account, level=2, reason=reason, at=clock.now())

    assert selectors.kill_level(account.pk) == 1


def test_a_trader_stops_their_own_account_and_lifts_nothing(account: BrokerAccount) -> None:
    trader = allow(make_user("tom", account), "trade")

    kill(trader, account, 2)

    with pytest.raises(NotAllowed):
        lift(trader, account)
    with pytest.raises(NotAllowed):
        kill(trader, None, 1)


def test_without_a_grant_nobody_touches_an_account(account: BrokerAccount) -> None:
    stranger = make_officer("sam")
    viewer = make_user("vera", account)

    for user in (stranger, viewer):
        with pytest.raises(NotAllowed):
            kill(user, account, 1)
        with pytest.raises(NotAllowed):
            lift(user, account)


def test_level_three_cancels_by_the_direct_list_before_and_after_the_commit(
    account: BrokerAccount,
    officer: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=False) as callbacks:
        kill(officer, account, 3)
        before = sent()
    for callback in callbacks:
        callback()

    assert [(c["command"], c["account"]) for c in before] == [("cancel_all", account.code)]
    assert [c["command"] for c in sent()] == ["cancel_all", "cancel_all"]
    row = GatewayCommand.objects.get()
    assert (row.sendings, row.confirmed_at) == (1, None)


def test_a_superusers_cancels_go_before_the_database_is_asked_anything(
    account: BrokerAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss = make_user("boss", is_superuser=True)
    account = BrokerAccount.objects.select_related("connection").get(pk=account.pk)
    pushed_after: list[int] = []
    with CaptureQueriesContext(connection) as asked:
        monkeypatch.setattr(commands, "push", lambda *_, **__: pushed_after.append(len(asked)))
        kill(boss, account, 3)
    assert pushed_after == [0]


def test_level_five_cancels_first_and_then_drops_every_connection(
    account: BrokerAccount,
    officer: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    make_connection("live", mode="live", port=4001)

    with django_capture_on_commit_callbacks(execute=True):
        kill(officer, None, 5)

    for slug in ("paper", "live"):
        assert [c["command"] for c in sent(slug)] == ["cancel_all", "cancel_all", "drop"]
        assert all(c["account"] is None for c in sent(slug))
    assert not Flatten.objects.exists()


def test_a_command_is_sent_again_to_a_living_gateway_until_it_answers(
    account: BrokerAccount,
    officer: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        kill(officer, account, 3)
    store.client().delete(store.COMMANDS.format(slug="paper"))
    store.client().delete(store.LEASE.format(name="connection:paper"))
    later = clock.now() + timedelta(seconds=20)

    services.commands_sweep(at=later)
    assert sent() == []  # nobody there to read it

    store.client().set(store.LEASE.format(name="connection:paper"), "held")
    services.commands_sweep(at=later)
    again = sent()
    answer(again[0], {"error": "not connected"})
    services.commands_sweep(at=later)
    assert GatewayCommand.objects.get().confirmed_at is None

    answer(again[0], {"done": 0})
    services.commands_sweep(at=later)
    services.commands_sweep(at=later + timedelta(minutes=1))

    assert [c["command"] for c in again] == ["cancel_all"]
    assert GatewayCommand.objects.get().answer == {"done": 0}
    assert len(sent()) == 1


def answer(command: dict[str, object], told: dict[str, object]) -> None:
    store.client().lpush(store.REPLY.format(id=command["id"]), orjson.dumps(told))


def test_lifting_withdraws_commands_that_nobody_carried_out(
    account: BrokerAccount, officer: User
) -> None:
    kill(officer, account, 4)

    lift(officer, account)

    assert GatewayCommand.objects.get().withdrawn_at is not None
    flatten = Flatten.objects.get()
    assert (flatten.state, flatten.closed_at is not None) == ("abandoned", True)


def test_lifting_an_account_leaves_the_global_level_and_its_flattening_alone(
    account: BrokerAccount, officer: User
) -> None:
    kill(officer, None, 4)
    kill(officer, account, 4)

    lift(officer, account)

    assert selectors.kill_level(account.pk) == 4
    assert Flatten.objects.get().closed_at is None


def test_there_must_be_something_to_lift(account: BrokerAccount, officer: User) -> None:
    with pytest.raises(Invalid):
        lift(officer, account)


def test_one_global_row_whatever_happens(officer: User) -> None:
    kill(officer, None, 1)
    kill(officer, None, 2)

    with transaction.atomic():
        lift(officer, None)

    assert selectors.kill_level(None) == 0
    assert KillEvent.objects.count() == 3

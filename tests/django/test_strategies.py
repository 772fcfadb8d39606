"""Strategies, their policies as versions, and weights that a provider makes."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import override_settings

from apps.accounts.models import AuditEvent, BrokerAccount
from apps.lib.errors import Invalid, NotAllowed
from apps.marketdata.ingest import on_bars
from apps.marketdata.models import BarDownload, BarRange
from apps.trading import services
from apps.trading.models import Policy, Strategy
from apps.trading.services import ProviderFailed
from tests.factories import NOON, make_account, make_connection, make_user, tell_values
from tests.marketdata_data import bar, instrument

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]

TODAY = NOON.date()
MIDNIGHT = NOON.replace(hour=0)


@pytest.fixture
def account() -> BrokerAccount:
    made = make_account(make_connection())
    tell_values(made, [("NetLiquidation", "100000.00", "USD")])
    return made


@pytest.fixture
def alice(account: BrokerAccount) -> User:
    user = make_user("alice", account)
    user.user_permissions.add(Permission.objects.get(codename="change_strategy"))
    return user


def create(user: User | None, account: BrokerAccount, **fields: Any) -> Strategy:
    given: dict[str, Any] = {"name": "weekly", "at": NOON} | fields
    return services.strategy_create(user=user, account=account, **given)


def closes(con_id: int, *prices: str) -> None:
    """The last one is of yesterday; all were fetched after their sessions."""
    since = MIDNIGHT - timedelta(days=len(prices))
    bars = [bar(since + timedelta(days=n), price) for n, price in enumerate(prices)]
    on_bars(con_id=con_id, size="1 day", what="TRADES", bars=bars)
    BarRange.objects.create(
        instrument_id=con_id, size="1 day", what="TRADES", start_at=since, end_at=NOON
    )


def test_a_new_strategy_has_the_usual_policy(alice: User, account: BrokerAccount) -> None:
    strategy = create(alice, account)
    policy = Policy.objects.get(strategy=strategy)
    assert (policy.version, policy.cash_buffer, policy.made_by) == (1, Decimal("0.02"), alice)
    actions = AuditEvent.objects.values_list("action", flat=True)
    assert {"strategy.create", "policy.change"} <= set(actions)


def test_each_change_of_a_policy_is_a_version_that_keeps_the_rest(
    alice: User, account: BrokerAccount
) -> None:
    strategy = create(alice, account, policy={"minimum_trade": "500"})
    changes = {"cash_buffer": "0.05", "overrides": {265598: "keep"}}
    made = services.policy_change(user=alice, strategy=strategy, changes=changes, at=NOON)
    made.refresh_from_db()
    assert (made.version, made.cash_buffer) == (2, Decimal("0.05"))
    assert made.minimum_trade == 500
    assert made.overrides == {"265598": "keep"}
    again = services.policy_change(user=alice, strategy=strategy, changes=changes, at=NOON)
    assert again == made
    assert Policy.objects.filter(strategy=strategy).count() == 2


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"cash_buffer": "1"}, "cash_buffer", "from 0 to 0.99"),
        ({"cash_buffer": "nan"}, "cash_buffer", ""),
        ({"cash_buffer": "a lot"}, "cash_buffer", "decimal number"),
        ({"drift_absolute": "-0.1"}, "drift_absolute", "from 0"),
        ({"plan_minutes": 0}, "plan_minutes", "from 1 to 1440"),
        ({"not_targeted": "burn"}, "not_targeted", "not a valid choice"),
        ({"style": "magic"}, "style", "not a valid choice"),
        ({"overrides": {"AAPL": "keep"}}, "overrides", "AAPL: keep"),
        ({"overrides": {"1": "hold"}}, "overrides", "no_trade"),
        ({"overrides": ["1"]}, "overrides", "a word for each"),
        ({"allow_short": None}, "allow_short", ""),
        ({"buffer": 1}, "buffer", "no such field"),
    ],
)
def test_a_policy_that_makes_no_sense_says_which_field(
    alice: User, account: BrokerAccount, changes: dict[str, Any], field: str, told: str
) -> None:
    strategy = create(alice, account)
    with pytest.raises(Invalid) as caught:
        services.policy_change(user=alice, strategy=strategy, changes=changes, at=NOON)
    assert list(caught.value.fields) == [field]
    assert told in caught.value.fields[field][0]
    assert Policy.objects.count() == 1


def test_only_paper_approves_its_plans_by_itself(alice: User) -> None:
    live = make_account(make_connection("live", mode="live"), "U7654321")
    with pytest.raises(Invalid, match="policy") as caught:
        create(None, live, policy={"automatic": True})
    assert list(caught.value.fields) == ["automatic"]
    assert Strategy.objects.count() == 0


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "two words"}, "name"),
        ({"provider": "magic"}, "provider"),
        ({"provider": "equal_weight"}, "params.con_ids"),
        ({"provider": "equal_weight", "params": {"con_ids": [1], "x": 1}}, "params.x"),
        ({"params": {"x": 1}}, "params"),
    ],
)
def test_a_strategy_that_makes_no_sense_says_which_field(
    alice: User, account: BrokerAccount, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        create(alice, account, **fields)
    assert list(caught.value.fields) == [field]
    assert Strategy.objects.count() == 0


def test_a_name_is_used_once_an_account(alice: User, account: BrokerAccount) -> None:
    create(alice, account)
    with pytest.raises(Invalid):
        create(alice, account)


def test_only_who_may_change_strategies_does(account: BrokerAccount) -> None:
    bob = make_user("bob", account)
    with pytest.raises(NotAllowed):
        create(bob, account)
    strategy = create(None, account)
    with pytest.raises(NotAllowed):
        services.policy_change(user=bob, strategy=strategy, changes={}, at=NOON)
    with pytest.raises(NotAllowed):
        services.strategy_update(user=bob, strategy=strategy, enabled=False, at=NOON)


def test_a_strategy_is_switched_off_and_changes_its_provider(
    alice: User, account: BrokerAccount
) -> None:
    strategy = create(alice, account)
    params = {"con_ids": [1]}
    services.strategy_update(
        user=alice,
        strategy=strategy,
        enabled=False,
        provider="equal_weight",
        params=params,
        at=NOON,
    )
    strategy.refresh_from_db()
    assert (strategy.enabled, strategy.provider, strategy.params) == (False, "equal_weight", params)


def test_a_provider_reads_finished_sessions_only(account: BrokerAccount) -> None:
    for con_id, symbol in ((1, "AAPL"), (2, "MSFT")):
        instrument(con_id, symbol, sec_type="STK")
    closes(1, "100", "110")
    closes(2, "100", "90")
    today = [bar(MIDNIGHT, "999")]
    on_bars(con_id=2, size="1 day", what="TRADES", bars=today)
    params = {"con_ids": [1, 2], "top": 1, "days": 1, "skip": 0}
    strategy = create(None, account, provider="momentum_rank", params=params)
    made = services.snapshot_from_provider(strategy=strategy, dated_on=TODAY, at=NOON)
    assert {row.instrument_id: row.weight for row in made.weights.all()} == {1: 1, 2: 0}
    assert (made.origin, made.note, made.made_by) == ("provider", "momentum_rank", None)


def test_too_little_history_is_an_error_and_is_fetched(account: BrokerAccount) -> None:
    instrument(1, "AAPL")
    closes(1, "100", "110")
    params = {"con_ids": [1], "days": 60}
    strategy = create(None, account, provider="inverse_volatility", params=params)
    with pytest.raises(ProviderFailed, match="AAPL has 2 daily closes, 61 are needed") as caught:
        services.snapshot_from_provider(strategy=strategy, dated_on=TODAY, at=NOON)
    assert caught.value.code == "history_missing"
    assert BarDownload.objects.get().instrument_id == 1


def test_a_history_that_ended_long_ago_is_no_history(account: BrokerAccount) -> None:
    instrument(1, "AAPL")
    old = [bar(MIDNIGHT - timedelta(days=20 + n), str(100 + n)) for n in range(3)]
    on_bars(con_id=1, size="1 day", what="TRADES", bars=old)
    params = {"con_ids": [1], "days": 2}
    strategy = create(None, account, provider="inverse_volatility", params=params)
    with pytest.raises(ProviderFailed, match="0 daily closes"):
        services.snapshot_from_provider(strategy=strategy, dated_on=TODAY, at=NOON)


def test_a_provider_of_unknown_instruments_says_which(account: BrokerAccount) -> None:
    strategy = create(None, account, provider="equal_weight", params={"con_ids": [77]})
    with pytest.raises(ProviderFailed, match="77") as caught:
        services.snapshot_from_provider(strategy=strategy, dated_on=TODAY, at=NOON)
    assert caught.value.code == "unknown_instrument"


def test_a_provider_that_cannot_be_loaded_says_so(account: BrokerAccount) -> None:
    providers = {"mine": "no.such.module.Class"}
    with override_settings(STRATEGY_PROVIDERS=providers), pytest.raises(ProviderFailed) as caught:
        create(None, account, provider="mine")
    assert caught.value.code == "unknown_provider"


class Careless:
    """A provider of somebody's own with a mistake in it."""

    def __init__(self, params: dict[str, Any]) -> None:
        self.answer = params["answer"]

    def con_ids(self) -> list[int]:
        return [1]

    def closes_needed(self) -> int:
        return 0

    def weights(self, given: object) -> Any:
        del given
        return {"float": {1: 0.5}, "other": {2: Decimal(1)}, "none": None}[self.answer]


@pytest.mark.parametrize(
    ("answer", "code", "told"),
    [
        ("float", "provider_failed", "must be Decimals"),
        ("other", "unknown_instrument", "conIds: 2"),
        ("none", "provider_failed", "TypeError"),
        ("else", "provider_failed", "KeyError"),
    ],
)
def test_a_careless_provider_is_told_and_breaks_nothing(
    account: BrokerAccount, answer: str, code: str, told: str
) -> None:
    instrument(1, "AAPL")
    with override_settings(STRATEGY_PROVIDERS={"mine": f"{__name__}.Careless"}):
        strategy = create(None, account, provider="mine", params={"answer": answer})
        with pytest.raises(ProviderFailed, match=told) as caught:
            services.snapshot_from_provider(strategy=strategy, dated_on=TODAY, at=NOON)
        assert caught.value.code == code
        with pytest.raises(ProviderFailed, match="KeyError"):
            create(None, account, name="other", provider="mine")


def test_weights_of_a_provider_are_checked_like_all_others(account: BrokerAccount) -> None:
    instrument(1, "AAPL")
    params = {"weights": {"1": "1.03"}}
    strategy = create(None, account, provider="fixed", params=params)
    with pytest.raises(Invalid, match="103 %"):
        services.snapshot_from_provider(strategy=strategy, dated_on=TODAY, at=NOON)

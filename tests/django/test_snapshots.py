"""Target weights as they come in: whole, or not at all and with a reason for each line."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User

from apps.accounts.models import AuditEvent, BrokerAccount
from apps.lib.errors import Invalid, NotAllowed
from apps.marketdata.models import StreamTarget
from apps.trading import services
from apps.trading.models import DecisionSnapshot, Strategy
from apps.trading.services import WeightsRefused, resolving
from tests.factories import NOON, make_account, make_connection, make_user, tell_values
from tests.marketdata_data import instrument

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]

TODAY = NOON.date()


@pytest.fixture
def account() -> BrokerAccount:
    made = make_account(make_connection())
    tell_values(made, [("NetLiquidation", "100000.00", "USD")])
    return made


@pytest.fixture
def alice(account: BrokerAccount) -> User:
    user = make_user("alice", account)
    for name in ("upload_snapshot", "change_strategy"):
        user.user_permissions.add(Permission.objects.get(codename=name))
    return user


@pytest.fixture
def weekly(account: BrokerAccount) -> Strategy:
    for con_id, symbol in ((1, "AAPL"), (2, "MSFT"), (3, "SPY")):
        instrument(con_id, symbol, stock_type="ETF" if symbol == "SPY" else "COMMON")
    instrument(4, "700", currency="HKD", exchange="SEHK")
    return services.strategy_create(user=None, account=account, name="weekly", at=NOON)


def upload(user: User, strategy: Strategy, *lines: str, **fields: Any) -> DecisionSnapshot:
    given = {"dated_on": TODAY, "at": NOON} | fields
    content = "\n".join(("symbol,weight,conid,sec_type,currency", *lines))
    return services.snapshot_from_csv(user=user, strategy=strategy, content=content, **given)


def refused(user: User, strategy: Strategy, *lines: str) -> WeightsRefused:
    with pytest.raises(WeightsRefused) as caught:
        upload(user, strategy, *lines)
    assert DecisionSnapshot.objects.count() == 0
    return caught.value


def test_a_file_becomes_weights_that_stream(alice: User, weekly: Strategy) -> None:
    made = upload(alice, weekly, "AAPL,0.25", "SPY,30%,,ETF,USD", "700,0.2,,,HKD", note="first")
    weights = {row.instrument.symbol: row.weight for row in made.weights.all()}
    assert weights == {"AAPL": Decimal("0.25"), "SPY": Decimal("0.3"), "700": Decimal("0.2")}
    assert (made.origin, made.made_by, made.dated_on) == ("csv", alice, TODAY)
    assert set(StreamTarget.objects.values_list("instrument", flat=True)) == {1, 3, 4}
    assert AuditEvent.objects.filter(action="snapshot.create").count() == 1


def test_the_digest_is_of_the_weights_in_any_order(alice: User, weekly: Strategy) -> None:
    one = upload(alice, weekly, "AAPL,0.25", "MSFT,0.5")
    other = upload(alice, weekly, "MSFT,0.4", "AAPL,0.25")
    same = upload(alice, weekly, "MSFT,50%", "AAPL,0.250")
    assert one.digest == same.digest != other.digest


def test_the_same_weights_for_the_same_day_again_are_not_stored_twice(
    alice: User, weekly: Strategy
) -> None:
    first = upload(alice, weekly, "AAPL,0.25")
    assert upload(alice, weekly, "AAPL,25%") == first
    assert upload(alice, weekly, "AAPL,25%", dated_on=TODAY + timedelta(days=1)) != first
    assert DecisionSnapshot.objects.count() == 2


def test_a_hundred_and_three_percent_are_refused_with_the_number(
    alice: User, weekly: Strategy
) -> None:
    error = refused(alice, weekly, "AAPL,0.7", "MSFT,0.33")
    assert error.code == "weights_over_one"
    assert error.fields == {"weights": ["The weights sum to 103 %, which is more than 100 %."]}


def test_every_wrong_line_is_told_with_its_number(alice: User, weekly: Strategy) -> None:
    error = refused(
        alice, weekly, "AAPL,nan", "MSFT,many", "NONE,0.1", "SPY,0.1", "SPY,0.2", "MSFT,0.1,1"
    )
    assert error.code == "weight_not_finite"
    assert {key: texts[0] for key, texts in error.fields.items()} == {
        "line 2": "A weight must be finite; “nan” is not.",
        "line 3": "“many” is not a number. Write 0.25 or 25%.",
        "line 4": "NONE is not known here, and the broker could not be asked: "
        "The gateway worker of this connection is not running.",
        "line 6": "SPY stands in line 5 already.",
        "line 7": "The conId 1 is AAPL, not MSFT.",
    }


def test_shorts_are_refused_until_the_policy_allows_them(alice: User, weekly: Strategy) -> None:
    error = refused(alice, weekly, "AAPL,0.5", "MSFT,-0.1")
    assert error.code == "short_not_allowed"
    assert list(error.fields) == ["line 3"]
    services.policy_change(user=alice, strategy=weekly, changes={"allow_short": True}, at=NOON)
    assert upload(alice, weekly, "AAPL,1.1", "MSFT,-0.1").weights.count() == 2


def test_an_ambiguous_symbol_names_the_candidates(alice: User, weekly: Strategy) -> None:
    instrument(11, "BMW", currency="EUR", exchange="IBIS")
    instrument(12, "BMW", currency="CHF", exchange="EBS")
    error = refused(alice, weekly, "BMW,0.1")
    assert error.code == "ambiguous"
    assert error.fields["line 2"] == [
        "BMW may be any of these: BMW IBIS EUR (11); BMW EBS CHF (12). Add a conId."
    ]
    assert upload(alice, weekly, "BMW,0.1,,,CHF").weights.get().instrument_id == 12
    assert upload(alice, weekly, "BMW,0.1,11").weights.get().instrument_id == 11


def test_without_a_currency_the_accounts_own_is_meant(alice: User, weekly: Strategy) -> None:
    instrument(13, "AAPL", currency="MXN")
    assert upload(alice, weekly, "AAPL,0.1").weights.get().instrument_id == 1


def test_a_symbol_means_the_stock_and_not_its_options(alice: User, weekly: Strategy) -> None:
    instrument(14, "AAPL", sec_type="OPT", multiplier=Decimal(100))
    assert upload(alice, weekly, "AAPL,0.1").weights.get().instrument_id == 1


def test_a_point_in_a_symbol_is_the_space_that_ib_writes(alice: User, weekly: Strategy) -> None:
    instrument(15, "BRK B")
    made = upload(alice, weekly, "BRK.B,0.1")
    assert made.weights.get().instrument_id == 15
    assert upload(alice, weekly, "brk.b,0.1,15") == made


def test_looking_up_ends_before_who_waits_has_gone(
    alice: User, weekly: Strategy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolving, "LOOK_UP_FOR", -1.0)
    error = refused(alice, weekly, "AAPL,0.1", "NONE,0.1")
    assert list(error.fields) == ["line 3"]
    assert "takes too long" in error.fields["line 3"][0]


def test_weights_of_tomorrow_are_not_traded_today(alice: User, weekly: Strategy) -> None:
    with pytest.raises(Invalid) as caught:
        upload(alice, weekly, "AAPL,0.1", dated_on=TODAY + timedelta(days=2))
    assert list(caught.value.fields) == ["dated_on"]


def test_programs_send_weights_with_or_without_con_ids(alice: User, weekly: Strategy) -> None:
    rows = [{"con_id": 1, "weight": "0.5"}, {"symbol": "msft", "weight": 0}]
    made = services.snapshot_from_rows(
        user=alice, strategy=weekly, rows=rows, dated_on=TODAY, at=NOON
    )
    assert {row.instrument_id: row.weight for row in made.weights.all()} == {
        1: Decimal("0.5"),
        2: 0,
    }
    assert made.origin == "api"


def test_weights_of_known_instruments_are_checked_the_same_way(
    alice: User, weekly: Strategy
) -> None:
    apple = instrument(1, "AAPL")
    for weight, code in (
        ("1.03", "weights_over_one"),
        ("nan", "weight_not_finite"),
        ("-0.1", "short_not_allowed"),
        ("0.00000000001", "not_a_number"),
        ("1e30", "not_a_number"),
    ):
        with pytest.raises(WeightsRefused) as caught:
            services.snapshot_create(
                user=alice,
                strategy=weekly,
                weights={apple: Decimal(weight)},
                dated_on=TODAY,
                origin="admin",
                at=NOON,
            )
        assert caught.value.code == code
    with pytest.raises(WeightsRefused, match="no weight"):
        services.snapshot_create(
            user=alice, strategy=weekly, weights={}, dated_on=TODAY, origin="admin", at=NOON
        )


def test_only_who_may_upload_and_has_a_grant_does(account: BrokerAccount, weekly: Strategy) -> None:
    bob = make_user("bob", account)
    with pytest.raises(NotAllowed, match="may not upload"):
        upload(bob, weekly, "AAPL,0.1")
    charlie = make_user("charlie")
    charlie.user_permissions.add(Permission.objects.get(codename="upload_snapshot"))
    with pytest.raises(NotAllowed, match="not been given access"):
        upload(charlie, weekly, "AAPL,0.1")

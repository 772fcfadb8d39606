"""What the broker reports becomes rows: once, completely, and only what changed."""

from datetime import timedelta
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from apps.accounts import ingest, selectors
from apps.accounts.ingest.accounts import AccountTaken
from apps.accounts.models import BrokerAccount, Connection, LinkEvent, Position
from ibkr.types import (
    AccountPnL,
    AccountValue,
    LinkChanged,
    LinkState,
    PortfolioItem,
    PositionPnL,
    PositionsSnapshot,
)
from ibkr.types import Position as Held
from tests.factories import (
    NOON,
    USUAL_VALUES,
    hold,
    later,
    make_account,
    make_connection,
    option,
    publications,
    stock,
    tell_values,
)

pytestmark = pytest.mark.django_db
READY = LinkChanged(LinkState.READY, NOON, "", "Everything flows.")


@pytest.fixture
def connection() -> Connection:
    return make_connection()


@pytest.fixture
def account(connection: Connection) -> BrokerAccount:
    return make_account(connection)


def _value(account: BrokerAccount, **fields: object) -> None:
    told: dict[str, object] = {
        "contract": stock(),
        "quantity": Decimal(100),
        "average_cost": Decimal(200),
        "market_price": Decimal(210),
        "market_value": Decimal(21000),
        "unrealized_pnl": Decimal(1000),
        "realized_pnl": Decimal(0),
    } | fields
    item = PortfolioItem(account=account.code, **told)  # type: ignore[arg-type]  # test fields
    ingest.on_figures(connection_id=account.connection_id, events=[item], at=later(seconds=5))


def _pnl(account: BrokerAccount, quantity: str, **told: str) -> None:
    names = ("daily", "unrealized", "realized", "value")
    figures = {name: Decimal(told[name]) if name in told else None for name in names}
    pnl = PositionPnL(account.code, stock().con_id, Decimal(quantity), **figures)
    ingest.on_figures(connection_id=account.connection_id, events=[pnl], at=later(seconds=9))


def _row(account: BrokerAccount) -> dict[str, object]:
    state = selectors.account_state(account, unmask=False)
    row: dict[str, object] = state["positions"][str(stock().con_id)]
    return row


def test_accounts_are_stored_once_and_seen_again(connection: Connection) -> None:
    for at in (NOON, later(hours=1)):
        ingest.on_accounts(connection_id=connection.pk, codes=["DU1", "DU2", "DU1", ""], at=at)
    seen = BrokerAccount.objects.order_by("code").values_list("code", "first_seen_at")
    assert list(seen) == [("DU1", NOON), ("DU2", NOON)]
    assert {a.last_seen_at for a in BrokerAccount.objects.all()} == {later(hours=1)}


def test_an_account_never_moves_to_another_connection(account: BrokerAccount) -> None:
    other = make_connection("other")
    with pytest.raises(AccountTaken, match=r"DU\*\*\*\*67 already belongs to .*Paper"):
        ingest.on_accounts(connection_id=other.pk, codes=["DU9999999", account.code], at=NOON)
    assert not BrokerAccount.objects.filter(code="DU9999999").exists()


def test_events_for_an_account_of_another_connection_change_nothing(
    account: BrokerAccount, caplog: pytest.LogCaptureFixture
) -> None:
    other = make_connection("other")
    snapshot = PositionsSnapshot((account.code,), (), NOON)
    hold(account, (stock(), "100", "200"))
    ingest.on_positions_snapshot(connection_id=other.pk, snapshot=snapshot)
    assert account.positions.count() == 1
    assert "DU****67 ignored" in caplog.text


def test_events_create_an_account_that_was_not_announced(connection: Connection) -> None:
    pnl = AccountPnL("DU7654321", Decimal(1), None, None)
    ingest.on_figures(connection_id=connection.pk, events=[pnl], at=NOON)
    assert BrokerAccount.objects.get().daily_pnl == 1


def test_values_keep_numbers_words_and_the_base_currency(account: BrokerAccount) -> None:
    tell_values(account, USUAL_VALUES)
    assert account.base_currency == "USD"
    assert account.values.get(tag="AccountType").text == "INDIVIDUAL"
    assert account.values.get(tag="AccountType").amount is None
    assert account.values.get(tag="CashBalance", currency="HKD").amount == 78000
    assert not account.values.filter(tag="AccountCode").exists()


def test_an_unset_number_is_missing_and_the_latest_of_a_batch_wins(account: BrokerAccount) -> None:
    tell_values(account, [("Leverage-S", "2", ""), ("Leverage-S", "1.7976931348623157E308", "")])
    assert account.values.get().amount is None


def test_cash_is_shown_by_currency_with_its_worth_in_base(account: BrokerAccount) -> None:
    tell_values(account, USUAL_VALUES)
    state = selectors.account_state(account, unmask=False)
    assert state["cash"] == {
        "USD": {"cash": "30000", "rate": "1", "base": "30000"},
        "HKD": {"cash": "78000", "rate": "0.128", "base": "9984"},
    }
    assert state["card"]["net_liquidation"] == "100000"
    assert state["card"]["cushion"] == "0.55"
    assert state["card"]["code"] == state["card"]["name"] == "DU****67"


def test_only_values_that_changed_are_written(account: BrokerAccount) -> None:
    tell_values(account, USUAL_VALUES)
    changed = [*USUAL_VALUES, ("Cushion", "0.60", "")]
    tell_values(account, changed, at=later(minutes=3))
    assert [v.tag for v in account.values.filter(at__gt=NOON)] == ["Cushion"]
    assert account.values_at == later(minutes=3)


def test_what_a_snapshot_leaves_out_is_sold(account: BrokerAccount) -> None:
    hold(account, (stock(1), "100", "10"), (stock(2), "5", "10"), (stock(3), "1", "1"))
    hold(account, (stock(2), "6", "11"), (stock(3), "0", "0"), at=later(minutes=1))
    assert list(account.positions.values_list("con_id", "quantity")) == [(2, Decimal(6))]
    assert account.positions_at == later(minutes=1)


def test_a_snapshot_says_nothing_about_accounts_it_does_not_name(
    connection: Connection, account: BrokerAccount
) -> None:
    second = make_account(connection, "DU7654321")
    hold(account, (stock(), "100", "200"))
    hold(second)
    assert account.positions.count() == 1


def test_a_position_changes_and_goes(account: BrokerAccount) -> None:
    hold(account, (stock(), "100", "200"))
    for quantity, left in (("150", 1), ("0", 0)):
        position = Held(account.code, stock(), Decimal(quantity), Decimal(201))
        ingest.on_figures(
            connection_id=account.connection_id, events=[position], at=later(seconds=1)
        )
        assert account.positions.count() == left


def test_a_sparse_message_does_not_wipe_what_is_known(account: BrokerAccount) -> None:
    hold(account, (stock(), "100", "200"))
    sparse = Held(account.code, stock(symbol="AAPL", currency=""), Decimal(90), Decimal(200))
    ingest.on_figures(connection_id=account.connection_id, events=[sparse], at=NOON)
    assert account.positions.get().currency == "USD"


def test_a_future_option_without_multiplier_is_not_taken_for_a_share(
    account: BrokerAccount,
) -> None:
    hold(account, (option(multiplier=None), "2", "300"), (stock(), "1", "1"))
    told = dict(account.positions.values_list("sec_type", "multiplier"))
    assert told == {"OPT": None, "STK": 1}


def test_figures_for_another_quantity_are_not_shown(account: BrokerAccount) -> None:
    tell_values(account, USUAL_VALUES)
    hold(account, (stock(), "100", "200"))
    _value(account)
    _pnl(account, "100", value="21050", unrealized="1050", daily="50")
    assert (_row(account)["value_base"], _row(account)["unrealized_pnl"]) == ("21050", "1050")

    hold(account, (stock(), "-40", "200"), at=later(seconds=10))
    row = _row(account)
    assert (row["market_value"], row["value_base"]) == ("-8400", "-8400")
    assert "unrealized_pnl" not in row

    _pnl(account, "-40", value="-8390", unrealized="10")
    assert (_row(account)["value_base"], _row(account)["unrealized_pnl"]) == ("-8390", "10")


def test_pnl_that_comes_before_its_position_is_kept_for_it(account: BrokerAccount) -> None:
    hold(account, (stock(), "100", "200"))
    _pnl(account, "150", value="31500", unrealized="1500")
    hold(account, (stock(), "150", "200"))
    assert _row(account)["unrealized_pnl"] == "1500"


def test_the_portfolio_fills_rows_only_before_the_first_snapshot(account: BrokerAccount) -> None:
    _value(account)
    assert account.positions.get().market_price == 210
    hold(account)
    account.refresh_from_db()
    _value(account)
    assert account.positions.count() == 0


def test_a_withdrawn_figure_is_missing_not_old(account: BrokerAccount) -> None:
    for daily in (Decimal("54385.58271885987"), None):
        pnl = AccountPnL(account.code, daily, Decimal(1), Decimal(0))
        ingest.on_figures(connection_id=account.connection_id, events=[pnl], at=NOON)
    account.refresh_from_db()
    assert (account.daily_pnl, account.unrealized_pnl) == (None, Decimal(1))


def test_each_link_state_is_noted_once(
    connection: Connection, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with publications() as events, django_capture_on_commit_callbacks(execute=True):
        ingest.on_link(connection_id=connection.pk, change=READY)
        ingest.on_link(connection_id=connection.pk, change=READY)
    connection.refresh_from_db()
    assert connection.link_state == "ready"
    assert LinkEvent.objects.count() == 1
    assert events == [
        (
            "connections",
            {
                "paper": {
                    "label": "Paper",
                    "mode": "paper",
                    "state": "ready",
                    "since_at": NOON.isoformat(),
                    "code": "",
                    "sentence": "Everything flows.",
                    "worker": True,
                    "sentences": {
                        "en": "Everything flows.",
                        "zh-hans": "已连接。",
                        "zh-hant": "已連線。",
                    },
                }
            },
        )
    ]


def test_the_same_state_with_another_code_is_news(connection: Connection) -> None:
    for code in ("1100", "2110"):
        change = LinkChanged(LinkState.DEGRADED, NOON, code, "No data.")
        ingest.on_link(connection_id=connection.pk, change=change)
    assert list(LinkEvent.objects.order_by("id").values_list("code", flat=True)) == ["1100", "2110"]


def test_a_second_of_pnl_costs_few_queries(
    account: BrokerAccount, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    contracts = [stock(i, f"S{i}") for i in range(1, 41)]
    hold(account, *[(contract, "10", "100") for contract in contracts])
    pnls = [
        PositionPnL(account.code, c.con_id, Decimal(10), Decimal(c.con_id), None, None, None)
        for c in contracts
    ]
    # 3 reads, the upsert (SQLite takes two statements for so many columns), 2 of the savepoint.
    with django_assert_max_num_queries(7):
        ingest.on_figures(connection_id=account.connection_id, events=pnls, at=NOON)
    assert Position.objects.filter(daily_pnl__gt=0).count() == 40


def test_a_batch_of_values_costs_few_queries(
    account: BrokerAccount, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    values = [AccountValue(account.code, f"Tag{i}", str(i), "USD") for i in range(200)]
    with django_assert_max_num_queries(8):
        ingest.on_figures(connection_id=account.connection_id, events=values, at=NOON)
    with django_assert_max_num_queries(6):  # told again: only the time of arrival
        ingest.on_figures(
            connection_id=account.connection_id, events=values, at=NOON + timedelta(seconds=1)
        )

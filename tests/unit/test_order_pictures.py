"""Two pictures in, steps out: what names an order is never taken for its absence."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from apps.trading.evidence import Evidence, Terms
from apps.trading.reconcile import BrokerPicture, Horizon, Kind, Known, Step, steps
from apps.trading.states import OPEN, OrderState
from tests.factories import NOON, later
from tests.order_data import CLIENT, ORDER_ID, PERM, completed, filled, opened

ENDS = {Kind.ABSENT, Kind.GONE, Kind.UNCLEAR}
DAY = Horizon(since_at=NOON - timedelta(hours=17))


def known(state: OrderState = OrderState.SENT, *said: str, **fields: Any) -> Known:
    evidence = Evidence()
    for status in said:
        evidence = evidence.hear_status(status, "", NOON)
    given: dict[str, Any] = {
        "pk": 1,
        "ref": "ibp-test-1",
        "perm_id": PERM if said else None,
        "client_id": CLIENT,
        "ib_order_id": ORDER_ID,
        "transmit": True,
        "terms": Terms("DAY", Decimal(10), Decimal(0)),
        "order_type": "LMT",
        "held": ("10", "100", ""),
        "wired_at": NOON,
        "explained": False,
    }
    return Known(state=state, evidence=evidence, **given | fields)


def picture(seconds: float = 60, **told: Any) -> BrokerPicture:
    fields: dict[str, Any] = {"open_orders": (), "completed": (), "executions": ()}
    at = later(seconds=seconds)
    return BrokerPicture(
        **fields | told, client_id=CLIENT, next_order_id=99, asked_at=at, taken_at=at
    )


@given(
    state=st.sampled_from(sorted(OPEN)),
    said=st.lists(st.sampled_from(["PreSubmitted", "Submitted", "PendingCancel", "Cancelled"])),
    where=st.sampled_from(["open", "completed", "execution"]),
    seconds=st.floats(0, 10**6),
    flags=st.fixed_dictionaries({"explained": st.booleans(), "transmit": st.booleans()}),
)
def test_an_order_that_the_picture_names_never_ends_by_absence(
    state: OrderState, said: list[str], where: str, seconds: float, flags: dict[str, bool]
) -> None:
    row = known(OrderState(state), *said, **flags)
    fresh = [filled("a.01.01", 3)] if where == "execution" else []
    told = picture(
        seconds,
        open_orders=(opened("Submitted"),) if where == "open" else (),
        completed=(completed(),) if where == "completed" else (),
        executions=tuple(fresh),
    )
    assert {step.kind for step in steps([row], told, fresh, DAY)} & ENDS == set()


@given(seconds=st.floats(0, 9.9), state=st.sampled_from(["claimed", "sent", "unknown"]))
def test_no_order_is_declared_absent_before_it_could_have_arrived(
    seconds: float, state: str
) -> None:
    found = steps([known(OrderState(state))], picture(seconds), [], DAY)
    assert found == [Step(Kind.LATER, 1)]


def test_ended_orders_need_no_step_and_accepted_ones_neither() -> None:
    rows = [known(state, pk=n) for n, state in enumerate(set(OrderState) - OPEN)]
    rows.append(known(OrderState.ACCEPTED, pk=99))
    assert steps(rows, picture(), [], DAY) == []


def test_an_id_without_its_reference_names_nobody() -> None:
    other = opened("Submitted", order_ref="other", perm_id=PERM + 1)
    found = steps([known()], picture(open_orders=(other,)), [], DAY)
    assert [(step.kind, step.pk) for step in found] == [(Kind.OPEN, None), (Kind.ABSENT, 1)]

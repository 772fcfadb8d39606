"""Orders and fills as plain JSON values and back, for the ledger's lines to be resumed from."""

from dataclasses import MISSING, Field, fields
from typing import TYPE_CHECKING, Any

from twsim.domain.orders import Commission, Execution, Order, WorkingOrder
from twsim.exchange.entry import Entry
from twsim.instruments import Universe

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

State = dict[str, Any]
_NOT_KEPT = {"view", "instrument", "executions", "order", "contract"}


def entry_state(entry: Entry) -> State:
    """What is at its default is left out."""
    contract = entry.view.contract
    return {
        **_plain(entry),
        "con_id": contract.con_id,
        "exchange": contract.exchange,
        "view": _plain(entry.view),
        "order": _plain(entry.view.order),
    }


def entry_of(state: State, universe: Universe) -> Entry:
    given = dict(state)
    instrument = universe[given.pop("con_id")]
    asked = given.pop("order")
    asked["algo_params"] = tuple((name, value) for name, value in asked.get("algo_params", ()))
    view = WorkingOrder(
        contract=instrument.routed(given.pop("exchange")),
        order=Order(**asked),
        **given.pop("view"),
    )
    return Entry(view=view, instrument=instrument, **given)


def execution_state(execution: Execution, charged: Commission) -> State:
    return {**_plain(execution), "fee": charged.amount, "realized": charged.realized_pnl}


def execution_of(state: State, entry: Entry) -> tuple[Execution, Commission]:
    given = dict(state)
    fee, realized = given.pop("fee"), given.pop("realized")
    execution = Execution(contract=entry.view.contract, **given)
    return execution, Commission(execution.exec_id, fee, entry.instrument.currency, realized)


def _plain(item: "DataclassInstance") -> State:
    return {
        field.name: getattr(item, field.name)
        for field in fields(item)
        if field.name not in _NOT_KEPT and getattr(item, field.name) != _default(field)
    }


def _default(field: Field[Any]) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default

"""Combination legs and conditions: between protobuf and the texts that orders keep."""

from collections.abc import Iterable, Iterator

from twsim.codec_proto.schema import Message, has, new, put, scalar
from twsim.codec_text.place_order import CONDITION_FIELDS, LIST
from twsim.messages import Malformed

LEG = (
    "conId",
    "ratio",
    "action",
    "exchange",
    "openClose",
    "shortSalesSlot",
    "designatedLocation",
    "exemptCode",
)
"""The fields of a leg in the order of the text protocol."""
CONDITIONS = {
    1: ("isMore", "price", "conId", "exchange", "triggerMethod"),
    3: ("isMore", "time"),
    4: ("isMore", "percent"),
    5: ("secType", "exchange", "symbol"),
    6: ("isMore", "volume", "conId", "exchange"),
    7: ("isMore", "changePercent", "conId", "exchange"),
}
"""Price, time, margin, execution, volume, change in percent: what follows the connector."""
AND, OR = "a", "o"


def _kept(count: int, values: Iterable[str]) -> str:
    return LIST.join([str(count), *(value.replace(LIST, "") for value in values)])


def _rows(kept: list[str], width: int) -> Iterator[list[str]]:
    for start in range(1, len(kept), width):
        yield kept[start : start + width]


def keep_legs(legs: Iterable[Message]) -> dict[str, str]:
    """Legs and their prices as an order keeps them; nothing when there are none."""
    rows = list(legs)
    if not rows:
        return {}
    fields = [scalar(getattr(leg, name), name) for leg in rows for name in LEG]
    kept = {"comboLegs": _kept(len(rows), fields)}
    if any(has(leg, "perLegPrice") for leg in rows):
        prices = [
            scalar(leg.perLegPrice, "perLegPrice") if has(leg, "perLegPrice") else ""
            for leg in rows
        ]
        kept["orderComboLegs"] = _kept(len(rows), prices)
    return kept


def leg_messages(legs: list[str], prices: list[str]) -> list[Message]:
    """ComboLeg messages from kept counted lists."""
    messages = []
    for index, row in enumerate(_rows(legs, len(LEG))):
        leg = new("ComboLeg")
        for name, text in zip(LEG, row, strict=True):
            put(leg, name, text)
        if index + 1 < len(prices):
            put(leg, "perLegPrice", prices[index + 1])
        messages.append(leg)
    return messages


def keep_pairs(pairs: Iterable[tuple[str, str]]) -> str:
    """A map has no order of its own: by tag."""
    rows = sorted(pairs)
    return _kept(len(rows), [text for pair in rows for text in pair])


def pairs_of(kept: list[str]) -> dict[str, str]:
    return {row[0]: row[1] for row in _rows(kept, 2)}


def keep_conditions(conditions: Iterable[Message]) -> str:
    values: list[str] = []
    rows = list(conditions)
    for condition in rows:
        kind = int(condition.type)
        if kind not in CONDITIONS:
            raise Malformed(f"an order condition of unknown kind {kind}")
        values += [str(kind), AND if condition.isConjunctionConnection else OR]
        values += [scalar(getattr(condition, name), name) for name in CONDITIONS[kind]]
    return _kept(len(rows), values)


def condition_messages(kept: list[str]) -> list[Message]:
    messages, rest = [], kept[1:]
    while rest:
        kind = int(rest[0])
        width = CONDITION_FIELDS[kind]
        connector, *values = rest[1 : 1 + width]
        condition = new("OrderCondition", type=kind, isConjunctionConnection=connector == AND)
        for name, text in zip(CONDITIONS[kind], values, strict=True):
            put(condition, name, text)
        messages.append(condition)
        rest = rest[1 + width :]
    return messages

"""What the broker has said of one order, as a set to which messages only add; pure.

`facts` turns the set into events of the state machine. Only a picture that was asked for later
(open or completed orders) may take something back: see `renewed`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.trading.fsm import (
    CANCELLED_CODE,
    NOT_OF_THE_ORDER,
    NOTICES,
    STATUSES,
    TIF_PRESET,
    Event,
    replay,
)
from apps.trading.states import OrderState
from ibkr.errors import Kind, explain

FILL_OR_KILL = "FOK"
COMPLETED = {
    "Filled": Event.FILLED,
    "Cancelled": Event.CANCEL_CONFIRMED,
    "ApiCancelled": Event.CANCEL_CONFIRMED,
}
"""Any other status of a completed order means that it was rejected."""
REFUSALS = (Kind.REJECT, Kind.REQUEST)
"""TWS refuses an order with codes of other requests too: 200 unknown contract, 321 invalid."""


@dataclass(frozen=True, slots=True)
class Word:
    """The last word of a reconcile or a person; the broker's next new message takes it back."""

    state: OrderState
    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    statuses: frozenset[str] = frozenset()
    why_held: frozenset[str] = frozenset()
    said: Mapping[int, str] = field(default_factory=dict)
    """Code → text."""
    completed: str = ""
    """Status in the list of completed orders, with the sentence that came with it."""
    completed_text: str = ""
    word: Word | None = None
    was: tuple[tuple[str, ...], ...] = ()
    """Terms (quantity, limit, stop) that the order had before a change of ours."""
    heard_at: datetime | None = None
    """When something new was heard last."""

    def hear_status(self, status: str, why_held: str, at: datetime) -> "Evidence":
        held = {why_held} if why_held else set()
        return self._with(at, statuses=self.statuses | {status}, why_held=self.why_held | held)

    def hear_code(self, code: int, text: str, at: datetime) -> "Evidence":
        # Of two texts with one code the greater stays, so that the order they came in is no matter.
        text = max(text, self.said.get(code, ""))
        return self._with(at, said={**self.said, code: text})

    def hear_completed(self, status: str, text: str, at: datetime) -> "Evidence":
        return self._with(at, completed=status, completed_text=text.strip())

    def renewed(self, status: str, at: datetime) -> "Evidence":
        """A later picture shows the order open with this status: earlier words no longer count."""
        return Evidence(statuses=frozenset({status}), was=self.was, heard_at=at)

    def remember(self, was: tuple[tuple[str, ...], ...]) -> "Evidence":
        return replace(self, was=was)

    def closed(self, word: Word) -> "Evidence":
        return replace(self, word=word)

    def _with(self, at: datetime, **changes: Any) -> "Evidence":
        grown = replace(self, **changes)
        if grown == self:
            return self
        heard_at = at if self.heard_at is None else max(self.heard_at, at)
        return replace(grown, heard_at=heard_at, word=None)


@dataclass(frozen=True, slots=True)
class Terms:
    """What of an order's terms and fills bears on its state."""

    tif: str
    quantity: Decimal
    filled: Decimal


def facts(evidence: Evidence, terms: Terms) -> frozenset[Event]:
    """The events that this evidence proves."""
    found = {STATUSES.get(status, Event.TAKEN) for status in evidence.statuses}
    if evidence.said.keys() & NOTICES:
        found.add(Event.TAKEN)
    if terms.filled > 0:
        found.add(Event.FILLED if terms.filled >= terms.quantity else Event.PART_FILLED)
    if TIF_PRESET in evidence.said and CANCELLED_CODE not in evidence.said:
        # An order without time in force is reported cancelled while it lives. Without 202 only
        # the open and completed orders are believed.
        found.discard(Event.CANCELLED)
    if evidence.completed:
        found.add(COMPLETED.get(evidence.completed, _refusal(evidence.completed, terms)))
    if CANCELLED_CODE in evidence.said:
        found.add(Event.CANCEL_CONFIRMED)
    return frozenset(_ended(evidence, terms, found))


def _ended(evidence: Evidence, terms: Terms, found: set[Event]) -> set[Event]:
    """Rejected needs an end beside the code: a code alone, on an order that showed signs of life,
    was about something else (a change of it), or its end is about to be told."""
    ends = found & {Event.DORMANT, Event.CANCELLED}
    if rejects(evidence) and (ends or not found - {Event.TAKEN}):
        found.add(Event.REJECTED)
    elif Event.DORMANT in found and terms.tif == FILL_OR_KILL:
        found.add(Event.KILLED)
    return found


def _refusal(status: str, terms: Terms) -> Event:
    killed = status == "Inactive" and terms.tif == FILL_OR_KILL
    return Event.KILLED if killed else Event.REJECTED


def rejects(evidence: Evidence) -> list[int]:
    """Codes that refuse an order as such, the smallest first."""
    return sorted(code for code in evidence.said if is_reject(code))


def is_reject(code: int) -> bool:
    """A code that the table does not know may be a warning: only a picture tells."""
    info = explain(code)
    return info.known and code not in NOT_OF_THE_ORDER and info.kind in REFUSALS


def state_of(evidence: Evidence, terms: Terms) -> OrderState | None:
    """None while the broker has said nothing that proves anything."""
    proven = facts(evidence, terms)
    if Event.FILLED in proven:
        return OrderState.FILLED
    if evidence.word is not None:
        return evidence.word.state
    return replay(proven) if proven else None


def reason_of(evidence: Evidence, state: OrderState | None) -> tuple[str, str]:
    """Code and text that explain the state; both empty where there is nothing to explain."""
    if state is OrderState.FILLED:
        return "", ""
    if evidence.word is not None:
        return evidence.word.code, evidence.word.text
    if state is OrderState.REJECTED:
        return _of_reject(evidence)
    if state is OrderState.CANCELLED:
        return _of_cancel(evidence)
    telling = [code for code in sorted(evidence.said) if code != CANCELLED_CODE]
    return (str(telling[-1]), evidence.said[telling[-1]]) if telling else ("", "")


def _of_reject(evidence: Evidence) -> tuple[str, str]:
    for code in rejects(evidence):
        return str(code), evidence.said[code]
    return "rejected", evidence.completed_text


def _of_cancel(evidence: Evidence) -> tuple[str, str]:
    if CANCELLED_CODE in evidence.said:
        return str(CANCELLED_CODE), evidence.said[CANCELLED_CODE]
    if evidence.completed_text:
        return "completed", evidence.completed_text
    if "Inactive" in evidence.statuses and not evidence.statuses & {"Cancelled", "ApiCancelled"}:
        return "fok_unfilled", ""
    return "", ""


def status_of(evidence: Evidence) -> str:
    """The status furthest on in an order's life; the completed list has the last say."""
    order = list(STATUSES)
    ranked = sorted(evidence.statuses, key=lambda s: (order.index(s) if s in order else -1, s))
    return evidence.completed or (ranked[-1] if ranked else "")


def why_held_of(evidence: Evidence) -> str:
    """Reasons fall away one by one ("child,trigger", "trigger"): the shortest is the newest."""
    if status_of(evidence) != "PreSubmitted" or not evidence.why_held:
        return ""
    return min(evidence.why_held, key=lambda text: (len(text), text))


def dump(evidence: Evidence) -> dict[str, Any]:
    """As JSON; what is empty is left out."""
    word, heard_at = evidence.word, evidence.heard_at
    told = {
        "statuses": sorted(evidence.statuses),
        "why_held": sorted(evidence.why_held),
        "said": {str(code): text for code, text in sorted(evidence.said.items())},
        "completed": evidence.completed,
        "completed_text": evidence.completed_text,
        "word": [word.state.value, word.code, word.text] if word else None,
        "was": sorted(list(terms) for terms in evidence.was),
        "heard_at": heard_at.isoformat() if heard_at else None,
    }
    return {name: value for name, value in told.items() if value}


def load(stored: Mapping[str, Any]) -> Evidence:
    word, heard_at = stored.get("word"), stored.get("heard_at")
    return Evidence(
        statuses=frozenset(stored.get("statuses", ())),
        why_held=frozenset(stored.get("why_held", ())),
        said={int(code): str(text) for code, text in stored.get("said", {}).items()},
        completed=stored.get("completed", ""),
        completed_text=stored.get("completed_text", ""),
        word=Word(OrderState(word[0]), word[1], word[2]) if word else None,
        was=tuple(tuple(terms) for terms in stored.get("was", ())),
        heard_at=datetime.fromisoformat(heard_at) if heard_at else None,
    )

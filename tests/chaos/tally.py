"""What all rounds together did: the numbers, and how often what died where."""

import json
from collections import Counter
from collections.abc import Sequence

from tests.chaos.compare import NAMES
from tests.chaos.rounds import Outcome


def line(number: int, outcome: Outcome) -> str:
    card = outcome.card
    return (
        f"round {number}: {card.victim} at {card.point}, {card.hurt} at any time, "
        f"{outcome.told}, {outcome.accepted} orders, "
        f"{sum(outcome.seconds):.1f} s ({' + '.join(f'{s:.0f}' for s in outcome.seconds)}), "
        f"{'' if outcome.died else 'NOBODY DIED AT THE POINT, '}"
        f"refused {list(dict.fromkeys(outcome.refused))}, {outcome.difference}"
    )


def summary(outcomes: Sequence[Outcome]) -> str:
    cards = [outcome.card for outcome in outcomes]
    died = [outcome.card for outcome in outcomes if outcome.died]
    last = outcomes[-1].difference.numbers
    seconds = sum(sum(outcome.seconds) for outcome in outcomes)
    rows = {
        "rounds": len(outcomes),
        "with a death inside the send path": len(died),
        "seconds a round": round(seconds / len(outcomes), 1),
        "orders": sum(outcome.accepted for outcome in outcomes),
        "kinds": Counter(card.kind for card in cards),
        "at the points": Counter(card.point for card in died),
        "killed there": Counter(card.victim for card in died),
        "at any time": Counter(card.hurt for card in cards),
        "ends of runs": Counter(_end(outcome) for outcome in outcomes if _end(outcome)),
        **dict(zip(NAMES, last, strict=True)),
    }
    return "\n".join(f"{name}: {json.dumps(value)}" for name, value in rows.items())


def _end(outcome: Outcome) -> str:
    """State and code, without the sentence."""
    if outcome.card.kind != "run":
        return ""
    state, _, rest = outcome.told.partition("): ")[2].partition(" ")
    return f"{state} {rest.partition(' ')[0]}".strip()

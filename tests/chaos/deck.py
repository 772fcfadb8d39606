"""What each round does and what dies in it: drawn from a seed, and evenly."""

import random
from dataclasses import dataclass

from apps.trading.points import NAMES

OTHERS = ("worker", "socket", "redis", "database")
HURTS = ("none", "gateway", *OTHERS)
KINDS = ("run", "orders")
BLOCK = len(NAMES) * 2 * len(KINDS)


@dataclass(frozen=True, slots=True)
class Card:
    """`victim` dies when the gateway comes to `point`; `hurt` dies at any time."""

    kind: str
    point: str
    victim: str
    hurt: str


def draw(seed: int, number: int) -> Card:
    """In a block of rounds each point comes as often with runs as with orders, and the gateway
    dies at it as often as everything else; runs and orders take turns."""
    block, place = divmod(number, BLOCK)
    dice = random.Random(f"{seed} block {block}")
    piles = [_pile(dice, kind, block) for kind in KINDS]
    return piles[place % len(KINDS)][place // len(KINDS)]


def _pile(dice: random.Random, kind: str, block: int) -> list[Card]:
    hurts = list(HURTS) * 2
    dice.shuffle(hurts)
    first = block * len(NAMES)
    others = [OTHERS[(first + i) % len(OTHERS)] for i in range(len(NAMES))]
    dice.shuffle(others)
    cards = [
        Card(kind, point, victim, hurts.pop())
        for point, other in zip(NAMES, others, strict=True)
        for victim in ("gateway", other)
    ]
    dice.shuffle(cards)
    return cards

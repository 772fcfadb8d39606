"""The table of reasons in the documentation is the one in the code."""

import re
from pathlib import Path

from apps.trading.rebalance import Reason
from apps.trading.rebalance.reasons import EXPLAINED

PAGE = Path(__file__).parents[2] / "docs" / "rebalancing.md"


def test_every_reason_is_explained_once() -> None:
    assert set(EXPLAINED) == set(Reason)
    assert len(set(EXPLAINED.values())) == len(Reason)


def test_the_documentation_has_the_table_of_the_code() -> None:
    text = PAGE.read_text(encoding="utf-8")
    table = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", text, re.MULTILINE))
    assert table == {reason.value: sentence for reason, sentence in EXPLAINED.items()}

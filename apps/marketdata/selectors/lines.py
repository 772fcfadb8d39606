"""Why instruments do not stream, over the connections a reader may see."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from apps.lib import redis as store
from apps.marketdata.lines import LineState
from apps.marketdata.selectors.streams import explained


def troubles_of(slugs: Sequence[str], con_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """The entry of the first connection on which each instrument is wanted and has trouble."""
    if not slugs:
        return {}
    raws: Any = store.client().mget([store.STREAMS.format(slug=slug) for slug in slugs])
    told = [orjson.loads(raw)["lines"] for raw in raws if raw]
    found: dict[int, dict[str, Any]] = {}
    for con_id in con_ids:
        lines = [lines[str(con_id)] for lines in told if str(con_id) in lines]
        if lines and not any(_well(line) for line in lines):
            found[con_id] = explained(lines[0])
    return found


def _well(line: dict[str, Any]) -> bool:
    return line["state"] == LineState.STREAMING and "code" not in line

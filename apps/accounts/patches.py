"""JSON merge patches (RFC 7396): the difference between two states of a topic."""

from typing import Any

State = dict[str, Any]


def difference(before: State, after: State) -> State:
    """The patch that turns `before` into `after`; empty when they are equal.

    States hold no None: in a merge patch None deletes the key.
    """
    patch: State = {key: None for key in before if key not in after}
    for key, value in after.items():
        old = before.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            if inner := difference(old, value):
                patch[key] = inner
        elif key not in before or old != value:
            patch[key] = value
    return patch


def patched(state: State, patch: State) -> State:
    """The state after the patch, as a browser computes it."""
    result = dict(state)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            old = result.get(key)
            result[key] = patched(old if isinstance(old, dict) else {}, value)
        else:
            result[key] = value
    return result

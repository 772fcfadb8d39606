"""The reference that travels with an order on the wire, and how to tell ours from others'; pure."""

PREFIX = "ibp-"


FOREIGN = "foreign_ref"
"""Why an external order with a reference of ours is shown with an alarm."""


def is_ours(ref: str) -> bool:
    return ref.startswith(PREFIX)

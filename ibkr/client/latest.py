"""Which tick frames of one read say the same thing anew, so that only the newest needs decoding."""

from collections.abc import Callable

Key = Callable[[bytes], bytes | None]
"""Line and tick type of a tick frame; None for a frame that must not be passed over."""

TICKS = frozenset({b"1", b"2", b"45", b"46", b"21"})
REQUEST, TICK_TYPE = 0x08, 0x10
"""Tags of the first two fields of every tick message in protobuf, both numbers."""
MORE = 0x80
"""Set in each byte of a number but its last."""
HEAD = 4


def text_key(frame: bytes) -> bytes | None:
    """The frame up to the tick type: message, version, request, type. (Option computations have no
    version and are known by their attribute too.)"""
    message, *_, value = frame.split(b"\0", 4)
    # A trade without a price says less than the one before it, which must be read as well.
    if message not in TICKS or not value or value[:1] == b";":
        return None
    return frame[: -len(value)]


def proto_key(frame: bytes) -> bytes | None:
    """The frame up to the tick type, where its fields come in their usual order."""
    try:
        if frame[HEAD] != REQUEST:
            return None
        at = HEAD + 1
        while frame[at] & MORE:
            at += 1
        if frame[at + 1] != TICK_TYPE:
            return None
        at += 2
        while frame[at] & MORE:
            at += 1
        # Behind the tag and the length of a text, as above.
        return None if frame[at + 3] == ord(";") else frame[: at + 1]
    except IndexError:
        return None

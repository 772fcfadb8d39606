"""Frames are the same however the stream that carries them is cut."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twsim.framing import MAX_FRAME, Greeting, Incoming, Unreadable, frame

PAYLOADS = st.lists(st.binary(min_size=1, max_size=200), max_size=12)
HELLO = b"API\0" + frame(b"v100..226 +PACEAPI")


def _pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


@given(PAYLOADS, st.lists(st.integers(0, 10_000), max_size=20))
def test_a_stream_cut_anywhere_gives_the_same_frames(
    payloads: list[bytes], cuts: list[int]
) -> None:
    stream = HELLO + b"".join(frame(payload) for payload in payloads)
    incoming = Incoming()
    greeting: Greeting | None = None
    seen: list[bytes] = []
    for piece in _pieces(stream, cuts):
        incoming.feed(piece)
        greeting = greeting or incoming.greeting()
        if greeting:
            seen += incoming.frames()
    assert greeting == Greeting(100, 226, "+PACEAPI")
    assert seen == payloads


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_fail_in_another_way_than_unreadable(data: bytes) -> None:
    incoming = Incoming()
    incoming.feed(data)
    try:
        if incoming.greeting() is not None:
            list(incoming.frames())
    except Unreadable:
        return


@pytest.mark.parametrize(("text", "lowest", "highest"), [("v176", 176, 176), ("v38..163", 38, 163)])
def test_one_version_or_a_range_is_understood(text: str, lowest: int, highest: int) -> None:
    incoming = Incoming()
    incoming.feed(b"API\0" + frame(text.encode()))
    assert incoming.greeting() == Greeting(lowest, highest)


@pytest.mark.parametrize("text", ["100..200", "v200..100", "v", "vx..y", "v1..2..3"])
def test_a_version_text_of_another_form_is_unreadable(text: str) -> None:
    incoming = Incoming()
    incoming.feed(b"API\0" + frame(text.encode()))
    with pytest.raises(Unreadable):
        incoming.greeting()


@pytest.mark.parametrize("size", [0, MAX_FRAME + 1, 2**32 - 1])
def test_a_length_that_no_message_has_is_unreadable(size: int) -> None:
    incoming = Incoming()
    incoming.feed(size.to_bytes(4, "big"))
    with pytest.raises(Unreadable):
        list(incoming.frames())

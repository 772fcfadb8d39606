"""Lets only as many whole portals run at once as the machine has cores, over all test processes."""

import fcntl
import os
import tempfile
import threading
from pathlib import Path
from typing import TextIO

SLOTS = max(1, os.cpu_count() or 1)
LOOK_EVERY = 0.2


class Slot:
    """One for this process, however many portals it runs: whoever has one is not kept waiting for
    the next. The kernel gives it back when the process dies."""

    def __init__(self) -> None:
        self._portals: set[int] = set()
        self._held: TextIO | None = None

    def take(self, portal: int) -> None:
        if not self._portals:
            self._held = _wait_for_one()
        self._portals.add(portal)

    def give_back(self, portal: int) -> None:
        self._portals.discard(portal)
        if not self._portals and self._held is not None:
            self._held.close()
            self._held = None


def _wait_for_one() -> TextIO:
    folder = Path(tempfile.gettempdir()) / f"ibportal-portals-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    while True:
        for number in range(SLOTS):
            held = (folder / str(number)).open("w")
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                held.close()
                continue
            return held
        threading.Event().wait(LOOK_EVERY)


slot = Slot()

"""Keeps Python's garbage collector out of the way of long-lived processes."""

import gc

THRESHOLDS = (50_000, 20, 50)


def settle() -> None:
    """Call once everything is loaded: what lives now lives for ever and is not looked at again.

    Collections of a full heap otherwise show as pauses of tens of milliseconds in page and
    fan-out latency.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)

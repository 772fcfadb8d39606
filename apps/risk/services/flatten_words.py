"""What a flattening says of itself: templates that each reader gets in their own language."""

from django.utils.translation import gettext_noop as _n

CANCELS = _n("%(n)s order(s) are being cancelled.")
STILL_WORKING = _n(
    "%(n)s order(s) are still working, %(unknown)s of them of unknown outcome; their cancels are "
    "asked for again."
)
UNKNOWN = _n(
    "Closing order %(order)s is of unknown outcome: no second one is sent before the broker has "
    "told."
)
UNFILLED = _n("%(n)s closing order(s) wait at the broker to be filled.")
WORKING = _n("%(n)s closing order(s) are working.")
SENT = _n("%(n)s closing order(s) were sent.")
NOT_TOLD = _n("The broker has not told its positions; is the link up?")
ASKED = _n("The broker is asked for its positions.")
NOT_CLOSED = _n("%(name)s: %(why)s")
HELD_UP = _n(
    "an order placed elsewhere rests on the same side and would close it: cancel it in TWS, or by "
    "a global cancel."
)
ELSEWHERE = _n(
    "Flat, but %(n)s order(s) placed elsewhere still rest at the broker and could open a position: "
    "cancel them in TWS, or by a global cancel."
)
NOT_SHOWN = _n("Flat, but the broker has not told what rests there; is the link up?")
LOOKING = _n("Flat; the broker is asked for the working orders of every program.")
FLAT = _n("Flat at the broker, with nothing resting; the level stays until it is lifted.")
LIFTED = _n("The level was lifted.")
LIFTED_BY = _n("Lifted by %(by)s before it was proven flat.")
STUCK = _n("Flattening cannot go on: %(why)s")

"""The socket to TWS: dialling, frames, one thread that reads and one that sends."""

from ibkr.wire.dial import Greeting, dial
from ibkr.wire.frames import FrameBuffer, pack
from ibkr.wire.heartbeat import Heartbeat
from ibkr.wire.pump import Pump
from ibkr.wire.sender import Sender
from ibkr.wire.wakeup import Wakeup

__all__ = ["FrameBuffer", "Greeting", "Heartbeat", "Pump", "Sender", "Wakeup", "dial", "pack"]

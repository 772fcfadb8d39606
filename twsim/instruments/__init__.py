"""The instruments of the simulated world: what exists, how it is found, how it is described."""

from twsim.instruments.instrument import Instrument
from twsim.instruments.universe import Universe

__all__ = ["Instrument", "Universe"]

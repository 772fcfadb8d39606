"""One connection to TWS for as long as the process lives: states, start path, recovery."""

from ibkr.session.session import Session
from ibkr.session.settings import LinkSettings

__all__ = ["LinkSettings", "Session"]

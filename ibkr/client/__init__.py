"""The broker port over ibapi: requests are encoded by it, frames decoded by it, nothing more."""

from ibkr.client.base import Hooks
from ibkr.client.client import Client

__all__ = ["Client", "Hooks"]

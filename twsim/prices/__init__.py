"""The simulated market: where every price is at any moment, and the quotes around it."""

from twsim.prices.market import Market, MarketStyle

__all__ = ["Market", "MarketStyle"]

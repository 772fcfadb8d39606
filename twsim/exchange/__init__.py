"""The order book and its matching: takes orders, reports what becomes of them."""

from twsim.exchange.exchange import Exchange, ExchangeStyle, Floor

__all__ = ["Exchange", "ExchangeStyle", "Floor"]

"""What the simulated accounts own: trades folded into positions and cash, valued and reported."""

from twsim.books.account import Account, Trade
from twsim.books.statement import ledger_rows, value_rows
from twsim.books.valuation import Valuer

__all__ = ["Account", "Trade", "Valuer", "ledger_rows", "value_rows"]

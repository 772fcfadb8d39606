"""Is the login behind the port the one this connection is meant for? Pure."""

from collections.abc import Sequence

from ibkr.errors import WrongAccount

PAPER_PREFIX = "D"
"""IB's paper account ids start with D (DU, DF, DI); live ones never do."""


def check(accounts: Sequence[str], *, pinned: Sequence[str], mode: str) -> None:
    """Raises WrongAccount with a sentence; account ids in it are masked."""
    live = [account for account in accounts if not account.startswith(PAPER_PREFIX)]
    paper = [account for account in accounts if account.startswith(PAPER_PREFIX)]
    if mode == "paper" and live:
        raise WrongAccount(
            f"This connection is for paper trading, but the login manages the live account"
            f" {masked(live[0])}. Check the port: TWS paper is 7497, IB Gateway paper 4002."
        )
    if mode == "live" and paper:
        raise WrongAccount(
            f"This connection is for live trading, but the login manages the paper account"
            f" {masked(paper[0])}. Check the port: TWS live is 7496, IB Gateway live 4001."
        )
    missing = [account for account in pinned if account not in accounts]
    if missing:
        raise WrongAccount(
            f"The login does not manage {masked(missing[0])}, to which this connection is pinned;"
            f" it manages {', '.join(map(masked, accounts)) or 'nothing'}."
        )


def masked(account: str) -> str:
    """DU1234567 → DU****67"""
    return account[:2] + "****" + account[-2:]

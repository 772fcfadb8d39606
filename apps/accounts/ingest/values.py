"""Account values by tag and currency, and the base currency they reveal."""

from datetime import datetime

from apps.accounts.ingest.book import Book
from apps.accounts.numbers import parsed
from apps.accounts.state import TOTALS
from ibkr.types import AccountValue

IDENTITY_TAGS = {"AccountCode", "AccountOrGroup"}
"""They repeat the account id, which is the row's own and shown masked."""
REVEALS_BASE = "NetLiquidation"
REACH_POSITIONS = frozenset({REVEALS_BASE, "ExchangeRate"})
"""By these what each position is worth in base currency may change."""


def hear(book: Book, value: AccountValue, at: datetime) -> None:
    book.set_account(values_at=at)
    if value.tag in IDENTITY_TAGS:
        return
    amount = parsed(value.value)
    text = "" if amount is not None else value.value[:120]
    book.set_value(value.tag, value.currency, at=at, amount=amount, text=text)
    if value.tag == REVEALS_BASE and value.currency not in {"", TOTALS}:
        book.set_account(base_currency=value.currency)

"""Account values by tag and currency, and the base currency they reveal."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from apps.accounts.ingest.accounts import books, grouped
from apps.accounts.ingest.book import Book
from apps.accounts.numbers import parsed
from apps.accounts.state import TOTALS
from ibkr.types import AccountValue

IDENTITY_TAGS = {"AccountCode", "AccountOrGroup"}
"""They repeat the account id, which is the row's own and shown masked."""


def on_account_values(*, connection_id: int, values: Sequence[AccountValue], at: datetime) -> None:
    """A batch in order of arrival: the latest of a (tag, currency) wins."""
    groups = grouped(values, lambda value: value.account)
    with transaction.atomic():
        for code, book in books(connection_id=connection_id, codes=groups, at=at).items():
            _apply(book, groups[code], at)


def _apply(book: Book, values: Sequence[AccountValue], at: datetime) -> None:
    book.set_account(values_at=at)
    for value in values:
        if value.tag in IDENTITY_TAGS:
            continue
        amount = parsed(value.value)
        text = "" if amount is not None else value.value[:120]
        book.set_value(value.tag, value.currency, at=at, amount=amount, text=text)
        if value.tag == "NetLiquidation" and value.currency not in {"", TOTALS}:
            book.set_account(base_currency=value.currency)
    book.save()

"""Hides account ids: DU1234567 is shown as DU****67 in pages, API and logs."""

import logging
import re

ACCOUNT_ID = re.compile(r"(?<![A-Za-z0-9])(?:[UFI]|D[UFI][A-Z]{0,2})\d{5,9}(?![A-Za-z0-9])")
"""IB's ids: U, F (adviser) or I (sub-account) and digits; a D in front says paper."""


def mask_account(code: str) -> str:
    """The letters, four stars and the last two characters."""
    if not code:
        return ""
    letters = "".join(c for c in code if c.isalpha())
    return f"{letters}****{code[-2:]}"


def mask_text(text: str) -> str:
    """The text with every account id in it masked."""
    return ACCOUNT_ID.sub(lambda match: mask_account(match.group()), text)


class MaskAccounts(logging.Filter):
    """Put on a handler, it masks account ids in messages and tracebacks of every logger."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        masked = mask_text(message)
        if masked != message:
            record.msg, record.args = masked, None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = mask_text(record.exc_text)
        return True

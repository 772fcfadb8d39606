"""Account ids are hidden wherever text leaves the portal."""

import io
import logging

import pytest

from apps.accounts.masks import MaskAccounts, mask_account, mask_text


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("DU1234567", "DU****67"),
        ("U7654321", "U****21"),
        ("DUH123456", "DUH****56"),
        ("F1234567", "F****67"),
        ("", ""),
    ],
)
def test_an_account_id_keeps_its_letters_and_two_digits(code: str, shown: str) -> None:
    assert mask_account(code) == shown


def test_every_id_in_a_text_is_masked_and_nothing_else() -> None:
    text = "DU1234567,U7654321 bought 100 AAPL at 291.62, order 1234567, URL8 UTC20260304"
    assert mask_text(text) == (
        "DU****67,U****21 bought 100 AAPL at 291.62, order 1234567, URL8 UTC20260304"
    )


def _logger() -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(MaskAccounts())
    logger = logging.getLogger("tests.masks")
    logger.handlers, logger.propagate = [], False
    logger.addHandler(handler)
    return logger, stream


def test_logs_mask_ids_in_arguments() -> None:
    logger, stream = _logger()
    logger.warning("account %s has %d positions", "DU1234567", 3)
    assert stream.getvalue() == "account DU****67 has 3 positions\n"


def test_logs_mask_ids_in_tracebacks() -> None:
    logger, stream = _logger()
    try:
        int("U7654321")
    except ValueError:
        logger.exception("failed")
    assert "U****21" in stream.getvalue()
    assert "U7654321" not in stream.getvalue()

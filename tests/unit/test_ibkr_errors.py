"""The table of codes: complete, in three languages, and silent about no code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibkr.errors import LANGUAGES, Kind, RequestRefused, Severity, explain, known_codes

# fmt: off
NAMED: tuple[int | str, ...] = (
    100, 101, 102, 103, 104, 105, 110, 135, 161, 162, 165, 200, 201, 202, 203, 300, 309, 321,
    322, 326, 354, 366, 387, 399, 420, 501, 502, 503, 504, 505, 506, 507, 508, 509, 1100, 1101,
    1102, 1300, 2103, 2104, 2105, 2106, 2107, 2108, 2110, 2119, 2150, 2157, 2158, 10089, 10090,
    10147, 10148, 10167, 10168, 10186, 10197, 10268, 10269, 10285, 10318, 10349, "identity",
    "lease_lost", "no_heartbeat", "not_connected", "not_ready", "no_orders", "silent",
    "wrong_port", "no_login", "restart", "weekly_login", "restart_overdue",
    "weekly_login_overdue",
)
# fmt: on
DELAYED_FOLLOWS_OR_PART_REMAINS = ("10167", "10090", "399", "2103", "2150", "100")


@pytest.mark.parametrize("code", NAMED)
def test_every_code_we_name_is_explained(code: int | str) -> None:
    assert explain(code).known


@pytest.mark.parametrize("code", known_codes())
def test_every_explanation_exists_in_each_language(code: str) -> None:
    info = explain(code)
    meanings = [info.explanation(language).meaning for language in LANGUAGES]
    assert all(meanings)
    assert len(set(meanings)) == 3 or meanings[1] == meanings[2]
    remedies = [bool(info.explanation(language).remedy) for language in LANGUAGES]
    assert len(set(remedies)) == 1


@pytest.mark.parametrize("code", known_codes())
def test_traditional_texts_carry_no_simplified_characters(code: str) -> None:
    text = explain(code).explanation("zh-hant")
    (text.meaning + text.remedy).encode("big5")


def test_severe_codes_say_what_to_do() -> None:
    for code in known_codes():
        info = explain(code)
        if info.severity is Severity.CRITICAL:
            assert info.explanation().remedy, code


@pytest.mark.parametrize("code", ["2103", "2105", "2157"])
def test_a_broken_farm_is_a_warning_and_not_information(code: str) -> None:
    assert explain(code).severity is Severity.WARNING


@pytest.mark.parametrize("code", ["2104", "2106", "2107", "2108", "2119", "2158"])
def test_farms_that_work_are_information(code: str) -> None:
    assert explain(code).kind is Kind.INFORMATION


@pytest.mark.parametrize("code", DELAYED_FOLLOWS_OR_PART_REMAINS)
def test_codes_after_which_the_answer_still_comes_end_no_request(code: str) -> None:
    assert not explain(code).ends


@pytest.mark.parametrize("code", ["101", "162", "200", "201", "354", "10089", "10168", "10197"])
def test_refusals_end_the_request(code: str) -> None:
    assert explain(code).ends


@given(code=st.integers(10_400, 99_999), text=st.text(min_size=1))
def test_an_unknown_code_is_shown_raw(code: int, text: str) -> None:
    info = explain(code, text)
    assert not info.known
    assert info.code == str(code)
    assert {info.explanation(language).meaning for language in LANGUAGES} == {text}


def test_unknown_notices_end_no_request_but_other_unknown_codes_do() -> None:
    assert not explain(2199, "new notice").ends
    assert explain(9999, "new error").ends


@pytest.mark.parametrize(
    ("asked", "same_as"),
    [("zh-cn", "zh-hans"), ("zh-hk", "zh-hant"), ("zh_TW", "zh-hant"), ("fr", "en"), ("", "en")],
)
def test_languages_are_matched_to_the_nearest(asked: str, same_as: str) -> None:
    assert explain(326).explanation(asked) == explain(326).explanation(same_as)


def test_a_refusal_carries_twss_code_and_words() -> None:
    refused = RequestRefused(200, "No security definition")
    assert (refused.code, refused.number, refused.text) == ("200", 200, "No security definition")


@pytest.mark.parametrize("code", ["354", "10089", "10197"])
@pytest.mark.parametrize(
    ("language", "close"),
    [("en", "last close"), ("zh-hans", "上一收盘价"), ("zh-hant", "上一收盤價")],
)
def test_the_remedy_is_true_also_where_only_the_close_is_shown(
    code: str, language: str, close: str
) -> None:
    assert close in explain(code).explanation(language).remedy

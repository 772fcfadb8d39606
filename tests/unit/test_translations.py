"""Both Chinese catalogues are whole, compiled, and fill the same places as the English text."""

import ast
import gettext
import re
from pathlib import Path

import pytest
from django.utils.translation.template import templatize

BASE_DIR = Path(__file__).parents[2]
LOCALES = ("zh_Hans", "zh_Hant")
ENTRY = re.compile(r'^msgid ((?:".*"\n)+)msgstr ((?:".*"\n?)+)', re.MULTILINE)
PLACE = re.compile(r"%\(\w+\)s|%%|\{\w+\}")
CALL = re.compile(r"""\bgettext\(u?(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\)""")
MARKERS = {"_", "_n", "gettext", "gettext_lazy", "gettext_noop"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
SAME_IN_CHINESE = {"%(known)s of %(count)s", "{known} of {count}"}


def _text(lines: str) -> str:
    joined = "".join(re.findall(r'"(.*)"', lines))
    return joined.replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")


def source(locale: str) -> dict[str, str]:
    path = BASE_DIR / "locale" / locale / "LC_MESSAGES" / "django.po"
    found = ENTRY.findall(path.read_text(encoding="utf-8"))
    return {_text(key): _text(value) for key, value in found if _text(key)}


def compiled(locale: str) -> gettext.GNUTranslations:
    path = BASE_DIR / "locale" / locale / "LC_MESSAGES" / "django.mo"
    with path.open("rb") as file:
        return gettext.GNUTranslations(file)


def in_templates() -> set[str]:
    """Every text a template asks to have translated."""
    texts: set[str] = set()
    for path in (BASE_DIR / "templates").rglob("*.html"):
        code = templatize(path.read_text(encoding="utf-8"))
        texts |= {(one or two).replace("\\'", "'") for one, two in CALL.findall(code)}
    return texts


def in_code() -> set[str]:
    """Every text the apps ask to have translated, or mark for whoever reads it later."""
    calls = [
        node
        for path in (BASE_DIR / "apps").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id in MARKERS and node.args
    ]
    texts = [call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)]
    return {text for text in texts if isinstance(text, str)}


@pytest.mark.parametrize("locale", LOCALES)
def test_every_text_of_the_templates_is_translated(locale: str) -> None:
    wanted = in_templates()

    assert len(wanted) > 100
    assert sorted(wanted - source(locale).keys()) == []


@pytest.mark.parametrize("locale", LOCALES)
def test_every_text_of_the_code_is_translated(locale: str) -> None:
    wanted = in_code()

    assert len(wanted) > 500
    assert sorted(wanted - source(locale).keys()) == []


@pytest.mark.parametrize("locale", LOCALES)
def test_no_translation_is_empty_or_left_in_english(locale: str) -> None:
    left = {
        key
        for key, value in source(locale).items()
        if not CHINESE.search(value) and key not in SAME_IN_CHINESE
    }

    assert left == set()


@pytest.mark.parametrize("locale", LOCALES)
def test_translations_fill_the_same_places(locale: str) -> None:
    for key, value in source(locale).items():
        assert sorted(PLACE.findall(key)) == sorted(PLACE.findall(value)), key


@pytest.mark.parametrize("locale", LOCALES)
def test_the_compiled_catalogue_says_what_the_source_says(locale: str) -> None:
    catalogue = compiled(locale)

    for key, value in source(locale).items():
        assert catalogue.gettext(key) == value


def test_both_catalogues_hold_the_same_texts() -> None:
    assert source("zh_Hans").keys() == source("zh_Hant").keys()

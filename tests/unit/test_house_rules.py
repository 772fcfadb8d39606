"""The limits on size that keep every file and function readable."""

import ast
import re
from pathlib import Path

import pytest

BASE_DIR = Path(__file__).parents[2]
FOLDERS = ("apps", "ibkr", "ibportal", "twsim", "tests", "benchmarks")
FILES = sorted(
    path
    for folder in FOLDERS
    for path in (BASE_DIR / folder).rglob("*.py")
    if "migrations" not in path.parts
)
FILE_LINES, FUNCTION_LINES, SCRIPT_LINES = 400, 40, 150


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(BASE_DIR)))
def test_files_and_functions_stay_short(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= FILE_LINES
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= FUNCTION_LINES, f"{node.name} has {length} lines"


def test_scripts_stay_short() -> None:
    long = {
        path.name: len(path.read_text(encoding="utf-8").splitlines())
        for path in (BASE_DIR / "static").rglob("*.js")
    }
    assert {name: lines for name, lines in long.items() if lines > SCRIPT_LINES} == {}


def test_every_setting_is_in_the_example() -> None:
    example = (BASE_DIR / ".env.example").read_text(encoding="utf-8")
    names = set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))
    source = (BASE_DIR / "ibportal" / "settings.py").read_text(encoding="utf-8")
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    asked = {
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "env"
        and call.args
        and isinstance(call.args[0], ast.Constant)
    }
    assert asked - names == set()
    assert asked


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(BASE_DIR)))
def test_a_locked_row_can_still_be_referred_to(path: Path) -> None:
    """PostgreSQL checks references at the commit: without no_key=True that waits for whoever holds
    the row, who may be waiting for a row of this transaction (the head of the audit, mostly)."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            keywords = {keyword.arg for keyword in node.keywords}
            assert node.func.attr != "select_for_update" or "no_key" in keywords

"""Settings files: what is wrong in them is one sentence that names file and line."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from ibportal.env import Env


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Stands where the process's environment is."""
    values: dict[str, str] = {}
    monkeypatch.setattr(Env, "ENVIRON", values)
    return values


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"PORT 8000\n", r"\.env, line 1: expected NAME=value"),
        (b"# fine\n\n=8000\n", r"\.env, line 3: expected NAME=value"),
        (b'PORT=1\nSECRET_KEY="abc\n', r"\.env, line 2: the value opens a quote"),
        ("PORT=8000".encode("utf-16"), r"\.env is not UTF-8 text"),
    ],
)
def test_a_malformed_file_is_named_with_its_line(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / ".env"
    path.write_bytes(content)
    with pytest.raises(ImproperlyConfigured, match=sentence):
        Env().file(path)


def test_a_folder_is_no_settings_file(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.mkdir()
    with pytest.raises(ImproperlyConfigured, match=r"\.env cannot be read"):
        Env().file(path)


def test_good_lines_of_every_form_are_read(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(
        "# a comment\nexport A=1\nB='it is'\nC=\"so\"\nD=it's\nE=redis://h/0?x=y\n",
        encoding="utf-8",
    )
    env = Env()
    env.file(path)
    assert [env.text(name) for name in "ABCDE"] == ["1", "it is", "so", "it's", "redis://h/0?x=y"]


def test_the_environment_wins_and_a_blank_line_leaves_room(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    environment["PORT"] = "3"
    first, second = tmp_path / ".env", tmp_path / "run.env"
    first.write_text("PORT=1\nREDIS_URL=\n", encoding="utf-8")
    second.write_text("PORT=2\nREDIS_URL=redis://127.0.0.1:1/0\n", encoding="utf-8")
    env = Env()
    env.file(first)
    env.file(second)
    assert env.text("PORT") == "3"
    assert env.text("REDIS_URL") == "redis://127.0.0.1:1/0"


def test_pairs_are_names_with_values(environment: dict[str, str]) -> None:
    assert Env().pairs("PROVIDERS") == {}
    environment["PROVIDERS"] = " a = one.Class, b=two.Class "
    assert Env().pairs("PROVIDERS") == {"a": "one.Class", "b": "two.Class"}
    environment["PROVIDERS"] = "a=one.Class,two.Class"
    with pytest.raises(ImproperlyConfigured, match="PROVIDERS must be name=value"):
        Env().pairs("PROVIDERS")

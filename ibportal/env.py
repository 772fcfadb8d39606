"""Reads the environment and .env files strictly: a bad value is a sentence, not a surprise."""

import re
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

LINE = re.compile(r"^(?:export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=.*$")
UNCLOSED = re.compile(r"""^[^#=]+=\s*(["'])[^"']*$""")
TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}


class Env(environ.Env):  # type: ignore[misc]  # django-environ ships no types
    """django-environ with readers that name the variable and say what would be right."""

    def file(self, path: Path) -> None:
        """Adds the variables of a .env file that the environment does not set already.

        A name without a value is as good as absent: a later file may still give one.
        """
        if not path.exists():
            return
        for number, line in enumerate(_lines(path), 1):
            text = line.strip()
            if text and not text.startswith("#") and not LINE.match(text):
                raise ImproperlyConfigured(
                    f"{path.name}, line {number}: expected NAME=value, found {text[:40]!r}."
                )
            if UNCLOSED.search(text):
                raise ImproperlyConfigured(
                    f"{path.name}, line {number}: the value opens a quote and does not close it."
                )
        known = set(self.ENVIRON)
        self.read_env(str(path))
        for name in set(self.ENVIRON) - known:
            if not self.ENVIRON[name].strip():
                del self.ENVIRON[name]

    def flag(self, name: str, *, default: bool) -> bool:
        raw = self.text(name).lower()
        if raw in TRUE:
            return True
        if raw in FALSE:
            return default if raw == "" else False
        raise ImproperlyConfigured(f"{name} must be true or false, not {raw!r}.")

    def number(self, name: str, *, default: int, low: int, high: int) -> int:
        raw = self.text(name, default=str(default))
        if not re.fullmatch(r"-?\d+", raw) or not low <= int(raw) <= high:
            raise ImproperlyConfigured(
                f"{name} must be a whole number from {low} to {high}, not {raw!r}."
            )
        return int(raw)

    def text(self, name: str, *, default: str = "") -> str:
        return str(self(name, default="")).strip() or default

    def names(self, name: str, *, default: list[str]) -> list[str]:
        """A comma-separated list."""
        return [part.strip() for part in self.text(name).split(",") if part.strip()] or default

    def pairs(self, name: str) -> dict[str, str]:
        """A comma-separated list of name=value."""
        found = dict[str, str]()
        for part in self.names(name, default=[]):
            key, sign, value = (piece.strip() for piece in part.partition("="))
            if not (key and sign and value):
                raise ImproperlyConfigured(f"{name} must be name=value, ..., not {part!r}.")
            found[key] = value
        return found

    def keys(self, name: str) -> list[str]:
        """A comma-separated list of Fernet keys."""
        found = self.names(name, default=[])
        for number, key in enumerate(found, 1):
            try:
                Fernet(key)
            except ValueError:
                raise ImproperlyConfigured(
                    f"{name}: key {number} is not a Fernet key (32 bytes in URL-safe base64)."
                ) from None
        return found

    def zone(self, name: str, *, default: str) -> str:
        raw = self.text(name, default=default)
        try:
            ZoneInfo(raw)
        except (ZoneInfoNotFoundError, ValueError):
            raise ImproperlyConfigured(
                f"{name} must be a zone such as UTC or America/New_York, not {raw!r}."
            ) from None
        return raw

    def folder(self, name: str, *, default: Path) -> Path:
        raw = self.text(name)
        path = Path(raw).expanduser().resolve() if raw else default
        if path.exists() and not path.is_dir():
            raise ImproperlyConfigured(f"{name} must name a folder; {path} is a file.")
        return path

    def choice(self, name: str, *, default: str, choices: tuple[str, ...]) -> str:
        raw = self.text(name, default=default)
        if raw not in choices:
            raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {raw!r}.")
        return raw

    def address(self, name: str, *, default: str, schemes: tuple[str, ...]) -> str:
        raw = self.text(name, default=default)
        if urlsplit(raw).scheme not in schemes:
            raise ImproperlyConfigured(
                f"{name} must start with {' or '.join(s + '://' for s in schemes)}, "
                f"not {raw.split('@')[-1][:40]!r}."
            )
        return raw


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise ImproperlyConfigured(
            f"{path.name} is not UTF-8 text. Save it as UTF-8 (not as UTF-16) and try again."
        ) from None
    except OSError as error:
        raise ImproperlyConfigured(
            f"{path.name} cannot be read ({error.strerror}): it must be a text file."
        ) from None

"""Seals what a channel must keep to itself with the keys of FIELD_KEYS; the first key seals."""

import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.translation import gettext as _

from apps.lib.errors import Unavailable


def seal(config: Mapping[str, str]) -> str:
    return _keys().encrypt(json.dumps(dict(config)).encode()).decode("ascii")


def unseal(sealed: str) -> dict[str, str]:
    """Raises Unavailable when none of the keys fits."""
    try:
        opened: dict[str, str] = json.loads(_keys().decrypt(sealed.encode("ascii")))
    except InvalidToken:
        raise _no_key_fits() from None
    return opened


def reseal(sealed: str) -> str:
    """The same secret, sealed with the first key."""
    try:
        return _keys().rotate(sealed.encode("ascii")).decode("ascii")
    except InvalidToken:
        raise _no_key_fits() from None


def _keys() -> MultiFernet:
    if not settings.FIELD_KEYS:
        raise Unavailable(
            _("There is no key to keep secrets with."),
            remedy=_("Set FIELD_KEYS in .env; docs/alerts.md shows how to make a key."),
        )
    return MultiFernet([Fernet(key) for key in settings.FIELD_KEYS])


def _no_key_fits() -> Unavailable:
    return Unavailable(
        _("The secrets of this channel cannot be read with the keys there are."),
        remedy=_("Put the old key back at the end of FIELD_KEYS, or enter the secrets again."),
    )

"""Times in UTC: from server version 214 on TWS marks them with a Z."""

import re

from twsim import versions

UTC = re.compile(r"\d{8}-\d{2}:\d{2}:\d{2}")
"""The dash instead of a space says UTC; local times name their zone after a space."""


def suffixed(when: str, server_version: int) -> str:
    marked = server_version >= versions.UTC_SUFFIX and UTC.fullmatch(when) is not None
    return f"{when}Z" if marked else when

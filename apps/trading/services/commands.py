"""Commands that do not wait behind tasks: a Redis list that the gateway worker reads itself."""

import time
from datetime import datetime
from typing import Any
from uuid import uuid4

import orjson
import redis
from django.utils.translation import gettext as _

from apps.lib import redis as store
from apps.lib.errors import Unavailable
from apps.lib.queue import NoAnswer

ANSWER_WITHIN = 5.0


def command_send(
    *,
    slug: str,
    command: str,
    account: str | None = None,
    own_only: bool = True,
    by: str,
    at: datetime,
    **more: Any,
) -> str:
    """Returns the id to wait for with command_answer; raises Unavailable without Redis."""
    number = uuid4().hex
    told = {
        "id": number,
        "command": command,
        "account": account,
        "own_only": own_only,
        "by": by,
        "at": at.isoformat(),
        **more,
    }
    try:
        store.client().lpush(store.COMMANDS.format(slug=slug), orjson.dumps(told))
    except redis.RedisError as error:
        raise Unavailable(_("Redis cannot be reached, so the broker cannot be told.")) from error
    return number


def command_answer(number: str, *, timeout: float = ANSWER_WITHIN) -> dict[str, Any]:
    """What the worker answered; raises NoAnswer, then the command still waits for the worker."""
    until = time.monotonic() + timeout
    try:
        while (left := until - time.monotonic()) > 0:
            key = store.REPLY.format(id=number)
            found: Any = store.client().brpop([key], timeout=max(0.01, min(left, 1.0)))
            if found is not None:
                answer: dict[str, Any] = orjson.loads(found[1])
                return answer
    except redis.RedisError as error:
        raise Unavailable(_("Redis cannot be reached, so the broker cannot be told.")) from error
    raise NoAnswer(
        _("The gateway worker did not answer within %(seconds)s s.") % {"seconds": f"{timeout:g}"},
        remedy=_("The command waits for it; look at the link and at the worker's log."),
    )

"""Enqueue a task by its name once the transaction has committed, or ask one and wait."""

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import kombu.exceptions
import orjson
import redis
from celery import current_app
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from apps.lib import redis as store
from apps.lib.errors import PortalError, Unavailable

ANSWER_WITHIN = 10.0
REPLY_KEPT = 60
"""Seconds after which an answer that nobody fetched is gone."""
SLICE = 1.0
"""Seconds between two looks at whether the gateway worker is still there."""


class NoAnswer(PortalError):
    """The gateway worker is there and did not answer in time."""

    code = "timeout"
    status = 504


class Answered(PortalError):
    """What the gateway worker's task raised, as it was said there."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(str(error["message"]), remedy=str(error["remedy"]))
        self.code = str(error["code"])
        self.status = int(error["status"])


def enqueue(
    name: str, *, queue: str = "default", expires: float | None = None, **kwargs: Any
) -> None:
    """Sends the task after commit; without a transaction at once.

    A message lost between commit and broker is found by the sweeps, so tasks are written to be
    harmless when they run twice. After `expires` seconds in the queue a task is dropped.
    """
    options: dict[str, Any] = {} if expires is None else {"expires": expires}
    transaction.on_commit(
        lambda: current_app.send_task(name, kwargs=kwargs, queue=queue, **options)
    )


def gateway_queue(slug: str) -> str:
    """The queue that only the gateway worker of this connection reads."""
    return f"gateway.{slug}"


def ask(name: str, *, slug: str, timeout: float = ANSWER_WITHIN, **kwargs: Any) -> Any:
    """Runs a task in the gateway worker of a connection and waits for what it answers (JSON).

    The task takes `slug`, `reply_to` and `language` besides `kwargs` and calls `answer`. It is
    sent at once: what an open transaction has written, it does not see. Raises Answered with what
    the task raised, Unavailable when no worker holds the connection, NoAnswer after `timeout`
    seconds.
    """
    reply_to = store.REPLY.format(id=uuid4().hex)
    try:
        _refuse_absent(slug)
        kwargs |= {
            "slug": slug,
            "reply_to": reply_to,
            "language": translation.get_language() or "en",
        }
        current_app.send_task(
            name, kwargs=kwargs, queue=gateway_queue(slug), expires=timeout, retry=False
        )
        reply = _wait(reply_to, slug, time.monotonic() + timeout)
    except (redis.RedisError, kombu.exceptions.OperationalError, OSError) as error:
        raise Unavailable(_("Redis cannot be reached, so the broker cannot be asked.")) from error
    if reply is None:
        raise NoAnswer(
            _("The gateway worker did not answer within %(seconds)s s.")
            % {"seconds": f"{timeout:g}"},
            remedy=_("Try again; if it stays like this, look at the link and the worker's log."),
        )
    if "error" in reply:
        raise Answered(reply["error"])
    return reply["answer"]


def answer(reply_to: str, language: str, work: Callable[[], Any]) -> None:
    """Does the work of a task that somebody waits for, in their language, and sends the outcome.

    An error that is not meant for people is answered as such and raised again.
    """
    with translation.override(language):
        try:
            reply = {"answer": work()}
        except PortalError as error:
            reply = {"error": {**error.as_dict(), "status": error.status}}
        except Exception:
            failed = PortalError(_("The gateway worker failed on this; its log says how."))
            _send(reply_to, {"error": {**failed.as_dict(), "status": 500}})
            raise
    _send(reply_to, reply)


def _refuse_absent(slug: str) -> None:
    if not store.client().exists(store.LEASE.format(name=f"connection:{slug}")):
        raise Unavailable(
            _("The gateway worker of this connection is not running."),
            remedy=_("Start it, or look at its log to see why it stopped."),
        )


def _wait(reply_to: str, slug: str, until: float) -> dict[str, Any] | None:
    while (left := until - time.monotonic()) > 0:
        found: Any = store.client().brpop([reply_to], timeout=max(0.01, min(left, SLICE)))
        if found is not None:
            reply: dict[str, Any] = orjson.loads(found[1])
            return reply
        _refuse_absent(slug)
    return None


def _send(reply_to: str, reply: dict[str, Any]) -> None:
    with store.client().pipeline(transaction=True) as pipe:
        pipe.lpush(reply_to, orjson.dumps(reply))
        pipe.expire(reply_to, REPLY_KEPT)
        pipe.execute()

"""The API's one error shape and its JSON renderer."""

import logging
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import orjson
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.renderers import BaseRenderer
from rest_framework.response import Response
from rest_framework.serializers import CharField, DictField, ListField, Serializer
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import exception_handler as drf_handler
from rest_framework.views import set_rollback

from apps.lib import redis as store
from apps.lib.errors import Invalid, PortalError, Unavailable

log = logging.getLogger(__name__)


class ErrorSerializer(Serializer[Any]):
    """The body of every answer from 400 upwards; `fields` only where fields are wrong."""

    code = CharField()
    message = CharField()
    remedy = CharField(allow_blank=True)
    fields = DictField(  # type: ignore[assignment]  # DRF's metaclass takes the field out again
        child=ListField(child=CharField()), required=False
    )


class OrjsonRenderer(BaseRenderer):
    """JSON with Decimals as strings without exponent, and times in ISO 8601."""

    media_type = "application/json"
    format = "json"
    charset = None
    render_style = "text"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        del accepted_media_type, renderer_context
        return b"" if data is None else orjson.dumps(data, default=_plain)


class Pages(LimitOffsetPagination):
    """?limit= and ?offset=; at most a thousand rows an answer."""

    default_limit = 100
    max_limit = 1000


class Throttle(UserRateThrottle):
    """Counts in one question to Redis. A sliding window as the framework's own: a list of the
    moments of the requests that were let through, the newest first."""

    duration: int
    num_requests: int

    def allow_request(self, request: Any, view: Any) -> bool:
        key = store.THROTTLE.format(key=self.get_cache_key(request, view))
        self.now = self.timer()
        oldest = _window()(keys=[key], args=[repr(self.now), self.duration, self.num_requests])
        self.history = [] if oldest is None else [float(oldest)] * self.num_requests
        return oldest is None


WINDOW = """
local oldest = redis.call('LINDEX', KEYS[1], ARGV[3] - 1)
if oldest and tonumber(oldest) > ARGV[1] - ARGV[2] then return oldest end
redis.call('LPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], 0, ARGV[3] - 1)
redis.call('EXPIRE', KEYS[1], ARGV[2])
return nil
"""
"""Of now, seconds, and requests: nothing where one more is let through, else the moment of the
oldest that stands in its way."""


@cache
def _window() -> Any:
    return store.client().register_script(WINDOW)


def checked(shape: type[Serializer[Any]], data: Any) -> dict[str, Any]:
    """What came in, parsed; raises DRF's ValidationError.

    Fields keep nothing of what they check, so one set of them does for all requests.
    """
    try:
        return dict(_made_once(shape).run_validation(data))
    except exceptions.ValidationError:
        # The framework tells in its own words what is wrong.
        found = shape(data=data)
        found.is_valid(raise_exception=True)
        return dict(found.validated_data)


@cache
def _made_once(shape: type[Serializer[Any]]) -> Serializer[Any]:
    return shape(data={})


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """{"code", "message", "remedy", "fields"?}; None lets unexpected errors be a 500."""
    if isinstance(error, OperationalError | InterfaceError):
        log.error("the database does not answer: %s", error)
        error = _database_away()
    if isinstance(error, PortalError):
        set_rollback()
        body: dict[str, Any] = dict(error.as_dict())
        if isinstance(error, Invalid):
            body["fields"] = error.fields
        return Response(body, status=error.status)
    response = drf_handler(error, dict(context))
    if response is not None:
        response.data = _body(error)
    return response


def _database_away() -> Unavailable:
    """Also of a commit whose answer was lost."""
    return Unavailable(
        _("The database does not answer: nobody can say whether this was stored."),
        remedy=_(
            "Look in a moment what is there. An order with an Idempotency-Key may be sent again: "
            "it is stored once."
        ),
    )


def _body(error: Exception) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        return {
            "code": "invalid",
            "message": _("The request does not make sense as it is."),
            "remedy": "",
            "fields": _fields(error.detail),
        }
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        raise TypeError("DRF answers only its own errors") from error
    return {"code": error.default_code, "message": str(error.detail), "remedy": ""}


def _fields(detail: Any) -> dict[str, list[str]]:
    if isinstance(detail, Mapping):
        return {str(name): _texts(value) for name, value in detail.items()}
    return {"non_field_errors": _texts(detail)}


def _texts(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [text for part in value.values() for text in _texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in _texts(part)]
    return [str(value)]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Promise):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not JSON")

"""Turns a PortalError that a page raises into a page that says what is wrong and what helps."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.lib.errors import PortalError


class PortalErrorMiddleware:
    """The API has its own exception handler; this one is for pages and their fragments."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, PortalError):
            return None
        context = {"sentence": error.sentence, "remedy": error.remedy, "code": error.code}
        return render(request, "problem.html", context, status=error.status)

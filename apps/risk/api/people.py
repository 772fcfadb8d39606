"""Who asks and about which account, for every view of the risk API."""

from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from rest_framework.request import Request

from apps.accounts.models import BrokerAccount
from apps.accounts.selectors import account_get
from apps.lib.errors import NotAllowed


def person(request: Request) -> User:
    """The API lets nobody in without login."""
    if not isinstance(request.user, User):
        raise NotAllowed(_("Log in first."))
    return request.user


def account_of(request: Request, pk: int | None) -> BrokerAccount | None:
    """None is everything; raises NotFound for an account that is not theirs to see."""
    return None if pk is None else account_get(request.user, pk)


def checked(shape: Any, data: Any) -> dict[str, Any]:
    """What came in, parsed; raises DRF's ValidationError."""
    found = shape(data=data)
    found.is_valid(raise_exception=True)
    return dict(found.validated_data)

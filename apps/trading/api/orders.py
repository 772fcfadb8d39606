"""Orders and executions over REST: parse, call a service or selector, answer."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_filters.rest_framework import (  # type: ignore[import-untyped]  # ships no types
    BooleanFilter,
    CharFilter,
    FilterSet,
    IsoDateTimeFilter,
    NumberFilter,
)
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.rows import RowsView
from apps.accounts.models import Connection
from apps.accounts.selectors import account_get, accounts_visible
from apps.accounts.selectors.accounts import account_asked
from apps.accounts.services.chaining import head_asked
from apps.lib import clock
from apps.lib.api import Throttle, checked
from apps.lib.errors import Invalid, NotAllowed, NotFound
from apps.lib.prepared import together
from apps.marketdata.permissions import connection_get
from apps.marketdata.selectors.instruments import instrument_asked, instrument_get
from apps.trading import rows, selectors, services
from apps.trading.api import order_schema as schema
from apps.trading.models import Execution, Order, Source
from apps.trading.selectors.acting import (
    order_to_cancel,
    order_to_cancel_asked,
    order_to_change,
)
from apps.trading.selectors.orders import WITH_ORDER
from apps.trading.states import OPEN

KEY = "Idempotency-Key"
KEY_LIMIT = 60
"""The rest of the column is for the members of a bracket."""
NUMBERS = 10**18
"""Keys are smaller."""
Row = dict[str, Any]


class TradeThrottle(Throttle):
    """Enough for a person and a program, and too little to flood the broker."""

    scope = "trade"
    rate = "600/min"


class WhatIfThrottle(Throttle):
    scope = "what_if"
    rate = "60/min"


class OrderFilter(FilterSet):  # type: ignore[misc]  # ships no types
    account = NumberFilter(field_name="account")
    con_id = NumberFilter(field_name="instrument")
    open = BooleanFilter(method="filter_open", help_text="Those that may still fill")
    since = IsoDateTimeFilter(field_name="accepted_at", lookup_expr="gte")
    until = IsoDateTimeFilter(field_name="accepted_at", lookup_expr="lt")

    class Meta:
        model = Order
        fields = ["state", "side", "source", "strategy"]

    def filter_open(self, found: QuerySet[Order], _name: str, value: bool) -> QuerySet[Order]:  # noqa: FBT001  # django-filter's signature
        states = sorted(OPEN)
        return found.filter(state__in=states) if value else found.exclude(state__in=states)


class ExecutionFilter(FilterSet):  # type: ignore[misc]  # ships no types
    account = NumberFilter(field_name="account")
    con_id = NumberFilter(field_name="instrument")
    order = NumberFilter(field_name="order")
    side = CharFilter(field_name="side")
    since = IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    until = IsoDateTimeFilter(field_name="at", lookup_expr="lt")


def trader(request: Request) -> User:
    if not isinstance(request.user, User):
        raise NotAllowed(_("Log in first."))
    return request.user


def idempotency_key(request: Request) -> str:
    """Raises Invalid: without a key an order that timed out could not be repeated safely."""
    key = request.headers.get(KEY, "").strip()
    if not key or len(key) > KEY_LIMIT:
        raise Invalid(
            _("A request that trades needs a key of its own, so that it can be repeated."),
            fields={KEY: [_("Send a header with a fresh text of 1 to 60 characters.")]},
        )
    return key


def _terms(body: Row) -> Any:
    """The body as keyword arguments of a service."""
    terms = {name: body[name] for name in body if name not in ("account", "con_id")}
    if "algo_params" in terms:
        terms["algo_params"] = tuple(terms["algo_params"].items())
    return terms


def _asked(request: Request, body: Row) -> Row:
    return {
        "user": trader(request),
        "account": account_get(request.user, body["account"]),
        "instrument": instrument_get(body["con_id"]),
        "at": clock.now(),
    }


def _ahead(request: Request, body: Row, key: str) -> AbstractContextManager[None]:
    """All that an order is made of, in one question to the database."""
    account_id, con_id = body["account"], body["con_id"]
    if max(abs(account_id), abs(con_id)) >= NUMBERS:
        return nullcontext()
    return together(
        [
            *account_asked(request.user, account_id),
            instrument_asked(con_id),
            *services.known_asked(account_id, con_id, key),
        ]
    )


class OrderList(RowsView[Order]):
    """Orders of your accounts, the newest first."""

    filterset_class = OrderFilter
    queryset = Order.objects.none()

    def get_throttles(self) -> list[Any]:
        return [TradeThrottle()] if self.request.method == "POST" else super().get_throttles()

    def get_queryset(self) -> QuerySet[Order]:
        return selectors.orders_visible(self.request.user).select_related(*WITH_ORDER)

    def rows(self, found: list[Order]) -> list[Row]:
        return [rows.order_row(order) for order in found]

    @extend_schema(responses=schema.OrderShape(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Orders of your accounts, the newest first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        request=schema.OrderBody,
        responses={201: schema.PlacedShape, 409: None},
        parameters=[
            OpenApiParameter(KEY, str, OpenApiParameter.HEADER, required=True),
        ],
    )
    def post(self, request: Request) -> Response:
        """Places an order, or a bracket of three; the same key again gives the same order.

        409 with the gate's reasons when risk refuses it.
        """
        key = idempotency_key(request)
        body = checked(schema.OrderBody, request.data)
        placed = services.bracket_place if "take_profit" in body else services.order_place
        with _ahead(request, body, key):
            asked = _asked(request, body) | {"source": Source.API, "idempotency_key": key}
            made: Any = placed(**asked, **_terms(body))
        entry, *exits = made if isinstance(made, tuple) else (made,)
        children = [rows.order_row(order) for order in exits]
        return Response(rows.order_row(entry) | {"children": children}, status=201)


class OrderDetail(APIView):
    @extend_schema(responses=schema.OrderDetailShape)
    def get(self, request: Request, pk: int) -> Response:
        """One order with everything that happened to it."""
        return Response(_detail(selectors.order_get(request.user, pk)))

    @extend_schema(request=schema.ChangeBody, responses={202: schema.ChangeShape})
    def patch(self, request: Request, pk: int) -> Response:
        """Asks the broker for another quantity or price; the order shows it once confirmed."""
        body = checked(schema.ChangeBody, request.data)
        order = order_to_change(request.user, pk)
        change = services.order_change(user=trader(request), order=order, at=clock.now(), **body)
        return Response(_change(change), status=202)


def _detail(order: Order) -> Row:
    events = order.events.order_by("number").values(
        "number", "kind", "before", "after", "origin", "at", "data"
    )
    changes = [_change(change) for change in order.changes.order_by("number")]
    return rows.order_row(order) | {"events": list(events), "changes": changes}


def _change(change: Any) -> Row:
    return rows.present(
        {
            "number": change.number,
            "quantity": change.quantity,
            "limit_price": change.limit_price,
            "stop_price": change.stop_price,
            "state": change.state,
            "reason": change.reason or None,
            "asked_at": change.asked_at,
        }
    )


class OrderCancel(APIView):
    @extend_schema(request=None, responses={202: schema.OrderShape})
    def post(self, request: Request, pk: int) -> Response:
        """Ends the order if nobody has sent it, else asks the broker; harmless when repeated."""
        user, source = request.user, Source.API
        with together([*order_to_cancel_asked(user, pk), head_asked()]):
            order = order_to_cancel(user, pk)
            services.order_cancel(user=trader(request), order=order, at=clock.now(), source=source)
        return Response(rows.order_row(selectors.order_told(pk)), status=202)


class OrdersCancelAll(APIView):
    @extend_schema(request=schema.CancelAllBody, responses={202: schema.CancelledShape})
    def post(self, request: Request) -> Response:
        """Cancels every working order of the portal, past all queues."""
        body = checked(schema.CancelAllBody, request.data)
        connection = _connection(request, body["connection"])
        account = account_get(request.user, body["account"]) if "account" in body else None
        if account is not None and account.connection_id != connection.pk:
            raise NotFound(_("This account does not belong to the connection."))
        asked = services.orders_cancel_all(
            user=trader(request),
            account=account,
            connection=connection,
            own_only=body["own_only"],
            at=clock.now(),
        )
        return Response({"asked": asked}, status=202)


class OrdersGlobalCancel(APIView):
    @extend_schema(request=schema.GlobalCancelBody, responses={204: None})
    def post(self, request: Request) -> Response:
        """Cancels everything the login has working, other programs' orders too."""
        body = checked(schema.GlobalCancelBody, request.data)
        if body["confirm"] != body["connection"]:
            raise Invalid(
                _("The confirmation does not match."),
                fields={"confirm": [_("Type the short name of the connection once more.")]},
            )
        connection = _connection(request, body["connection"])
        services.global_cancel(user=trader(request), connection=connection, at=clock.now())
        return Response(status=204)


def _connection(request: Request, slug: str) -> Connection:
    return connection_get(request.user, slug)


class OrderWhatIf(APIView):
    throttle_classes = [WhatIfThrottle]

    @extend_schema(request=schema.TermsBody, responses=schema.MarginShape)
    def post(self, request: Request) -> Response:
        """What the broker says the order would cost and bind; nothing is placed."""
        body = checked(schema.TermsBody, request.data)
        impact = services.order_what_if(**_asked(request, body), **_terms(body))
        told = {name: None if value == "" else value for name, value in asdict(impact).items()}
        return Response(rows.present(told))


@extend_schema(responses=schema.ExecutionShape(many=True))
class ExecutionList(RowsView[Execution]):
    """Fills of your accounts as they stand after corrections, the newest first."""

    filterset_class = ExecutionFilter
    queryset = Execution.objects.none()

    def get_queryset(self) -> QuerySet[Execution]:
        standing = selectors.executions_standing().select_related("instrument")
        return standing.filter(account__in=accounts_visible(self.request.user))

    def rows(self, found: list[Execution]) -> list[Row]:
        paid = selectors.commissions_of(found)
        return [
            rows.execution_row(fill, paid.get((fill.connection_id, fill.exec_id))) for fill in found
        ]

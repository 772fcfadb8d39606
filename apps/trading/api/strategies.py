"""Strategies and their policies over REST."""

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import (  # type: ignore[import-untyped]  # ships no types
    FilterSet,
    NumberFilter,
)
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.rows import RowsView
from apps.accounts.selectors import account_get
from apps.lib import clock
from apps.marketdata.api.instruments import checked
from apps.trading import selectors, services
from apps.trading.api import strategy_schema as schema
from apps.trading.api.orders import Row, TradeThrottle, trader
from apps.trading.models import Policy, Strategy
from apps.trading.strategyrows import policy_row, strategy_row


class StrategyFilter(FilterSet):  # type: ignore[misc]  # ships no types
    account = NumberFilter(field_name="account")

    class Meta:
        model = Strategy
        fields = ["name", "enabled"]


class StrategyList(RowsView[Strategy]):
    filterset_class = StrategyFilter
    queryset = Strategy.objects.none()

    def get_queryset(self) -> QuerySet[Strategy]:
        return selectors.strategies_visible(self.request.user)

    def rows(self, found: list[Strategy]) -> list[Row]:
        return [strategy_row(strategy) for strategy in found]

    @extend_schema(responses=schema.StrategyShape(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Strategies of your accounts."""
        return super().get(request, *args, **kwargs)

    @extend_schema(request=schema.StrategyBody, responses={201: schema.StrategyShape})
    def post(self, request: Request) -> Response:
        """A new strategy with its first policy."""
        body = checked(schema.StrategyBody, request.data)
        strategy = services.strategy_create(
            user=trader(request),
            account=account_get(request.user, body["account"]),
            name=body["name"],
            provider=body["provider"],
            params=body["params"],
            policy=body["policy"],
            at=clock.now(),
        )
        return Response(strategy_row(strategy), status=201)


class StrategyDetail(APIView):
    @extend_schema(responses=schema.StrategyShape)
    def get(self, request: Request, pk: int) -> Response:
        """One strategy."""
        return Response(strategy_row(selectors.strategy_get(request.user, pk)))

    @extend_schema(request=schema.StrategyChange, responses=schema.StrategyShape)
    def patch(self, request: Request, pk: int) -> Response:
        """Switches it on or off, or changes its provider and parameters."""
        strategy = services.strategy_update(
            user=trader(request),
            strategy=selectors.strategy_get(request.user, pk),
            at=clock.now(),
            **checked(schema.StrategyChange, request.data),
        )
        return Response(strategy_row(strategy))


class PolicyList(RowsView[Policy]):
    queryset = Policy.objects.none()

    def get_throttles(self) -> list[Any]:
        return [TradeThrottle()] if self.request.method == "POST" else super().get_throttles()

    def get_queryset(self) -> QuerySet[Policy]:
        return selectors.policies_of(
            selectors.strategy_get(self.request.user, self.kwargs["pk"]).pk
        )

    def rows(self, found: list[Policy]) -> list[Row]:
        return [policy_row(policy) for policy in found]

    @extend_schema(responses=schema.PolicyShape(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Every version of the policy, the newest first: that one is used."""
        return super().get(request, *args, **kwargs)

    @extend_schema(request=schema.PolicyChange, responses=schema.PolicyShape)
    def post(self, request: Request, pk: int) -> Response:
        """A new version; the newest one as it is when nothing differs."""
        policy = services.policy_change(
            user=trader(request),
            strategy=selectors.strategy_get(request.user, pk),
            changes=checked(schema.PolicyChange, request.data)["changes"],
            at=clock.now(),
        )
        return Response(policy_row(policy))


class ProviderList(APIView):
    @extend_schema(responses={200: {"type": "array", "items": {"type": "string"}}})
    def get(self, request: Request) -> Response:
        """Names of the strategy providers of this portal."""
        del request
        return Response(services.provider_names())

"""Accounts as their user may see them: cards, values, positions, equity, findings."""

from dataclasses import asdict
from typing import Any

from django.db.models import Prefetch, QuerySet
from django_filters.rest_framework import (  # type: ignore[import-untyped]  # ships no types
    CharFilter,
    FilterSet,
)
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts import selectors
from apps.accounts.api import schema
from apps.accounts.api.rows import RowsView
from apps.accounts.masks import mask_text
from apps.accounts.models import AccountValue, BrokerAccount, Finding, Position
from apps.accounts.numbers import rounded
from apps.accounts.permissions import may_unmask
from apps.accounts.state import CARD_TAGS, card, exchange_rates, row


class AccountFilter(FilterSet):  # type: ignore[misc]  # ships no types
    connection = CharFilter(field_name="connection__slug", help_text="Short name")


@extend_schema(responses=schema.CardShape(many=True))
class AccountList(RowsView[BrokerAccount]):
    """The cards of your accounts."""

    filterset_class = AccountFilter

    def get_queryset(self) -> QuerySet[BrokerAccount]:
        shown = AccountValue.objects.filter(tag__in=CARD_TAGS.values())
        visible = selectors.accounts_visible(self.request.user)
        return visible.prefetch_related(Prefetch("values", queryset=shown))

    def rows(self, found: list[BrokerAccount]) -> list[dict[str, Any]]:
        unmask = may_unmask(self.request.user)
        return [
            card(account, {(v.tag, v.currency): v for v in account.values.all()}, unmask=unmask)
            for account in found
        ]


class AccountDetail(APIView):
    @extend_schema(responses=schema.AccountShape)
    def get(self, request: Request, pk: int) -> Response:
        """Card, and cash by currency."""
        account = selectors.account_get(request.user, pk)
        state = selectors.account_state(account, unmask=may_unmask(request.user))
        return Response({"card": state["card"], "cash": state["cash"]})


@extend_schema(responses=schema.ValueShape(many=True))
class AccountValues(RowsView[AccountValue]):
    """Every value the broker reports, by tag and currency."""

    filterset_fields = ["tag", "currency"]
    queryset = AccountValue.objects.none()

    def get_queryset(self) -> QuerySet[AccountValue]:
        return selectors.account_get(self.request.user, self.kwargs["pk"]).values.all()

    def rows(self, found: list[AccountValue]) -> list[dict[str, Any]]:
        return [
            {
                "tag": value.tag,
                "currency": value.currency,
                "amount": value.amount,
                "text": mask_text(value.text),
                "at": value.at,
            }
            for value in found
        ]


@extend_schema(responses=schema.PositionShape(many=True))
class AccountPositions(RowsView[Position]):
    """What the account holds, as in the live topic."""

    filterset_fields = ["sec_type", "currency", "symbol"]
    queryset = Position.objects.none()

    def get_queryset(self) -> QuerySet[Position]:
        account = selectors.account_get(self.request.user, self.kwargs["pk"])
        return account.positions.select_related("account")

    def rows(self, found: list[Position]) -> list[dict[str, Any]]:
        if not found:
            return []
        account = found[0].account
        values = account.values.filter(tag="ExchangeRate")
        rates = exchange_rates(account, {(v.tag, v.currency): v for v in values})
        return [row(position, rates.get(position.currency)) for position in found]


class AccountEquity(APIView):
    @extend_schema(parameters=[schema.EquityQuery], responses=schema.EquityShape)
    def get(self, request: Request, pk: int) -> Response:
        """Equity history in base currency, and the performance it shows without cash flows."""
        account = selectors.account_get(request.user, pk)
        query = schema.EquityQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        since_at = query.validated_data.get("since_at")
        stats = selectors.equity_stats(account, since_at=since_at)
        points = selectors.equity_series(account, since_at=since_at)
        shown = None if stats is None else asdict(stats)
        for name in ("total_return", "high_water", "drawdown", "max_drawdown"):
            if shown is not None:
                shown[name] = rounded(shown[name], 8)
        return Response(
            {"points": [{"at": p.at, "value": p.value} for p in points], "performance": shown}
        )


@extend_schema(responses=schema.FindingShape(many=True))
class FindingList(RowsView[Finding]):
    """Open findings of the consistency check on your accounts."""

    filterset_fields = ["severity", "code"]
    queryset = Finding.objects.none()

    def get_queryset(self) -> QuerySet[Finding]:
        return selectors.findings_open(self.request.user)

    def rows(self, found: list[Finding]) -> list[dict[str, Any]]:
        return [
            {
                "id": finding.pk,
                "account": finding.account_id,
                "con_id": finding.con_id,
                "code": finding.code,
                "severity": finding.severity,
                "sentence": finding.sentence,
                "first_seen_at": finding.first_seen_at,
                "last_seen_at": finding.last_seen_at,
            }
            for finding in found
        ]


class AccountFindings(FindingList):
    """Open findings of one account."""

    def get_queryset(self) -> QuerySet[Finding]:
        account = selectors.account_get(self.request.user, self.kwargs["pk"])
        return super().get_queryset().filter(account=account)

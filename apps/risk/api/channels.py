"""Alert channels and deliveries over the API."""

from dataclasses import fields
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.rows import RowsView
from apps.lib import clock
from apps.risk import services
from apps.risk.api import channel_schema as schema
from apps.risk.api.people import checked, person
from apps.risk.models import Channel, Delivery
from apps.risk.selectors.channels import (
    channel_row,
    channels_all,
    deliveries_visible,
    delivery_row,
)


@extend_schema(responses=schema.ChannelShape(many=True))
class ChannelList(RowsView[Channel]):
    """Every channel, without its secrets."""

    queryset = Channel.objects.none()

    def get_queryset(self) -> QuerySet[Channel]:
        return channels_all()

    def rows(self, found: list[Channel]) -> list[dict[str, Any]]:
        return [channel_row(channel) for channel in found]

    @extend_schema(request=schema.ChannelBody, responses={201: schema.ChannelShape})
    def post(self, request: Request) -> Response:
        """Makes a channel."""
        wish = services.ChannelWish(**checked(schema.ChannelBody, request.data))
        channel = services.channel_save(user=person(request), wish=wish, at=clock.now())
        return Response(channel_row(channel), status=201)


class ChannelDetail(APIView):
    @extend_schema(responses=schema.ChannelShape)
    def get(self, request: Request, pk: int) -> Response:  # noqa: ARG002  # DRF's signature
        """One channel."""
        return Response(channel_row(services.channel_get(pk)))

    @extend_schema(request=schema.ChannelBody(partial=True), responses=schema.ChannelShape)
    def patch(self, request: Request, pk: int) -> Response:
        """Changes what is given. A new address wants its secret with it."""
        channel, user = services.channel_get(pk), person(request)
        shape = schema.ChannelBody(data=request.data, partial=True)
        shape.is_valid(raise_exception=True)
        given = dict(shape.validated_data)
        told = {f.name: getattr(channel, f.name) for f in fields(services.ChannelWish)
                if f.name != "config"}  # fmt: skip
        config = services.channel_config(channel) | given.pop("config", {})
        wish = services.ChannelWish(**(told | given), config=config)
        saved = services.channel_save(user=user, wish=wish, channel=channel, at=clock.now())
        return Response(channel_row(saved))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Removes a channel and what was noted of its deliveries."""
        channel = services.channel_get(pk)
        services.channel_delete(user=person(request), channel=channel, at=clock.now())
        return Response(status=204)


class ChannelTest(APIView):
    @extend_schema(request=None, responses=schema.TestedShape)
    def post(self, request: Request, pk: int) -> Response:
        """Sends a test message now and tells how it went."""
        tested = services.channel_test(
            user=person(request), channel=services.channel_get(pk), at=clock.now()
        )
        return Response({"ok": tested.ok, "sentence": tested.sentence})


@extend_schema(responses=schema.DeliveryShape(many=True))
class DeliveryList(RowsView[Delivery]):
    """What became of the alerts you may see, newest first."""

    filterset_fields = ["alert", "channel", "state"]
    queryset = Delivery.objects.none()

    def get_queryset(self) -> QuerySet[Delivery]:
        return deliveries_visible(self.request.user)

    def rows(self, found: list[Delivery]) -> list[dict[str, Any]]:
        return [delivery_row(delivery) for delivery in found]

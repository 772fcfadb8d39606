"""Admin of channels: what is no secret may be changed here; secrets go in on the channels' page."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.admin.base import ModelAdmin, ReadOnlyAdmin
from apps.lib import clock
from apps.risk import services
from apps.risk.models import Channel, Delivery, TelegramChat
from apps.risk.selectors.channels import deliveries_visible
from apps.risk.services.channels import PLAIN

if TYPE_CHECKING:
    from django.forms import ModelForm


@admin.register(Channel)
class ChannelAdmin(ModelAdmin[Channel]):
    list_display = ["name", "kind", "target", "min_severity", "enabled", "last_ok_at"]
    list_filter = ["kind", "enabled"]
    readonly_fields = ["kind", "target", "disabled_reason", "last_ok_at"]
    exclude = ["sealed", "offset", "strangers", "busy_until_at", "paused_until_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A channel needs its secrets, which only the channels' page takes."""
        del request
        return False

    def save_model(
        self,
        request: HttpRequest,
        obj: Channel,
        form: "ModelForm[Channel]",
        change: bool,  # noqa: FBT001  # Django's signature
    ) -> None:
        del form, change
        told: dict[str, Any] = {name: getattr(obj, name) for name in PLAIN}
        wish = services.ChannelWish(**told, config=services.channel_config(obj))
        if isinstance(request.user, User):
            services.channel_save(user=request.user, wish=wish, channel=obj, at=clock.now())

    def delete_model(self, request: HttpRequest, obj: Channel) -> None:
        if isinstance(request.user, User):
            services.channel_delete(user=request.user, channel=obj, at=clock.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Channel]) -> None:
        for channel in queryset:
            self.delete_model(request, channel)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin[Delivery]):
    list_display = ["created_at", "alert", "channel", "occasion", "state", "attempts", "error"]
    list_filter = ["state", "occasion", "channel"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        return deliveries_visible(request.user).select_related("alert", "channel")


@admin.register(TelegramChat)
class ChatAdmin(ReadOnlyAdmin[TelegramChat]):
    list_display = ["channel", "chat_id", "user"]
    list_select_related = ["channel", "user"]

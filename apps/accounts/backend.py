"""Who a session belongs to and what they may do, by queries that are compiled once."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission, User
from django.db.models import Q

from apps.lib.prepared import Prepared, Whole, together

USER = Whole(User, lambda user_id: User.objects.filter(pk=user_id).order_by())
HELD = Prepared(
    lambda user_id: (
        Permission.objects.filter(Q(user=user_id) | Q(group__user=user_id))
        .order_by()
        .values_list("content_type__app_label", "codename")
    )
)


class PreparedBackend(ModelBackend):
    """The framework's own rules; every request asks, so asking is made cheap."""

    def get_user(self, user_id: Any) -> User | None:
        """With what they may do, in the same question; superusers may do everything."""
        key = int(user_id)
        with together([USER.asked(user_id=key), HELD.asked(user_id=key)]):
            found = USER.first(user_id=key)
            if found is None or not self.user_can_authenticate(found):
                return None
            if not found.is_superuser:
                self.get_all_permissions(found)
        return found

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Of the user and of their groups in one query; asked once for each user object."""
        plain = user_obj.is_active and not user_obj.is_anonymous and obj is None
        if not plain or user_obj.is_superuser:
            return super().get_all_permissions(user_obj, obj)
        if not hasattr(user_obj, "_perm_cache"):
            held = HELD.rows(user_id=user_obj.pk)
            user_obj._perm_cache = {f"{app}.{name}" for app, name in held}  # noqa: SLF001  # the framework's own
        found: set[str] = user_obj._perm_cache  # noqa: SLF001  # likewise
        return found

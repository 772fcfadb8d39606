"""Who may do what with an account, for pages, topics and the API."""

from django.contrib.auth.models import AbstractBaseUser, AbstractUser, AnonymousUser, Permission
from django.db.models import Q

User = AbstractBaseUser | AnonymousUser

MANAGE = "accounts.change_connection"


def is_user(user: User) -> bool:
    """Logged in and not switched off."""
    return user.is_authenticated and bool(user.is_active)


def is_superuser(user: User) -> bool:
    return is_user(user) and isinstance(user, AbstractUser) and user.is_superuser


def may_unmask(user: User) -> bool:
    """Whether whole account ids may be shown to this user.

    Being a superuser is not enough: masked is the default for everybody, and whoever wants to see
    whole ids is given the permission by name. Asked once for each user object.
    """
    if not (is_user(user) and isinstance(user, AbstractUser)):
        return False
    if not hasattr(user, "_may_unmask"):
        held = Q(user=user) | Q(group__user=user)
        user._may_unmask = Permission.objects.filter(  # type: ignore[attr-defined]  # noqa: SLF001
            held, codename="unmask_account", content_type__app_label="accounts"
        ).exists()
    return bool(user._may_unmask)  # type: ignore[attr-defined]  # noqa: SLF001


def may_manage(user: User) -> bool:
    """Whether the user may change connections and see all of them."""
    return is_user(user) and isinstance(user, AbstractUser) and user.has_perm(MANAGE)

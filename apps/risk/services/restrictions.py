"""The restricted list: entries are added at once; ending one lets more through."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import BrokerAccount
from apps.accounts.permissions import User
from apps.accounts.services import audit_append
from apps.lib.errors import Invalid, NotAllowed
from apps.risk.models import Restriction
from apps.risk.permissions import check_may_change_limits


def restriction_add(
    *,
    user: User,
    con_id: int | None = None,
    issuer: str = "",
    account: BrokerAccount | None = None,
    reduce_only: bool = False,
    reason: str,
    at: datetime,
) -> Restriction:
    """Names an instrument by conId or an issuer by symbol or ISIN. Raises Invalid, NotAllowed."""
    author = check_may_change_limits(user, account)
    problems: dict[str, list[str]] = {}
    if con_id is None and not issuer.strip():
        problems["issuer"] = [_("Name an instrument or an issuer.")]
    if not reason.strip():
        problems["reason"] = [_("Say why: it is kept with the change.")]
    if problems:
        raise Invalid(_("The restriction cannot be set like this."), fields=problems)
    with transaction.atomic():
        entry = Restriction.objects.create(
            con_id=con_id,
            issuer=issuer.strip(),
            account=account,
            reduce_only=reduce_only,
            reason=reason.strip(),
            added_by=author,
            added_at=at,
        )
        _audit(entry, user, "restriction.added", entry.reason, at)
    return entry


def restriction_end(*, user: User, entry: Restriction, reason: str, at: datetime) -> Restriction:
    """With RISK_SECOND_PERSON set somebody else than who added it. Raises Invalid, NotAllowed."""
    other = check_may_change_limits(user, entry.account)
    if not reason.strip():
        said = [_("Say why: it is kept with the change.")]
        raise Invalid(_("The restriction cannot be ended like this."), fields={"reason": said})
    if settings.RISK_SECOND_PERSON and other.pk == entry.added_by_id:
        raise NotAllowed(
            _("Somebody else has to agree to what you asked for."),
            remedy=_("Ask another person who may change limits."),
        )
    with transaction.atomic():
        found = Restriction.objects.select_for_update(no_key=True).get(pk=entry.pk)
        if found.ended_at is None:
            found.ended_by_id, found.ended_at = other.pk, at
            found.save(update_fields=["ended_by", "ended_at"])
            _audit(found, user, "restriction.ended", reason.strip(), at)
    return found


def _audit(entry: Restriction, user: User, action: str, reason: str, at: datetime) -> None:
    audit_append(
        actor=user,
        action=action,
        subject=f"restriction:{entry.pk}",
        account=entry.account,
        data={
            "con_id": entry.con_id,
            "issuer": entry.issuer,
            "reduce_only": entry.reduce_only,
            "reason": reason,
        },
        at=at,
    )

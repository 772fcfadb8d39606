"""What people do on the risk pages: stop, lift, lock, close a lock, take note of an alert."""

from decimal import Decimal, InvalidOperation

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.models import BrokerAccount
from apps.accounts.selectors import account_get
from apps.lib import clock
from apps.lib.errors import Invalid
from apps.risk import services
from apps.risk.levels import LockEnd
from apps.risk.views.frame import owner, told
from apps.risk.views.overview import KILL_WORDS, LIFT_WORD
from apps.risk.words import LEVELS


@require_POST
@login_required
@told
def kill(request: HttpRequest) -> str:
    level = _whole(request.POST.get("level", ""))
    _confirmed(request, KILL_WORDS.get(level, ""))
    services.kill_set(
        user=owner(request),
        account=_account(request),
        level=level,
        reason=request.POST.get("reason", ""),
        at=clock.now(),
    )
    return _("Kill level %(level)s is set: %(name)s.") % {"level": level, "name": LEVELS[level]}


@require_POST
@login_required
@told
def lift(request: HttpRequest) -> str:
    _confirmed(request, LIFT_WORD)
    services.kill_lift(
        user=owner(request),
        account=_account(request),
        reason=request.POST.get("reason", ""),
        at=clock.now(),
    )
    return _("Lifted. Cancelled orders stay cancelled.")


@require_POST
@login_required
@told
def lock_open(request: HttpRequest, pk: int) -> str:
    con_id = _whole(request.POST.get("con_id", ""))
    services.lock_open(
        user=owner(request),
        account=account_get(request.user, pk),
        con_id=con_id,
        name=request.POST.get("name", ""),
        reason=request.POST.get("reason", ""),
        at=clock.now(),
    )
    return _("The instrument may only be reduced now.")


@require_POST
@login_required
@told
def lock_close(request: HttpRequest, pk: int, lock: int) -> str:
    row = services.lock_get(account_get(request.user, pk), lock)
    how = request.POST.get("how", "")
    if how not in set(LockEnd) - {LockEnd.VANISHED}:
        raise Invalid(_("Say how the lock ends."), fields={"how": [_("Choose one.")]})
    services.lock_close(
        user=owner(request),
        lock=row,
        how=how,
        note=request.POST.get("note", ""),
        quantity=_number(request.POST.get("quantity", "")),
        at=clock.now(),
    )
    return _("The lock is closed.")


@require_POST
@login_required
def alert_seen(request: HttpRequest, pk: int) -> HttpResponse:
    """In the strip its reader stays on the page where the alert came up."""
    if not request.headers.get("HX-Request"):
        return _seen(request, pk)
    services.alert_seen(user=owner(request), pk=pk, at=clock.now())
    return render(request, "risk/stripnow.html")


@told
def _seen(request: HttpRequest, pk: int) -> str:
    services.alert_seen(user=owner(request), pk=pk, at=clock.now())
    return _("The alert is out of the tray.")


def _account(request: HttpRequest) -> BrokerAccount | None:
    """Empty is everything; raises NotFound for an account that is not theirs to see."""
    text = request.POST.get("account", "")
    return account_get(request.user, text) if text else None


def _confirmed(request: HttpRequest, word: str) -> None:
    if not word or request.POST.get("confirmation", "").strip().upper() != word:
        raise Invalid(
            _("Nothing was done: the word to confirm was not typed."),
            fields={"confirmation": [_("Type %(word)s.") % {"word": word or "STOP"}]},
        )


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text.strip()) if text.strip() else None
    except InvalidOperation:
        raise Invalid(
            _("This is not a number."), fields={"quantity": [_("Example: 100")]}
        ) from None

"""One order: all that happened to it, its fills, the gate's numbers, and what can still be done."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.masks import mask_text
from apps.lib import clock
from apps.lib.errors import Invalid, PortalError
from apps.trading import rows, selectors
from apps.trading.forms import ChangeForm, SettleForm, changes_of, cleaned
from apps.trading.models import Order, OrderEvent
from apps.trading.services.changes import CHANGEABLE, order_change
from apps.trading.services.reconciling import OUTCOMES, order_settle
from apps.trading.states import OrderState
from apps.trading.topics import orders_topic
from apps.trading.views.frame import (
    Context,
    answer_of,
    confirmed,
    frame,
    live_name,
    owner,
)


@require_safe
@login_required
def order(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, selectors.order_get(request.user, pk))


@require_POST
@login_required
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Another quantity or price; what is wrong is said beside its field."""
    found = selectors.order_get(request.user, pk)
    form = ChangeForm(request.POST)
    try:
        wanted = changes_of(form, found)
        if not wanted:
            sentence = _("Nothing would change.")
            raise Invalid(sentence, fields={"quantity": [_("Give another quantity or price.")]})
        if not confirmed(found.account, form.cleaned_data["confirmation"]):
            raise _unconfirmed()
        order_change(user=owner(request), order=found, at=clock.now(), **wanted)
    except PortalError as error:
        return _page(request, found, error=error, status=error.status)
    return redirect("order", pk)


@require_POST
@login_required
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """A person's word on an order of which nobody knows whether the broker has it."""
    found = selectors.order_get(request.user, pk)
    try:
        given = cleaned(SettleForm(request.POST))
        order_settle(
            user=owner(request),
            order=found,
            outcome=given["outcome"],
            reason=given["reason"],
            at=clock.now(),
        )
    except PortalError as error:
        return _page(request, found, error=error, status=error.status)
    return redirect("order", pk)


def _unconfirmed() -> Invalid:
    sentence = _("Live money: type the last four characters of the account.")
    return Invalid(sentence, fields={"confirmation": [sentence]})


def _page(
    request: HttpRequest, found: Order, *, error: PortalError | None = None, status: int = 200
) -> HttpResponse:
    fills = list(selectors.executions_standing().filter(order=found).select_related("instrument"))
    paid = selectors.commissions_of(fills)
    context = frame(request.user, [found.account], orders_topic(found.account_id)) | {
        "order": found,
        "row": rows.order_row(found),
        "events": [_event(event) for event in found.events.all()],
        "fills": [
            rows.execution_row(f, paid.get((f.connection_id, f.exec_id))) | {"base": f.base}
            for f in fills
        ],
        "changes": found.changes.select_related("asked_by"),
        "family": _family(found),
        "changeable": found.state in CHANGEABLE and not found.external,
        "live_name": bool(live_name(found.account)),
        "unknown": found.state == OrderState.UNKNOWN,
        "outcomes": OUTCOMES,
        "typed": request.POST,
        "errors": getattr(error, "fields", {}),
        "answers": [answer_of(error)] if error else [],
    }
    return render(request, "trading/order.html", context, status=status)


def _family(found: Order) -> list[Order]:
    """Parent, children, and the others of its group."""
    near = Order.objects.filter(account=found.account).select_related("instrument")
    kin = list(near.filter(parent=found)) + list(near.filter(pk=found.parent_id or 0))
    if found.oca_group:
        kin += list(near.filter(oca_group=found.oca_group).exclude(pk=found.pk))
    return sorted(set(kin), key=lambda one: one.pk)


def _event(event: OrderEvent) -> Context:
    data: dict[str, Any] = event.data if isinstance(event.data, dict) else {}
    told = {
        name: mask_text(str(value))
        for name, value in data.items()
        if value not in (None, "", [], {}) and not name.startswith("lease")
    }
    return {"event": event, "data": told}

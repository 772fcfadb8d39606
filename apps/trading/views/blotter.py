"""The blotter: open and recent orders and fills, live; history in pages; cancels."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.models import BrokerAccount
from apps.accounts.selectors import account_get
from apps.accounts.selectors.pages import connections_of
from apps.lib import clock
from apps.lib.errors import Invalid
from apps.marketdata.permissions import connection_get
from apps.trading import rows, selectors
from apps.trading.forms import HistoryForm
from apps.trading.models import Order
from apps.trading.selectors.orders import WITH_ORDER
from apps.trading.services.cancels import global_cancel, order_cancel, orders_cancel_all
from apps.trading.topics import orders_topic
from apps.trading.views.frame import (
    Answer,
    Context,
    accounts_of,
    answered,
    frame,
    owner,
    says_why_not,
)

PAGE = 50
SHOWN = 500
CONFIRM_ALL = "CANCEL"


@require_safe
@login_required
def orders(request: HttpRequest) -> HttpResponse:
    accounts, now = accounts_of(request.user), clock.now()
    found = selectors.orders_visible(request.user).filter(selectors.orders_recent(now))
    found = found.select_related(*WITH_ORDER).order_by("-accepted_at", "-pk")
    told = [rows.order_row(order) for order in found[:SHOWN]]
    told.sort(key=lambda row: not row["open"])
    context = _context(request, accounts) | {
        "rows": told,
        "tabs": _tabs(told),
        "connections": connections_of(accounts),
        "confirm_all": CONFIRM_ALL,
    }
    return render(request, "trading/orders.html", context)


@require_safe
@login_required
def executions(request: HttpRequest) -> HttpResponse:
    accounts, now = accounts_of(request.user), clock.now()
    fills = [fill for a in accounts for fill in selectors.executions_recent(a.pk, now)[:SHOWN]]
    paid = selectors.commissions_of(fills)
    told = [
        rows.execution_row(fill, paid.get((fill.connection_id, fill.exec_id))) | {"base": fill.base}
        for fill in sorted(fills, key=lambda fill: fill.at, reverse=True)
    ]
    return render(request, "trading/executions.html", _context(request, accounts) | {"rows": told})


@require_safe
@login_required
def history(request: HttpRequest) -> HttpResponse:
    """Every order there ever was, by page; a filter that cannot be read is said and left out."""
    accounts = accounts_of(request.user)
    form = HistoryForm(request.GET)
    found = selectors.orders_visible(request.user).select_related(*WITH_ORDER)
    if form.is_valid():
        found = _filtered(found, form.cleaned_data)
    page = Paginator(found.order_by("-accepted_at", "-pk"), PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = frame(request.user, accounts) | {
        "page": page,
        "rows": [rows.order_row(order) for order in page.object_list],
        "form": form,
        "query": query.urlencode(),
    }
    return render(request, "trading/history.html", context)


@require_POST
@login_required
@says_why_not("orders")
def cancel_all(request: HttpRequest) -> HttpResponse:
    """Of one account, or of every account the user sees; only what the portal placed."""
    user, now = owner(request), clock.now()
    named = request.POST.get("account", "")
    accounts = [account_get(user, named)] if named else accounts_of(user)
    count = sum(
        orders_cancel_all(user=user, account=account, connection=account.connection, at=now)
        for account in accounts
    )
    sentence = ngettext(
        "The broker is asked to cancel %(count)s order.",
        "The broker is asked to cancel %(count)s orders.",
        count,
    ) % {"count": count}
    return answered(request, Answer(sentence), "orders")


@require_POST
@login_required
@says_why_not("orders")
def cancel_everything(request: HttpRequest) -> HttpResponse:
    """The global cancel: also what was placed elsewhere, so it wants a word typed."""
    connection = connection_get(request.user, request.POST.get("connection", ""))
    if request.POST.get("confirmation", "").strip() != CONFIRM_ALL:
        sentence = _("Nothing was cancelled: type %(word)s to confirm.") % {"word": CONFIRM_ALL}
        raise Invalid(sentence, fields={"confirmation": []})
    global_cancel(user=owner(request), connection=connection, at=clock.now())
    sentence = _("%(connection)s: the broker is asked to cancel every order of this login.")
    return answered(request, Answer(sentence % {"connection": connection.label}), "orders")


@require_POST
@login_required
@says_why_not("order")
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """One order; what was placed elsewhere only after the question on its own page."""
    order = selectors.order_get(request.user, pk)
    if order.external and "sure" not in request.POST:
        raise Invalid(
            _("This order was placed elsewhere, so nothing was cancelled."),
            fields={"sure": [_("Tick the box to say that you mean this one order.")]},
        )
    order = order_cancel(user=owner(request), order=order, at=clock.now(), source="page")
    return answered(request, Answer(_cancel_sentence(order)), "order", pk)


def _cancel_sentence(order: Order) -> str:
    name = {"order": order.pk, "name": order.instrument}
    if order.state == "not_sent":
        return _("Order %(order)s (%(name)s) is withdrawn: it had not been sent.") % name
    if not order.is_open:
        return _("Order %(order)s (%(name)s) had already ended.") % name
    return _("The broker is asked to cancel order %(order)s (%(name)s).") % name


def _context(request: HttpRequest, accounts: list[BrokerAccount]) -> Context:
    return frame(request.user, accounts, *(orders_topic(account.pk) for account in accounts))


def _tabs(told: list[dict[str, Any]]) -> list[Context]:
    labels = {"all": _("All"), "open": _("Open orders"), "filled": _("Filled"), "over": _("Ended")}
    kinds = ["open" if r["open"] else "filled" if r["state"] == "filled" else "over" for r in told]
    counts = {name: kinds.count(name) for name in labels} | {"all": len(kinds)}
    return [{"name": n, "label": label, "count": counts[n]} for n, label in labels.items()]


def _filtered(found: QuerySet[Order], wish: dict[str, Any]) -> QuerySet[Order]:
    plain = {
        "account": wish["account"],
        "state": wish["state"],
        "side": wish["side"],
        "source": wish["source"],
    }
    found = found.filter(**{name: value for name, value in plain.items() if value})
    if text := wish["text"].strip():
        found = found.filter(
            Q(instrument__symbol__icontains=text)
            | Q(instrument__local_symbol__icontains=text)
            | Q(strategy__icontains=text)
            | Q(ref=text)
        )
    if wish["since"]:
        found = found.filter(accepted_at__date__gte=wish["since"])
    if wish["until"]:
        found = found.filter(accepted_at__date__lte=wish["until"])
    return found

"""The ticket: an instrument, an order, what it would do, one look at all of it, and off it goes."""

from dataclasses import replace
from typing import Any, cast
from uuid import uuid4

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.models import BrokerAccount
from apps.accounts.numbers import plain
from apps.accounts.selectors import account_get
from apps.lib import clock
from apps.lib.errors import Invalid, NotFound, PortalError
from apps.marketdata import services as market
from apps.marketdata.models import Instrument
from apps.marketdata.permissions import connections_visible
from apps.marketdata.selectors import instruments_known
from apps.marketdata.views.frame import frame as market_frame
from apps.marketdata.views.frame import paint
from apps.trading import forms
from apps.trading.models import Order
from apps.trading.services import bracket_place, order_place, order_what_if
from apps.trading.shapes import Shape
from apps.trading.views.filled import Filled, instrument_of
from apps.trading.views.frame import (
    Context,
    accounts_of,
    answer_of,
    confirmed,
    frame,
    live_name,
    owner,
)

KNOWN = 12
ORIGINS = ("side", "quantity", "order_type", "limit_price")


@require_GET
@login_required
def ticket(request: HttpRequest) -> HttpResponse:
    """Without an instrument, a search for one."""
    accounts = accounts_of(request.user)
    if not accounts:
        raise NotFound(
            _("You have no account to trade in."),
            remedy=_("Ask an administrator for a grant on an account."),
        )
    if "con_id" not in request.GET:
        return render(request, "trading/find.html", frame(request.user, accounts))
    account = _account(request, request.GET.get("account", ""), accounts)
    instrument = instrument_of(account, request.GET.get("con_id", ""))
    initial: dict[str, Any] = {"order_type": "LMT", "tif": "DAY", "side": "BUY"}
    initial |= {name: request.GET[name] for name in ORIGINS if name in request.GET}
    initial |= {"account": account.pk, "con_id": instrument.con_id, "key": uuid4().hex}
    return _form(request, forms.TicketForm(initial=initial), account, instrument)


@require_GET
@login_required
def ticket_search(request: HttpRequest) -> HttpResponse:
    """Candidates while somebody types: what is known here first, then the broker's."""
    text = request.GET.get("symbol", "").strip()
    context: Context = {"asked": bool(text), "account": request.GET.get("account", "")}
    if text:
        context |= _matches(request, text)
    return render(request, "trading/candidates.html", context)


@require_POST
@login_required
def ticket_check(request: HttpRequest) -> HttpResponse:
    """What this order would do: the gate's verdicts, nothing stored, nothing sent."""
    try:
        ticket = Filled(request)
        context = ticket.consequences()
    except PortalError as error:
        context = {"answers": [answer_of(error)]}
    return render(request, "trading/verdicts.html", context)


@require_POST
@login_required
def ticket_what_if(request: HttpRequest) -> HttpResponse:
    """Margin and commission, asked of the broker; takes as long as the broker takes."""
    try:
        ticket = Filled(request)
        context: Context = {
            "impact": order_what_if(
                user=owner(request),
                account=ticket.account,
                instrument=ticket.instrument,
                at=clock.now(),
                **ticket.form.terms(),
            )
        }
    except PortalError as error:
        context = {"answers": [answer_of(error)]}
    return render(request, "trading/impact.html", context)


@require_POST
@login_required
def ticket_confirm(request: HttpRequest) -> HttpResponse:
    """Everything once more before it goes; `edit` leads back to the filled form."""
    ticket = Filled(request, judge=False)
    if "edit" in request.POST:
        return _form(request, ticket.form, ticket.account, ticket.instrument)
    try:
        return _confirmation(request, ticket.judged())
    except PortalError as error:
        return _form(request, ticket.form, ticket.account, ticket.instrument, error)


@require_POST
@login_required
def ticket_place(request: HttpRequest) -> HttpResponse:
    """The same key never makes a second order, however often the button is pressed."""
    ticket = Filled(request, judge=False)
    try:
        ticket.judged()
        if not confirmed(ticket.account, ticket.form.cleaned_data["confirmation"]):
            sentence = _("Live money: type the last four characters of the account.")
            raise Invalid(sentence, fields={"confirmation": [sentence]})
        order = _place(request, ticket)
    except PortalError as error:
        if ticket.shape is None:
            return _form(request, ticket.form, ticket.account, ticket.instrument, error)
        return _confirmation(request, ticket, error)
    return redirect("order", order.pk)


def _place(request: HttpRequest, ticket: Filled) -> Order:
    who: Any = {
        "user": owner(request),
        "account": ticket.account,
        "instrument": ticket.instrument,
        "source": "page",
        "at": clock.now(),
        "idempotency_key": ticket.form.cleaned_data["key"],
        **ticket.form.terms(),
    }
    if ticket.exits is None:
        return order_place(**who)
    profit, loss = ticket.exits
    return bracket_place(take_profit=profit, stop_loss=loss, **who)[0]


def _form(
    request: HttpRequest,
    form: forms.TicketForm,
    account: BrokerAccount,
    instrument: Instrument,
    error: PortalError | None = None,
) -> HttpResponse:
    context = _market(request, instrument) | {
        "form": form,
        "account": account,
        "errors": getattr(error, "fields", {}),
        "answers": [answer_of(error)] if error else [],
        "position": account.positions.filter(con_id=instrument.con_id).first(),
        "multiplier": plain(instrument.multiplier) or "1",
        "uses": forms.USES,
        "types": forms.TYPES,
        "tifs": forms.TIFS,
        "algos": forms.ALGOS,
        "priorities": forms.PRIORITIES,
        "oca_types": forms.OCA_TYPES,
    }
    return render(request, "trading/ticket.html", context, status=error.status if error else 200)


def _confirmation(
    request: HttpRequest, ticket: Filled, error: PortalError | None = None
) -> HttpResponse:
    shape = cast("Shape", ticket.shape)
    typed = replace(shape, limit_price=ticket.form.cleaned_data["limit_price"])
    context = (
        _market(request, ticket.instrument)
        | ticket.consequences()
        | {
            "form": ticket.form,
            "account": ticket.account,
            "shape": shape,
            "step": ticket.instrument.min_tick,
            "rounded": shape.limit_price is not None and typed.limit_price != shape.limit_price,
            "exits": ticket.exits,
            "oca_kind": forms.OCA_TYPES.get(str(shape.oca_type), ""),
            "live_name": bool(live_name(ticket.account)),
            "errors": getattr(error, "fields", {}),
            "answers": [answer_of(error)] if error else [],
            "sent_on": [(k, v) for k, v in request.POST.items() if k not in NOT_AGAIN],
        }
    )
    return render(request, "trading/confirm.html", context, status=error.status if error else 200)


NOT_AGAIN = {"csrfmiddlewaretoken", "confirmation", "edit", "again"}


def _market(request: HttpRequest, instrument: Instrument) -> Context:
    """The page's frame, with live quotes of the instrument."""
    accounts = accounts_of(request.user)
    quotes = market_frame(request.user) | paint(request.user, [instrument], clock.now())
    ours = frame(request.user, accounts)
    return (
        quotes
        | ours
        | {
            "topics": quotes["topics"],
            "instrument": instrument,
            "quote": quotes["rows"][0],
        }
    )


def _account(request: HttpRequest, named: str, accounts: list[BrokerAccount]) -> BrokerAccount:
    return account_get(request.user, named) if named else accounts[0]


def _matches(request: HttpRequest, text: str) -> Context:
    known = [_candidate(row) for row in instruments_known(text)[:KNOWN]]
    connection = connections_visible(request.user).first()
    if connection is None:
        return {"candidates": known}
    try:
        found = market.instruments_search(connection=connection, text=text)
    except PortalError as error:
        return {"candidates": known, "answers": [answer_of(error)]}
    named = {row["con_id"] for row in known}
    return {"candidates": [*known, *(row for row in found if row["con_id"] not in named)]}


def _candidate(row: Instrument) -> Context:
    names = ("con_id", "currency", "primary_exchange", "expiry", "strike", "right")
    told = {name: getattr(row, name) for name in names}
    return told | {"symbol": str(row), "sec_type": row.kind, "description": row.long_name}

"""A ticket as somebody filled it in: what it asks for, and what that would do."""

from typing import cast

from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.accounts.models import BrokerAccount
from apps.accounts.selectors import account_get
from apps.lib import clock
from apps.lib.errors import NotFound, PortalError
from apps.marketdata import services as market
from apps.marketdata.models import Instrument
from apps.trading import forms
from apps.trading.permissions import check_may_trade
from apps.trading.services import order_what_if
from apps.trading.services.terms import shape_of
from apps.trading.shapes import Shape
from apps.trading.views.frame import Context
from apps.trading.views.previews import preview, worth
from ibkr.types import MarginImpact


class Filled:
    """What was filled in, with its account and instrument; raises NotFound, NotAllowed, Invalid."""

    def __init__(self, request: HttpRequest, *, judge: bool = True) -> None:
        self.form = forms.TicketForm(request.POST)
        self.account = account_get(request.user, request.POST.get("account", ""))
        self.instrument = instrument_of(self.account, request.POST.get("con_id", ""))
        self.shape: Shape | None = None
        check_may_trade(request.user, self.account)
        if judge:
            self.judged()

    def judged(self) -> "Filled":
        forms.cleaned(self.form)
        self.exits = self.form.exits()
        self.shape = shape_of(self.form.terms(), instrument=self.instrument, at=clock.now())
        return self

    def intent(self) -> Context:
        """The question for the gate."""
        shape = cast("Shape", self.shape)
        names = ("side", "quantity", "order_type", "tif", "limit_price", "stop_price")
        more = ("outside_rth", "algo_strategy", "oca_group")
        return {
            "account_id": self.account.pk,
            "con_id": self.instrument.con_id,
            "source": "page",
            "idempotency_key": self.form.cleaned_data["key"],
            **{name: getattr(shape, name) for name in (*names, *more)},
        }

    def consequences(self) -> Context:
        """The gate's verdicts, and about how much money it is."""
        verdicts = preview(self.intent(), self._margin)
        slug = self.account.connection.slug
        amount = worth(cast("Shape", self.shape), self.instrument, slug)
        return {
            "verdicts": verdicts,
            "refused": [verdict for verdict in verdicts if not verdict.passed],
            "passed": [v for v in verdicts if v.passed and not v.warning],
            "worth": {"amount": amount, "currency": self.instrument.currency},
        }

    def _margin(self) -> MarginImpact | None:
        try:
            return order_what_if(
                user=None,
                account=self.account,
                instrument=self.instrument,
                at=clock.now(),
                **self.form.terms(),
            )
        except PortalError:
            return None


def instrument_of(account: BrokerAccount, con_id: str) -> Instrument:
    """Looked up at the broker when nobody has so far."""
    if not (con_id.isascii() and con_id.isdigit() and len(con_id) < 19):
        raise NotFound(_("There is no such instrument."))
    known = Instrument.objects.filter(pk=int(con_id)).first()
    return known or market.instrument_fetch(connection=account.connection, con_id=int(con_id))

"""Finds a strategy's provider by its name, gives it what it needs, and asks for weights."""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from apps.accounts.models import BrokerAccount
from apps.accounts.state import amount_in_base
from apps.lib.errors import Invalid, PortalError
from apps.marketdata.models import Instrument
from apps.marketdata.selectors import closes_since, last_closes
from apps.marketdata.services import bars_request
from apps.trading.models import Strategy
from apps.trading.providers import Close, Given, Provider, ProviderError, TooShort, WrongParams

log = logging.getLogger(__name__)

CALENDAR_DAYS = Decimal("1.6")
"""Calendar days a session takes up, with room for holidays."""
SIZE = "1 day"


class ProviderFailed(PortalError):
    """`code` is history_missing, unknown_instrument, unknown_provider or provider_failed."""

    status = 409

    def __init__(self, code: str, sentence: str, *, remedy: str = "") -> None:
        super().__init__(sentence, remedy=remedy)
        self.code = code


def provider_names() -> list[str]:
    return sorted(settings.STRATEGY_PROVIDERS)


def provider_of(name: str, params: Mapping[str, Any]) -> Provider:
    """Raises Invalid for a name that is not set up and for parameters that make no sense."""
    path = settings.STRATEGY_PROVIDERS.get(name)
    if path is None:
        known = ", ".join(provider_names())
        raise Invalid(
            _("There is no strategy provider “%(name)s”.") % {"name": name},
            fields={"provider": [_("One of: %s") % known]},
        )
    try:
        kind = import_string(path)
    except ImportError as error:
        raise ProviderFailed(
            "unknown_provider",
            _("The provider “%(name)s” cannot be loaded: %(why)s") % {"name": name, "why": error},
            remedy=_("Check STRATEGY_PROVIDERS in the settings and restart the portal."),
        ) from error
    try:
        provider: Provider = kind(params)
    except WrongParams as error:
        raise Invalid(
            _("The provider cannot be set up like this."),
            fields={f"params.{error.name}": [_(error.sentence) % error.places]},
        ) from error
    except Exception as error:
        raise _broken(name, error) from error
    return provider


def weights_of(strategy: Strategy, *, dated_on: date, at: datetime) -> dict[Instrument, Decimal]:
    """What the provider wants to hold. Raises Invalid, or ProviderFailed when it cannot say."""
    if not strategy.provider:
        raise ProviderFailed(
            "unknown_provider",
            _("“%(strategy)s” has no provider; its weights are uploaded.")
            % {"strategy": strategy.name},
        )
    provider = provider_of(strategy.provider, strategy.params)
    names = _instruments(provider.con_ids())
    given = given_to(provider, strategy.account, dated_on=dated_on, at=at)
    try:
        weights = dict(provider.weights(given))
    except TooShort as error:
        _fetch(strategy.account, names[error.con_id], provider.closes_needed(), at)
        raise _failed("history_missing", error, names) from error
    except ProviderError as error:
        raise _failed("provider_failed", error, names) from error
    except Exception as error:
        raise _broken(strategy.provider, error) from error
    if not all(isinstance(weight, Decimal) for weight in weights.values()):
        raise _broken(strategy.provider, TypeError("weights must be Decimals"))
    strange = [con_id for con_id in weights if con_id not in names]
    if strange:
        raise _unknown(strange)
    return {names[con_id]: weight for con_id, weight in weights.items()}


def given_to(provider: Provider, account: BrokerAccount, *, dated_on: date, at: datetime) -> Given:
    """Closes of finished sessions before `dated_on`, from the bars stored here."""
    needed = provider.closes_needed()
    values = {(value.tag, value.currency): value for value in account.values.all()}
    return Given(
        account_id=account.pk,
        base_currency=account.base_currency,
        nlv=amount_in_base(account, values, "NetLiquidation"),
        dated_on=dated_on,
        closes=_closes(provider.con_ids(), needed, dated_on, at) if needed else {},
    )


def _closes(
    con_ids: Sequence[int], needed: int, dated_on: date, at: datetime
) -> dict[int, list[Close]]:
    """A name without a close of the last days has no history at all: what is there is too old."""
    final = last_closes(con_ids, at).bars
    found: dict[int, list[Close]] = {}
    for con_id, closes in closes_since(con_ids, _since(needed, at)).items():
        if con_id in final:
            last = min(final[con_id].start_at.astimezone(UTC).date(), dated_on - timedelta(days=1))
            days = [Close(start.astimezone(UTC).date(), price) for start, price in closes]
            found[con_id] = [close for close in days if close.day <= last]
    return found


def _since(needed: int, at: datetime) -> datetime:
    return at - timedelta(days=int(needed * CALENDAR_DAYS) + 15)


def _fetch(account: BrokerAccount, instrument: Instrument, needed: int, at: datetime) -> None:
    """Has the gateway download what is missing, so that the next try may succeed."""
    bars_request(
        user=None,
        connection=account.connection,
        instrument=instrument,
        size=SIZE,
        start_at=_since(needed, at),
        at=at,
    )


def _instruments(con_ids: Sequence[int]) -> dict[int, Instrument]:
    names = Instrument.objects.in_bulk(list(con_ids))
    missing = [con_id for con_id in con_ids if con_id not in names]
    if missing:
        raise _unknown(missing)
    return names


def _unknown(con_ids: Sequence[int]) -> ProviderFailed:
    return ProviderFailed(
        "unknown_instrument",
        _("The portal does not know these conIds: %(con_ids)s.")
        % {"con_ids": ", ".join(str(con_id) for con_id in con_ids)},
        remedy=_("Search for the instruments once: their details are then stored."),
    )


def _broken(name: str, error: Exception) -> ProviderFailed:
    """Whatever somebody's own class does wrong is told and never a failure of the portal."""
    log.warning("the strategy provider %s failed", name, exc_info=error)
    return ProviderFailed(
        "provider_failed",
        _("The provider “%(name)s” failed: %(why)s")
        % {"name": name, "why": f"{type(error).__name__}: {error}"[:200]},
        remedy=_("The portal's log has the whole of it."),
    )


def _failed(code: str, error: ProviderError, names: Mapping[int, Instrument]) -> ProviderFailed:
    places = dict(error.places)
    con_id = places.get("name")
    if isinstance(con_id, int) and con_id in names:
        places["name"] = str(names[con_id])
    remedy = _("Its daily bars are being fetched; try again in some minutes.")
    return ProviderFailed(
        code, _(error.sentence) % places, remedy=remedy if code == "history_missing" else ""
    )

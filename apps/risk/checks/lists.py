"""What may be traded at all."""

from apps.risk.case import Case
from apps.risk.checks.base import (
    INSTRUMENT,
    YES_NO,
    check,
    gettext_noop,
    missing,
    passed,
    refused,
    word,
)
from apps.risk.types import Verdict


@check(
    "restricted",
    scope="instrument, issuer",
    meaning=gettext_noop(
        "Instrument or issuer on the restricted list: no trade, or reduce only, by entry."
    ),
)
def restricted(case: Case) -> Verdict:
    code = "restricted"
    if case.instrument is None:
        return missing(case, code, INSTRUMENT)
    for entry in case.snapshot.restricted:
        if not entry.reduce_only:
            return refused(
                code, gettext_noop("On the restricted list: %(reason)s"), reason=entry.reason
            )
        if not case.lowers:
            return refused(
                code,
                gettext_noop("On the restricted list, reduce only: %(reason)s"),
                reason=entry.reason,
            )
    return passed(code)


@check(
    "allowed",
    scope="global, connection, account",
    meaning=gettext_noop("Security type, currency, exchange or account not on the allow list."),
    parameters=(
        word("kinds", "allowed security types; empty allows all", "STK,ETF,OPT,FUT,CASH"),
        word("currencies", "allowed currencies; empty allows all", ""),
        word("exchanges", "allowed primary exchanges; empty allows all", ""),
        word("trade", "whether the account may trade: yes or no", "yes", choices=YES_NO),
    ),
)
def allowed(case: Case) -> Verdict:
    code = "allowed"
    instrument = case.instrument
    if instrument is None:
        return missing(case, code, INSTRUMENT)
    if case.limits.word(code, "trade") != "yes":
        return refused(code, gettext_noop("The account is not allowed to trade."))
    exchange = instrument.primary_exchange or instrument.exchange
    asked = {"kinds": instrument.kind, "currencies": instrument.currency, "exchanges": exchange}
    for name, value in asked.items():
        names = case.limits.words(code, name)
        if names and value not in names:
            return refused(
                code, gettext_noop("%(what)s is not on the allow list."), what=value or "–"
            )
    return passed(code)

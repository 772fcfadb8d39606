"""What a run decides on, taken at one moment: account figures, holdings, open orders, quotes."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.accounts.models import BrokerAccount, Position
from apps.accounts.state import amount_in_base, exchange_rates
from apps.marketdata.models import Instrument
from apps.marketdata.selectors import price_in, quotes_judged
from apps.trading.models import Order, TradeRun
from apps.trading.rebalance import Holding, PlanInputs, Quoted, Rules, Target, inputs_digest
from apps.trading.rebalance.digest import plain
from apps.trading.states import OPEN
from ibkr.types import PriceKind

ZERO = Decimal(0)
PRICE_GOOD_FOR = timedelta(minutes=15)
USABLE = {PriceKind.LIVE, PriceKind.DELAYED, PriceKind.FROZEN, PriceKind.DELAYED_FROZEN}
"""A close may be planned with in a dry run only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """`absent` are conIds that no row describes, `unpriced` targets without a good price."""

    inputs: PlanInputs
    absent: tuple[int, ...]
    unpriced: tuple[int, ...]

    @property
    def digest(self) -> str:
        return inputs_digest(self.inputs)

    def told(self, run: TradeRun) -> dict[str, Any]:
        """As the run's row keeps it."""
        kept: dict[str, Any] = plain(asdict(self.inputs))
        return kept | {
            "account": run.account_id,
            "mode": run.mode,
            "connection": run.connection_id,
            "snapshot": {"id": run.snapshot_id, "digest": run.snapshot.digest},
            "policy_version": run.policy.version,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Funds:
    """In base currency; None where the broker has not told."""

    nlv: Decimal | None
    cash: Decimal | None
    available: Decimal | None
    rates: dict[str, Decimal]

    @property
    def spendable(self) -> Decimal | None:
        """The smaller of cash and available funds: on margin the latter reach further."""
        known = [amount for amount in (self.cash, self.available) if amount is not None]
        return None if self.cash is None else min(known)


def freeze(run: TradeRun, *, at: datetime) -> Frozen:
    """Reads everything a plan follows from; the missing is left missing."""
    targets = {w.instrument_id: w.weight for w in run.snapshot.weights.all()}
    held = holdings_of(run.account)
    ids = {*targets, *held}
    known = Instrument.objects.in_bulk(ids)
    funds = funds_of(run.account)
    prices = prices_of(run.account, known.values(), rates=funds.rates, at=at)
    inputs = PlanInputs(
        nlv=funds.nlv if funds.nlv is not None else Decimal("nan"),
        cash=funds.cash if funds.cash is not None else Decimal("nan"),
        available_funds=funds.available,
        targets=tuple(Target(con_id, weight) for con_id, weight in sorted(targets.items())),
        holdings=tuple(held[con_id] for con_id in sorted(held)),
        prices=prices,
        rules=rules_of(run),
        at=at,
    )
    return Frozen(
        inputs=inputs,
        absent=tuple(sorted(ids - set(known))),
        unpriced=tuple(c for c in sorted(targets) if not _good(prices.get(c), run, at)),
    )


def funds_of(account: BrokerAccount) -> Funds:
    values = {(value.tag, value.currency): value for value in account.values.all()}
    return Funds(
        nlv=amount_in_base(account, values, "NetLiquidation"),
        cash=amount_in_base(account, values, "TotalCashValue"),
        available=amount_in_base(account, values, "AvailableFunds"),
        rates=exchange_rates(account, values),
    )


def holdings_of(account: BrokerAccount) -> dict[int, Holding]:
    """Positions with what all open orders, external ones too, may still change."""
    signed, selling = working_of(account)
    rows = {row.con_id: row for row in Position.objects.filter(account=account)}
    return {
        con_id: Holding(
            con_id,
            rows[con_id].quantity if con_id in rows else ZERO,
            signed.get(con_id, ZERO),
            selling.get(con_id, ZERO),
            rows[con_id].sec_type if con_id in rows else "",
        )
        for con_id in {*rows, *signed}
    }


def working_of(account: BrokerAccount) -> tuple[dict[int, Decimal], dict[int, Decimal]]:
    """By conId: what open orders add up to, and what the sells among them still sell."""
    signed: dict[int, Decimal] = {}
    selling: dict[int, Decimal] = {}
    for order in Order.objects.filter(account=account, state__in=sorted(OPEN)):
        con_id, left = order.instrument_id, order.remaining
        signed[con_id] = signed.get(con_id, ZERO) + (left if order.side == "BUY" else -left)
        if order.side == "SELL":
            selling[con_id] = selling.get(con_id, ZERO) + left
    return signed, selling


def prices_of(
    account: BrokerAccount,
    rows: Iterable[Instrument],
    *,
    rates: dict[str, Decimal],
    at: datetime,
) -> dict[int, Quoted]:
    """The account's own connection's quotes; the middle of bid and ask where there are both."""
    known = list(rows)
    quotes = quotes_judged([account.connection.slug], [row.con_id for row in known])
    return {
        row.con_id: _quoted(row, quotes.get(row.con_id, ("", {}))[1], rates.get(row.currency), at)
        for row in known
    }


def rules_of(run: TradeRun) -> Rules:
    policy = run.policy
    return Rules(
        cash_buffer=policy.cash_buffer,
        drift_absolute=policy.drift_absolute,
        drift_relative=policy.drift_relative,
        minimum_trade=policy.minimum_trade,
        turnover_cap=policy.turnover_cap,
        allow_short=policy.allow_short,
        not_targeted=policy.not_targeted,
        overrides={int(con_id): str(word) for con_id, word in policy.overrides.items()},
        answers={int(con_id): str(word) for con_id, word in run.answers.items()},
        max_price_age=None if run.dry else PRICE_GOOD_FOR,
        # An order may reach this far, so that much is kept back for each buy.
        price_reserve=policy.collar,
    )


def _quoted(row: Instrument, quote: dict[str, Any], fx: Decimal | None, at: datetime) -> Quoted:
    price = price_in(quote, row, at)
    usable = price.kind in USABLE
    bid, ask = _side(quote, "bid", usable=usable), _side(quote, "ask", usable=usable)
    middle = (bid + ask) / 2 if bid and ask and bid <= ask else price.value
    return Quoted(
        price=middle,
        kind=price.kind.value,
        at=None if price.stale else price.at,
        cut=bool(quote.get("stale")),
        bid=bid,
        ask=ask,
        fx=fx,
        multiplier=row.multiplier or Decimal(1),
        lot=row.lot,
        least=row.least,
        currency=row.currency,
        sec_type=row.sec_type,
        average_volume=_side(quote, "average_volume", usable=True),
    )


def _side(quote: dict[str, Any], name: str, *, usable: bool) -> Decimal | None:
    found = quote.get(name) if usable else None
    return None if found is None else Decimal(str(found))


def _good(quoted: Quoted | None, run: TradeRun, at: datetime) -> bool:
    if quoted is None or quoted.price is None or quoted.fx is None:
        return False
    if run.dry:
        return True
    fresh = quoted.at is not None and at - quoted.at <= PRICE_GOOD_FOR
    return fresh and quoted.kind in {kind.value for kind in USABLE}

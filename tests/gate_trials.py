"""For each of the gate's codes: an order below, at and above its limit, and one with missing input.

`at` is the last value that passes. `raising` lacks an input and must be refused; `lowering` lacks
the same and must pass (None where the order cannot be known to lower risk without that input).
`firm` codes refuse without their input whatever the order does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.risk.levels import Guard
from apps.risk.snapshot import Link, Restricted, Standing
from ibkr.types import LinkState, PriceBand, PriceKind, Session
from tests.factories import NOON
from tests.gate_case import (
    OTHER,
    SELL,
    D,
    Trial,
    activity,
    both,
    instrument,
    lost,
    margin,
    quote,
    resting,
    standing,
    trial,
)


@dataclass(frozen=True)
class Trials:
    below: Trial
    at: Trial
    above: Trial
    raising: Trial
    lowering: Trial | None
    firm: bool = False


NO_NLV = {"account": {"net_liquidation": None}}
NO_QUOTE: dict[str, Any] = {"quote": None}
LINE = {"plan_line_id": 5}


def _bought(quantity: str, limits: dict[str, str], **changed: Any) -> Trial:
    return trial({"quantity": D(quantity)}, limits, **changed)


def _three(make: Callable[[str], Trial], below: str, at: str, above: str) -> dict[str, Trial]:
    return {"below": make(below), "at": make(at), "above": make(above)}


TRIALS: dict[str, Trials] = {}


def trials(code: str, **found: Any) -> None:
    TRIALS[code] = Trials(**found)


def _sizes() -> None:
    cap = {"quantity": "50"}
    trials("order_quantity", **_three(lambda q: _bought(q, cap), "49", "50", "51"),
           **both(instrument=None))  # fmt: skip
    cap2 = {"amount": "5000"}
    trials("order_notional", **_three(lambda q: _bought(q, cap2), "49", "50", "51"),
           **both(NO_PRICE, **NO_QUOTE))  # fmt: skip
    share = {"share": "0.05"}
    trials("order_nlv_share", **_three(lambda q: _bought(q, share), "49", "50", "51"),
           **both(**NO_NLV))  # fmt: skip
    volume = instrument(average_volume=D(1000))
    trials("volume_share",
           **_three(lambda q: _bought(q, share, instrument=volume), "49", "50", "51"),
           **both(instrument=instrument(average_volume=None)))  # fmt: skip


NO_PRICE = {"order_type": "MKT", "limit_price": None}


def _prices() -> None:
    five = {"share": "0.05"}
    trials(
        "price_collar",
        **_three(lambda p: trial({"limit_price": D(p)}, five), "104.99", "105", "105.01"),
        **both(**NO_QUOTE),
    )
    band = instrument(bands=(PriceBand(D(0), D("0.01")), PriceBand(D(100), D("0.05"))))
    trials(
        "tick_lot",
        **_three(
            lambda p: trial({"limit_price": D(p)}, instrument=band), "99.99", "100.05", "100.01"
        ),
        **both(instrument=instrument(bands=())),
    )
    minute = {"seconds": "60"}
    trials(
        "stale_price",
        **_three(
            lambda s: trial(None, minute, quote=quote(at=NOON - timedelta(seconds=int(s)))),
            "59", "60", "61",
        ),
        **both(**NO_QUOTE),
    )  # fmt: skip
    live = {"mode": "live"}
    trials(
        "data_kind",
        below=trial(quote=quote(kind=PriceKind.DELAYED)),
        at=trial(account=live),
        above=trial(account=live, quote=quote(kind=PriceKind.FROZEN)),
        **both(account=live, **NO_QUOTE),
    )


def _market() -> None:
    def closing(minutes: str) -> Trial:
        spans = (Session(NOON - timedelta(hours=3), NOON + timedelta(minutes=int(minutes))),)
        return trial(
            {"order_type": "MOC", "limit_price": None}, instrument=instrument(liquid=spans)
        )

    trials("session", **_three(closing, "11", "10", "9"), **both(instrument=None))
    trials(
        "halted",
        below=trial(),
        at=trial(SELL),
        above=trial(quote=quote(halted=True)),
        **both(**NO_QUOTE),
    )
    soft, hard = (Restricted(True, "R"),), (Restricted(False, "R"),)  # noqa: FBT003
    trials(
        "restricted",
        below=trial(),
        at=trial(SELL, restricted=soft),
        above=trial(SELL, restricted=hard),
        **both(instrument=None),
    )
    trials(
        "allowed",
        below=trial(),
        at=trial(None, {"kinds": "STK", "currencies": "USD", "exchanges": "NYSE"}),
        above=trial(None, {"currencies": "HKD,EUR"}),
        **both(instrument=None),
    )


def _rates() -> None:
    def many(name: str, limit: str) -> Callable[[str], Trial]:
        return lambda n: trial(None, {limit: "10"}, activity=activity(**{name: int(n)}))

    silent = both(activity=None)
    trials("message_rate", **_three(many("messages", "messages"), "8", "9", "10"), **silent)
    trials("daily_count", **_three(many("orders_account", "orders"), "8", "9", "10"), **silent)
    trials(
        "duplicate",
        **_three(
            lambda s: trial(
                None,
                {"seconds": "5"},
                activity=activity(recent=(resting(accepted_at=NOON - timedelta(seconds=int(s))),)),
            ),
            "6", "5", "4",
        ),
        **silent,
    )  # fmt: skip
    trials(
        "repeated",
        **_three(
            lambda n: trial(LINE, {"times": "3"}, activity=activity(line_submissions=int(n))),
            "1", "2", "3",
        ),
        **both(LINE, activity=None),
    )  # fmt: skip
    trials(
        "working_orders",
        **_three(
            lambda n: trial(
                None, {"orders": "3"}, working=tuple(resting(order_id=i) for i in range(int(n)))
            ),
            "1", "2", "3",
        ),
        raising=trial(working=None),
        lowering=None,
    )  # fmt: skip


def _exposures() -> None:
    trials(
        "position_cap",
        **_three(lambda q: _bought(q, {"amount": "15000"}), "49", "50", "51"),
        raising=trial(lines=None),
        lowering=None,
    )
    trials("exposure", **_three(lambda q: _bought(q, {"gross": "0.35"}), "49", "50", "51"),
           **both(**NO_NLV))  # fmt: skip
    trials("concentration", **_three(lambda q: _bought(q, {"share": "0.15"}), "49", "50", "51"),
           **both(**NO_NLV))  # fmt: skip
    trials("group", **_three(lambda q: _bought(q, {"sector": "0.15"}), "49", "50", "51"),
           **both(**NO_NLV))  # fmt: skip
    trials("leverage", **_three(lambda q: _bought(q, {"times": "0.35"}), "49", "50", "51"),
           **both(**NO_NLV))  # fmt: skip
    week = activity(traded_week=(("HKD", D(80_000)),))
    trials(
        "turnover",
        **_three(lambda q: _bought(q, {"week": "0.15"}, activity=week), "49", "50", "51"),
        **both(activity=None),
    )


def _margins() -> None:
    keep = {"reserve": "0.10"}
    trials(
        "buying_power",
        **_three(lambda n: trial(None, keep, margin=margin(n, "0", "1000")), "899", "900", "901"),
        **both(account={"mode": "live"}),
    )
    trials(
        "excess_liquidity",
        **_three(lambda e: trial(account={"excess": D(e)}), "10001", "10000", "9999"),
        **both(account={"excess": None}),
    )
    # The rule begins in June 2026: a day later than that.
    after: dict[str, Any] = {"at": datetime(2026, 6, 5, 17, tzinfo=NOON.tzinfo)}
    trials(
        "intraday_margin",
        **_three(lambda n: trial(margin=margin("0", n, "1000"), **after), "999", "1000", "1001"),
        **both(account={"maintenance": None}, **after),
    )


def _directions() -> None:
    def sold(quantity: str) -> Trial:
        return trial({**SELL, "quantity": D(quantity)})

    trials(
        "short_ban",
        **_three(sold, "99", "100", "101"),
        raising=trial(SELL, lines=None),
        lowering=trial(SELL, instrument=None),
    )
    trials(
        "reduce_only",
        **_three(
            lambda q: trial({**SELL, "quantity": D(q)}, standing=standing(guard=Guard.REDUCE_ONLY)),
            "99", "100", "101",
        ),
        raising=trial(standing=standing(kill_level=2), lines=None),
        lowering=None,
    )  # fmt: skip


def _losses() -> None:
    def fallen(code: str) -> Callable[[str], Trial]:
        return lambda v: trial(standing=standing(figures={code: (D(v), D("0.03"))}))

    nobody = both(standing=Standing())
    trials("daily_loss", **_three(fallen("daily_loss"), "0.019", "0.020", "0.021"), **nobody)
    trials("drawdown", **_three(fallen("drawdown"), "0.149", "0.150", "0.151"), **nobody)
    silent = both(activity=None)
    trials(
        "loss_streak",
        **_three(lambda n: trial(activity=activity(losses_instrument=lost(int(n)))), "3", "4", "5"),
        **silent,
    )
    trials(
        "reject_breaker",
        **_three(lambda n: trial(activity=activity(rejects=int(n))), "3", "4", "5"),
        **silent,
    )


def _outcomes() -> None:
    locked = standing(locks=frozenset({"mismatch"}))
    trials(
        "mismatch",
        below=trial(),
        at=trial({**SELL, "quantity": D(100)}, standing=locked),
        above=trial({**SELL, "quantity": D(101)}, standing=locked),
        **both(standing=Standing()),
    )
    trials(
        "unknown_order",
        below=trial(),
        at=trial(working=(resting(state="unknown", con_id=OTHER),)),
        above=trial(working=(resting(state="unknown"),)),
        raising=trial(working=None),
        lowering=None,
    )
    trials(
        "self_match",
        **_three(
            lambda p: trial(
                working=(resting(side="SELL", limit_price=D(p), account_id=2, order_type="LMT"),)
            ),
            "100.02", "100.01", "100",
        ),
        raising=trial(NO_PRICE, working=(resting(side="SELL", account_id=2),), **NO_QUOTE),
        lowering=trial({**NO_PRICE, **SELL}, working=(resting(account_id=2),), **NO_QUOTE),
    )  # fmt: skip


def _links() -> None:
    window = Link(state=LinkState.READY, worker=True, closed_until_at=NOON)
    trials(
        "link",
        below=trial(),
        at=trial(SELL),
        above=trial(link=window),
        raising=trial(link=Link(state=LinkState.READY, worker=False)),
        lowering=trial(SELL, link=Link(state=LinkState.READY, worker=False)),
        firm=True,
    )
    day = {"policy": "day_only"}
    trials(
        "disconnect_policy",
        below=trial({"tif": "GTC"}, {"policy": "cancel"}),
        at=trial(None, day),
        above=trial({"tif": "GTC"}, day),
        raising=trial(None, {"policy": "whatever"}),
        lowering=trial(SELL, {"policy": "whatever"}),
        firm=True,
    )
    trials(
        "identity",
        below=trial(account={"pinned": ()}),
        at=trial(),
        above=trial(account={"mode": "live"}),
        raising=trial(account={"connected": ()}),
        lowering=trial(SELL, account={"connected": ()}),
        firm=True,
    )


def _stops() -> None:
    trials(
        "kill",
        below=trial(),
        at=trial(SELL, standing=standing(kill_level=3)),
        above=trial(standing=standing(kill_level=1)),
        raising=trial(standing=standing(kill_level=1), lines=None),
        lowering=None,
    )
    trials(
        "guard_silent",
        **_three(
            lambda s: trial(standing=standing(evaluated_at=NOON - timedelta(seconds=int(s)))),
            "44", "45", "46",
        ),
        **both(standing=standing(evaluated_at=None)),
    )  # fmt: skip


for _theme in (
    _sizes,
    _prices,
    _market,
    _rates,
    _exposures,
    _margins,
    _directions,
    _losses,
    _outcomes,
    _links,
    _stops,
):
    _theme()

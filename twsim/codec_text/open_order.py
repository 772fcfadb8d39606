"""openOrder (5): the layout of frames recorded at versions 165, 176 and 200."""

from collections.abc import Callable

from twsim import versions
from twsim.codec_text import order_parts as part
from twsim.codec_text.fields import (
    UNSET_DOUBLE,
    UNSET_INTEGER,
    ascii7,
    blank_or_double,
    double,
    flag,
    plain,
)
from twsim.codec_text.order_parts import DERIVATIVES, Echo
from twsim.domain.orders import Margin, WorkingOrder
from twsim.messages import replies as say

__all__ = ["DERIVATIVES", "Echo", "open_order_fields"]

UNSET_SIZE = "-9223372036854775808"


def open_order_fields(reply: say.OpenOrder, server_version: int) -> list[str]:
    """Message 5; 156 fields at version 200 and 136 at 176 for an order without extras."""
    working, echo = reply.order, Echo(reply.order.order)
    values = ["5", str(working.order_id), *part.contract(working.contract)]
    values += part.terms(echo.order)
    values += _ownership(working, echo)
    values += part.groups(echo, server_version)
    values += part.institution(echo, auction=True)
    values += [echo.text("displaySize", UNSET_INTEGER), echo.text("blockOrder", "0")]
    values += [echo.text("sweepToFill", "0"), flag(value=echo.order.all_or_none)]
    values += [echo.text("minQty"), str(echo.order.oca_type or 3), "0", "0", ""]
    values += [str(echo.order.parent_id), str(echo.order.trigger_method)]
    values += part.volatility(echo, full=True)
    values += [*part.trail(working), "", ""]  # basis points and their type: exchange for physical
    values += part.combo(echo) + part.scale(echo) + part.hedge(echo)
    values.append(echo.text("optOutSmartRouting", "0"))
    values += part.clearing(echo) + part.algo(echo)
    values += [flag(value=echo.order.solicited), flag(value=echo.order.what_if), working.status]
    values += _preview(working, reply.margin, server_version)
    values += part.randomize(echo) + part.benchmark(echo) + part.conditions(echo)
    values += _adjusted(working, echo)
    values += _modern(echo) + _versioned(echo, server_version)
    return values


def _ownership(working: WorkingOrder, echo: Echo) -> list[str]:
    order = echo.order
    allocation = f"{working.perm_id}.{working.client_id}/{order.account}/100"
    return [
        str(working.client_id),
        str(working.perm_id),
        flag(value=order.outside_rth),
        flag(value=order.hidden),
        echo.text("discretionaryAmt", "0"),
        order.good_after,
        allocation,
    ]


def _preview(working: WorkingOrder, margin: Margin | None, server_version: int) -> list[str]:
    """Margins before, change and after; commission; the same outside regular hours; warning."""
    full = server_version >= versions.FULL_ORDER_PREVIEW
    if margin is None:
        outside = ["", *[UNSET_DOUBLE] * 9, UNSET_SIZE, "", "0"] if full else []
        paid = blank_or_double(working.commission)
        currency = working.commission_currency if paid else ""
        return [*[UNSET_DOUBLE] * 9, paid, "", "", currency, *outside, ""]
    before = (margin.initial_before, margin.maintenance_before, margin.equity_before)
    after = (margin.initial_after, margin.maintenance_after, margin.equity_after)
    change = tuple(new - old for new, old in zip(after, before, strict=True))
    nine = [double(round(value, 2)) for value in (*before, *change, *after)]
    currency = margin.commission_currency
    values = [*nine, double(margin.commission), "", "", currency]
    if full:
        values += [currency, *nine, UNSET_SIZE, "", "0"]
    return [*values, ascii7(margin.warning)]


def _adjusted(working: WorkingOrder, echo: Echo) -> list[str]:
    return [
        echo.text("adjustedOrderType", "None"),
        echo.number("triggerPrice", UNSET_DOUBLE),
        double(part.trail_stop(working)),
        double(echo.order.limit_price_offset),
        echo.number("adjustedStopPrice", UNSET_DOUBLE),
        echo.number("adjustedStopLimitPrice", UNSET_DOUBLE),
        echo.number("adjustedTrailingAmount", UNSET_DOUBLE),
        echo.text("adjustableTrailingUnit", "0"),
    ]


def _modern(echo: Echo) -> list[str]:
    """Soft dollar tier (three fields) to automatic cancellation of the parent."""
    tier = echo.text("softDollarTierName")
    return [
        tier,
        echo.text("softDollarTierVal"),
        tier,
        plain(echo.order.cash_qty or 0.0),
        "1",  # dontUseAutoPriceForHedge: TWS says 1 whatever was asked
        echo.text("isOmsContainer", "0"),
        echo.text("discretionaryUpToLimitPrice", "0"),
        echo.text("usePriceMgmtAlgo", "0"),
        echo.text("duration"),
        echo.text("postToAts"),
        echo.text("autoCancelParent", "0"),
    ]


Part = Callable[[Echo], list[str]]
NEWEST: tuple[tuple[int, Part], ...] = (
    (versions.BOND_ACCRUED_INTEREST, lambda _: [""]),
    (versions.INCLUDE_OVERNIGHT, lambda echo: [echo.text("includeOvernight", "0")]),
    (
        versions.CME_TAGGING_IN_OPEN_ORDER,
        lambda echo: [
            echo.text("extOperator"),
            echo.text("manualOrderIndicator", UNSET_INTEGER),
        ],
    ),
    (versions.SUBMITTER, lambda echo: [echo.text("submitter")]),
    (versions.IMBALANCE_ONLY, lambda echo: [echo.text("imbalanceOnly", "0")]),
)


def _versioned(echo: Echo, server_version: int) -> list[str]:
    values = part.offsets(echo, server_version) + part.customer(echo, server_version)
    for version, newest in NEWEST:
        if server_version >= version:
            values += newest(echo)
    return values

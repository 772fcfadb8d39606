"""Why a line of a plan trades less than its weight asks for, in a sentence each; pure."""

from collections.abc import Mapping

from apps.trading.rebalance.types import Reason

EXPLAINED: Mapping[Reason, str] = {
    Reason.AT_TARGET: "It is exactly at its target, open orders counted.",
    Reason.WITHIN_LOT: "The target is less than one lot away, so that no whole lot is to be had.",
    Reason.WITHIN_BAND: "Its weight is inside the drift bands.",
    Reason.BELOW_MINIMUM: "The trade is worth less than the policy's minimum.",
    Reason.BELOW_MIN_SIZE: "The market takes no order of so few shares or contracts.",
    Reason.TURNOVER_CAP: "The turnover cap was used up by lines that drifted further.",
    Reason.NO_CASH: "There is no cash for it above the buffer once the lines before it are paid.",
    Reason.OPEN_ORDERS: "The shares are offered by open orders already, or may never arrive.",
    Reason.NO_TRADE: "An override says that it is not traded.",
    Reason.REDUCE_ONLY: "An override says that there may never be more of it, nor the opposite.",
    Reason.KEEP: "An override says that there may never be less of it.",
    Reason.NOT_TARGETED: "It has no target, and the policy or a person said to keep it.",
    Reason.ASKED: "It has no target: a person has to say whether it is kept or sold.",
    Reason.OTHER_TYPE: "It has no target and is no stock: anything else is left alone.",
    Reason.PRICE_MISSING: "There is no price or no exchange rate for it.",
    Reason.STALE_PRICE: "Its price is older than a plan may be made with.",
}

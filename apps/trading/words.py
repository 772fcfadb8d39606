"""The words of trading that pages and their browser code share, in the reader's language."""

from functools import cache

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.marketdata.words import market_words


def trading_words() -> dict[str, str]:
    """Those of the market data pages, and more; {names} in braces are filled by the browser."""
    return _words(get_language())


@cache
def _words(language: str | None) -> dict[str, str]:
    """Templates ask for a word some hundred times a page."""
    del language
    return {
        **market_words(),
        **order_words(),
        **source_words(),
        **run_words(),
        **reason_words(),
        **event_words(),
        **step_words(),
        **choice_words(),
        "side_BUY": _("Buy"),
        "side_SELL": _("Sell"),
        "price_limit": _("limit"),
        "price_stop": _("stop"),
        "price_trail": _("trail"),
        "corrected": _("corrected"),
        "liquidation": _("liquidation"),
        "worth": _("about {amount} {currency}"),
        "sending": _("being sent…"),
    }


def order_words() -> dict[str, str]:
    return {
        "order_accepted": _("accepted"),
        "order_claimed": _("being sent"),
        "order_sent": _("sent"),
        "order_pre_submitted": _("held by the broker"),
        "order_submitted": _("working"),
        "order_pending_cancel": _("cancel on its way"),
        "order_inactive": _("inactive"),
        "order_unknown": _("unknown"),
        "order_filled": _("filled"),
        "order_cancelled": _("cancelled"),
        "order_rejected": _("rejected"),
        "order_refused": _("refused"),
        "order_not_sent": _("not sent"),
    }


def source_words() -> dict[str, str]:
    return {
        "source_page": _("page"),
        "source_api": _("API"),
        "source_run": _("trade run"),
        "source_command": _("command"),
        "source_admin": _("admin"),
        "source_telegram": _("Telegram"),
        "source_flatten": _("flatten"),
        "source_external": _("placed elsewhere"),
    }


def run_words() -> dict[str, str]:
    return {
        "run_created": _("new"),
        "run_planning": _("planning"),
        "run_awaiting_answer": _("waits for your answer"),
        "run_planned": _("waits for approval"),
        "run_approved": _("approved"),
        "run_executing": _("executing"),
        "run_done": _("done"),
        "run_blocked": _("blocked"),
        "run_refused": _("refused"),
        "run_expired": _("expired"),
        "run_cancelled": _("cancelled"),
        "run_halted": _("halted"),
    }


def reason_words() -> dict[str, str]:
    """Why a line of a plan is skipped or cut."""
    return {
        "reason_at_target": _("on target"),
        "reason_within_lot": _("less than one lot away"),
        "reason_within_band": _("within the drift band"),
        "reason_below_minimum": _("below the minimum trade"),
        "reason_below_min_size": _("below the smallest quantity of the market"),
        "reason_turnover_cap": _("held back by the turnover cap"),
        "reason_no_cash": _("not enough cash above the buffer"),
        "reason_open_orders": _("open orders already do it"),
        "reason_no_trade": _("marked “no trade”"),
        "reason_reduce_only": _("marked “reduce only”"),
        "reason_keep": _("marked “keep”"),
        "reason_not_targeted": _("held without a target: kept"),
        "reason_asked": _("held without a target: waits for your answer"),
        "reason_other_type": _("no stock: left alone"),
        "reason_short_not_allowed": _("short positions are not allowed"),
        "reason_price_missing": _("no price"),
        "reason_stale_price": _("the price is too old"),
        "reason_refused": _("refused by the gate"),
    }


def event_words() -> dict[str, str]:
    """What can happen to an order, by whom, and to a change of it."""
    return {
        "event_accepted": _("accepted by the gate"),
        "event_claimed": _("taken by the gateway"),
        "event_sent": _("sent"),
        "event_given_back": _("given back: not sent"),
        "event_given_up": _("given up: not sent"),
        "event_withdrawn": _("withdrawn"),
        "event_cancel_asked": _("cancel asked for"),
        "event_change_asked": _("change asked for"),
        "event_status": _("status"),
        "event_message": _("message of the broker"),
        "event_fill": _("fill"),
        "event_correction": _("fill corrected"),
        "event_bust": _("fill taken back"),
        "event_commission": _("commission"),
        "event_completed": _("completed"),
        "event_renewed": _("found open again"),
        "event_external": _("found at the broker"),
        "event_settled": _("settled by a person"),
        "event_missing": _("missing at the broker"),
        "origin_portal": _("portal"),
        "origin_broker": _("broker"),
        "origin_reconcile": _("comparison"),
        "change_accepted": _("on its way"),
        "change_sent": _("sent"),
        "change_confirmed": _("confirmed"),
        "change_refused": _("refused"),
        "outage_policy": _("Ended by the policy for lost links"),
        "outage_fills": _("Filled"),
        "outage_ended": _("Ended"),
        "outage_absent": _("Never arrived"),
        "outage_unknown": _("Unknown"),
        "outage_external": _("Placed elsewhere"),
        "outage_amended": _("Changed elsewhere"),
        "outage_positions": _("Positions that do not fit"),
    }


def step_words() -> dict[str, str]:
    """The steps of a run."""
    states = {name.replace("run_", "step_", 1): word for name, word in run_words().items()}
    return states | {
        "step_started": _("started"),
        "step_waiting": _("waits for prices"),
        "step_questions": _("asks: keep or sell"),
        "step_answered": _("answered"),
        "step_stop_asked": _("asked to stop"),
        "step_resumed": _("goes on"),
        "step_buys_sized": _("buys sized from real funds"),
        "step_funds_asked": _("asked for the funds after the sells"),
        "step_line_over": _("a line is over"),
        "step_line_waits": _("a line waits"),
        "step_leftover_cancelled": _("leftover cancelled"),
        "step_repriced": _("priced anew"),
        "step_reprice_refused": _("new price refused"),
        "step_prices_wait": _("waits for prices"),
        "step_link_lost": _("link lost"),
        "step_link_back": _("link back"),
        "step_unknown_order": _("unknown order"),
    }


def choice_words() -> dict[str, str]:
    """What can be chosen in policies and schedules, and the names of their fields."""
    return {
        "style_adaptive": _("Adaptive limit"),
        "style_market": _("market with a collar"),
        "style_midpoint": _("limit at the middle"),
        "style_moc": _("market on close"),
        "style_twap": "TWAP",
        "style_vwap": "VWAP",
        "held_keep": _("keep"),
        "held_sell": _("sell"),
        "held_ask": _("ask"),
        "leftover_leave": _("leave for the day"),
        "leftover_cancel": _("cancel"),
        "leftover_reprice": _("price anew within the collar"),
        "leftover_cross": _("cross the spread"),
        "anchor_open": _("after the open"),
        "anchor_close": _("before the close"),
        "missed_skip": _("skip the week"),
        "missed_late": _("run late, up to the limit"),
        "missed_ask": _("ask a person"),
        "week_started": _("started"),
        "week_skipped": _("skipped"),
        "week_asked": _("waits for a person"),
        **policy_words(),
    }


def policy_words() -> dict[str, str]:
    return {
        "policy_cash_buffer": _("Cash buffer (part of 1)"),
        "policy_drift_absolute": _("Drift band, absolute"),
        "policy_drift_relative": _("Drift band, relative"),
        "policy_minimum_trade": _("Smallest trade"),
        "policy_turnover_cap": _("Turnover cap"),
        "policy_allow_short": _("Short positions allowed"),
        "policy_not_targeted": _("Held without a target"),
        "policy_overrides": _("Exceptions by contract id"),
        "policy_style": _("Style of the orders"),
        "policy_collar": _("Collar around the arrival price"),
        "policy_leftover": _("What is left over"),
        "policy_leftover_after_seconds": _("Left over after (s)"),
        "policy_reprices": _("New prices at most"),
        "policy_plan_minutes": _("A plan is valid for (min)"),
        "policy_price_drift": _("A price may move by"),
        "policy_automatic": _("Approves itself (paper only)"),
    }

"""completedOrder (101): the layout of recorded frames of version 200."""

from twsim import versions
from twsim.codec_text import order_parts as part
from twsim.codec_text.fields import UNSET_INTEGER, UNSET_LONG, ascii7, double, flag, plain
from twsim.codec_text.order_parts import Echo
from twsim.messages import replies as say


def completed_order_fields(reply: say.CompletedOrder, server_version: int) -> list[str]:
    """Message 101."""
    working, echo = reply.order, Echo(reply.order.order)
    values = ["101", *part.contract(working.contract), *part.terms(echo.order)]
    values += [str(working.perm_id), flag(value=echo.order.outside_rth)]
    values += [flag(value=echo.order.hidden), echo.text("discretionaryAmt", "0")]
    values += [echo.order.good_after, *part.groups(echo, server_version)]
    values += part.institution(echo, auction=False)
    values += [echo.text("displaySize", UNSET_INTEGER), echo.text("sweepToFill", "0")]
    values += [flag(value=echo.order.all_or_none), echo.text("minQty")]
    values += [str(echo.order.oca_type or 3), str(echo.order.trigger_method)]
    values += part.volatility(echo, full=False) + part.trail(working)
    values += (
        part.combo(echo)
        + part.scale(echo)
        + part.hedge(echo)
        + part.clearing(echo)
        + part.algo(echo)
    )
    values += [flag(value=echo.order.solicited), working.status, *part.randomize(echo)]
    values += part.benchmark(echo) + part.conditions(echo)
    values += [double(part.trail_stop(working)), double(echo.order.limit_price_offset)]
    values += [plain(echo.order.cash_qty or 0.0), "1", echo.text("isOmsContainer", "0")]
    values += ["", plain(working.filled), UNSET_INTEGER, echo.text("autoCancelParent", "0")]
    values += ["Not an insider or substantial shareholder", echo.text("imbalanceOnly", "0")]
    values += ["0", UNSET_LONG, reply.when, ascii7(working.completed_status)]
    values += part.offsets(echo, server_version) + part.customer(echo, server_version)
    if server_version >= versions.SUBMITTER:
        values.append(echo.text("submitter"))
    return values

"""Historical and live bars as protobuf."""

from twsim.codec_proto.schema import Message, new
from twsim.codec_proto.times import suffixed
from twsim.codec_text.fields import plain, price
from twsim.messages import replies as say


def _bar(row: say.DatedBar, server_version: int) -> Message:
    bar = row.bar
    return new(
        "HistoricalDataBar",
        date=suffixed(row.when, server_version),
        open=bar.open,
        high=bar.high,
        low=bar.low,
        close=bar.close,
        volume=plain(bar.volume),
        WAP=price(bar.average, 3),
        barCount=bar.count,
    )


def history(reply: say.HistoricalBars, server_version: int) -> Message:
    rows = [_bar(row, server_version) for row in reply.bars]
    return new("HistoricalData", reqId=reply.req_id, historicalDataBars=rows)


def history_end(reply: say.HistoricalBars, server_version: int) -> Message:
    """Message 108, which follows the bars."""
    return new(
        "HistoricalDataEnd",
        reqId=reply.req_id,
        startDateStr=suffixed(reply.start, server_version),
        endDateStr=suffixed(reply.end, server_version),
    )


def update(reply: say.HistoricalUpdate, server_version: int) -> Message:
    bar = _bar(reply.bar, server_version)
    return new("HistoricalDataUpdate", reqId=reply.req_id, historicalDataBar=bar)


def head(reply: say.HeadTimestamp, server_version: int) -> Message:
    when = suffixed(reply.when, server_version)
    return new("HeadTimestamp", reqId=reply.req_id, headTimestamp=when)


def schedule(reply: say.HistoricalSchedule, _: int) -> Message:
    """Its times have a dash and are in the zone it names: they never carry the suffix of UTC."""
    rows = [
        new(
            "HistoricalSession",
            startDateTime=row.start,
            endDateTime=row.end,
            refDate=row.date,
        )
        for row in reply.sessions
    ]
    return new(
        "HistoricalSchedule",
        reqId=reply.req_id,
        startDateTime=reply.sessions[0].start if rows else None,
        endDateTime=reply.sessions[-1].end if rows else None,
        timeZone=reply.zone,
        historicalSessions=rows,
    )


def real_time(reply: say.RealTimeBar, _: int) -> Message:
    bar = reply.bar
    return new(
        "RealTimeBarTick",
        reqId=reply.req_id,
        time=bar.start_at,
        open=bar.open,
        high=bar.high,
        low=bar.low,
        close=bar.close,
        volume=plain(bar.volume),
        WAP=price(bar.average, 3),
        count=bar.count,
    )

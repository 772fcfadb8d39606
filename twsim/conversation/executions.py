"""Which executions a filter lets through."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from twsim.conversation.bar_times import parse_end
from twsim.domain.orders import Execution
from twsim.messages.requests import ExecutionFilter

SIDES = {"": "", "BUY": "BOT", "SELL": "SLD", "BOT": "BOT", "SLD": "SLD", "SSHORT": "SLD"}


def matches(execution: Execution, wanted: ExecutionFilter, zone: str, now: float) -> bool:
    """ValueError when the filter itself is not understood. Empty parts let everything through."""
    contract = execution.contract
    pairs = (
        (wanted.account, execution.account),
        (wanted.symbol, contract.symbol),
        (wanted.sec_type, contract.sec_type),
        (wanted.exchange, execution.exchange),
        (_side(wanted.side), execution.side),
    )
    if any(asked and asked != found for asked, found in pairs):
        return False
    if wanted.client_id and wanted.client_id != execution.client_id:
        return False
    return execution.at >= _since(wanted.since, zone) and _on_day(execution, wanted, zone, now)


def _side(text: str) -> str:
    side = SIDES.get(text.upper())
    if side is None:
        raise ValueError(f"Invalid side: {text}")
    return side


def _since(text: str, zone: str) -> float:
    if not text:
        return 0.0
    at = parse_end(text, zone, 0.0)
    if at < 0:
        raise ValueError(f"Invalid time: {text}")
    return at


def _on_day(execution: Execution, wanted: ExecutionFilter, zone: str, now: float) -> bool:
    local = ZoneInfo(zone)
    day = datetime.fromtimestamp(execution.at, UTC).astimezone(local).date()
    if wanted.dates:
        return int(f"{day:%Y%m%d}") in wanted.dates
    if wanted.days is None:
        return True
    today = datetime.fromtimestamp(now, UTC).astimezone(local).date()
    return today - day < timedelta(days=max(wanted.days, 1))

"""The tables of the trading app."""

from apps.trading.models.execution import CommissionReport, Execution
from apps.trading.models.order import Order, OrderChange, OrderEvent, Source
from apps.trading.models.outage import DisconnectCancel, OutageReport
from apps.trading.models.run import Plan, PlanLine, RunEvent, TradeRun
from apps.trading.models.schedule import MarketCalendar, Occurrence, Schedule
from apps.trading.models.strategy import DecisionSnapshot, Policy, Strategy, TargetWeight

__all__ = [
    "CommissionReport",
    "DecisionSnapshot",
    "DisconnectCancel",
    "Execution",
    "MarketCalendar",
    "Occurrence",
    "Order",
    "OrderChange",
    "OrderEvent",
    "OutageReport",
    "Plan",
    "PlanLine",
    "Policy",
    "RunEvent",
    "Schedule",
    "Source",
    "Strategy",
    "TargetWeight",
    "TradeRun",
]

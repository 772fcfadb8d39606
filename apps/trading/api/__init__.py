"""REST views of orders and executions: they parse, call selectors and services, and answer."""

from apps.trading.api.orders import (
    ExecutionList,
    OrderCancel,
    OrderDetail,
    OrderList,
    OrdersCancelAll,
    OrdersGlobalCancel,
    OrderWhatIf,
)
from apps.trading.api.runs import (
    RunAnswers,
    RunApprove,
    RunCancel,
    RunDetail,
    RunList,
    RunReport,
    RunReportCsv,
    RunResume,
)
from apps.trading.api.schedules import OccurrenceAnswer, OccurrenceList, ScheduleList
from apps.trading.api.snapshots import (
    SnapshotDetail,
    SnapshotFromProvider,
    SnapshotList,
    SnapshotTemplate,
    SnapshotUpload,
)
from apps.trading.api.strategies import PolicyList, ProviderList, StrategyDetail, StrategyList

__all__ = [
    "ExecutionList",
    "OccurrenceAnswer",
    "OccurrenceList",
    "OrderCancel",
    "OrderDetail",
    "OrderList",
    "OrderWhatIf",
    "OrdersCancelAll",
    "OrdersGlobalCancel",
    "PolicyList",
    "ProviderList",
    "RunAnswers",
    "RunApprove",
    "RunCancel",
    "RunDetail",
    "RunList",
    "RunReport",
    "RunReportCsv",
    "RunResume",
    "ScheduleList",
    "SnapshotDetail",
    "SnapshotFromProvider",
    "SnapshotList",
    "SnapshotTemplate",
    "SnapshotUpload",
    "StrategyDetail",
    "StrategyList",
]

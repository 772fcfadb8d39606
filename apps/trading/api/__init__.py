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

__all__ = [
    "ExecutionList",
    "OrderCancel",
    "OrderDetail",
    "OrderList",
    "OrderWhatIf",
    "OrdersCancelAll",
    "OrdersGlobalCancel",
]

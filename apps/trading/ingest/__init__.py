"""What the broker reports about orders becomes rows and events; called by one ordered thread.

Each function is idempotent and publishes on commit. The rows that result do not depend on the
order in which messages come, nor on how often. An order that is not ours becomes an external row.
"""

from apps.trading.ingest.errors import on_order_error
from apps.trading.ingest.executions import on_commission, on_execution
from apps.trading.ingest.orders import on_completed_order, on_open_order, on_order_status
from apps.trading.ingest.together import NEWS, on_order_news

__all__ = [
    "NEWS",
    "on_commission",
    "on_completed_order",
    "on_execution",
    "on_open_order",
    "on_order_error",
    "on_order_news",
    "on_order_status",
]

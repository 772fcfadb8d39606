"""Routes of the trading API, below /api/v1/."""

from django.urls import path

from apps.trading import api

app_name = "trading-api"

urlpatterns = [
    path("orders/", api.OrderList.as_view(), name="orders"),
    path("orders/cancel-all/", api.OrdersCancelAll.as_view(), name="cancel-all"),
    path("orders/global-cancel/", api.OrdersGlobalCancel.as_view(), name="global-cancel"),
    path("orders/what-if/", api.OrderWhatIf.as_view(), name="what-if"),
    path("orders/<int:pk>/", api.OrderDetail.as_view(), name="order"),
    path("orders/<int:pk>/cancel/", api.OrderCancel.as_view(), name="order-cancel"),
    path("executions/", api.ExecutionList.as_view(), name="executions"),
]

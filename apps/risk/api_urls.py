"""Routes of the risk API, below /api/v1/."""

from django.urls import path

from apps.risk import api

app_name = "risk-api"
ONE = "risk/accounts/<int:pk>/"

urlpatterns = [
    path("risk/", api.RiskState.as_view(), name="state"),
    path("risk/kill/", api.KillView.as_view(), name="kill"),
    path("risk/lift/", api.LiftView.as_view(), name="lift"),
    path("risk/alerts/", api.AlertList.as_view(), name="alerts"),
    path("risk/alerts/<int:pk>/seen/", api.AlertSeen.as_view(), name="alert-seen"),
    path(ONE, api.RiskDetail.as_view(), name="account"),
    path(f"{ONE}evaluations/", api.Evaluations.as_view(), name="evaluations"),
    path(f"{ONE}locks/", api.LockList.as_view(), name="locks"),
    path(f"{ONE}locks/<int:lock>/close/", api.LockClose.as_view(), name="lock-close"),
]

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
    path("risk/channels/", api.ChannelList.as_view(), name="channels"),
    path("risk/channels/<int:pk>/", api.ChannelDetail.as_view(), name="channel"),
    path("risk/channels/<int:pk>/test/", api.ChannelTest.as_view(), name="channel-test"),
    path("risk/deliveries/", api.DeliveryList.as_view(), name="deliveries"),
    path("risk/controls/", api.Controls.as_view(), name="controls"),
    path("risk/limits/", api.LimitList.as_view(), name="limits"),
    path("risk/limits/changes/", api.ChangeList.as_view(), name="limit-changes"),
    path("risk/limits/changes/<int:pk>/decide/", api.ChangeDecide.as_view(), name="limit-decide"),
    path("risk/restrictions/", api.RestrictionList.as_view(), name="restrictions"),
    path("risk/restrictions/<int:pk>/end/", api.RestrictionEnd.as_view(), name="restriction-end"),
    path(f"{ONE}decisions/", api.DecisionList.as_view(), name="decisions"),
    path(ONE, api.RiskDetail.as_view(), name="account"),
    path(f"{ONE}evaluations/", api.Evaluations.as_view(), name="evaluations"),
    path(f"{ONE}locks/", api.LockList.as_view(), name="locks"),
    path(f"{ONE}locks/<int:lock>/close/", api.LockClose.as_view(), name="lock-close"),
]

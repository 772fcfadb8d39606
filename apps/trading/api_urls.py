"""Routes of the trading API, below /api/v1/."""

from django.urls import path

from apps.trading import api

app_name = "trading-api"

STRATEGY = "strategies/<int:pk>/"

urlpatterns = [
    path("orders/", api.OrderList.as_view(), name="orders"),
    path("orders/cancel-all/", api.OrdersCancelAll.as_view(), name="cancel-all"),
    path("orders/global-cancel/", api.OrdersGlobalCancel.as_view(), name="global-cancel"),
    path("orders/what-if/", api.OrderWhatIf.as_view(), name="what-if"),
    path("orders/<int:pk>/", api.OrderDetail.as_view(), name="order"),
    path("orders/<int:pk>/cancel/", api.OrderCancel.as_view(), name="order-cancel"),
    path("executions/", api.ExecutionList.as_view(), name="executions"),
    path("runs/", api.RunList.as_view(), name="runs"),
    path("runs/<int:pk>/", api.RunDetail.as_view(), name="run"),
    path("runs/<int:pk>/answers/", api.RunAnswers.as_view(), name="run-answers"),
    path("runs/<int:pk>/approve/", api.RunApprove.as_view(), name="run-approve"),
    path("runs/<int:pk>/cancel/", api.RunCancel.as_view(), name="run-cancel"),
    path("runs/<int:pk>/resume/", api.RunResume.as_view(), name="run-resume"),
    path("runs/<int:pk>/report/", api.RunReport.as_view(), name="run-report"),
    path("runs/<int:pk>/report.csv", api.RunReportCsv.as_view(), name="run-report-csv"),
    path("schedules/", api.ScheduleList.as_view(), name="schedules"),
    path("schedules/weeks/", api.OccurrenceList.as_view(), name="weeks"),
    path("schedules/weeks/<int:pk>/", api.OccurrenceAnswer.as_view(), name="week"),
    path("strategies/", api.StrategyList.as_view(), name="strategies"),
    path("strategies/providers/", api.ProviderList.as_view(), name="providers"),
    path(STRATEGY, api.StrategyDetail.as_view(), name="strategy"),
    path(f"{STRATEGY}policies/", api.PolicyList.as_view(), name="policies"),
    path(f"{STRATEGY}snapshots/", api.SnapshotList.as_view(), name="snapshots"),
    path(f"{STRATEGY}snapshots/upload/", api.SnapshotUpload.as_view(), name="snapshot-upload"),
    path(
        f"{STRATEGY}snapshots/provider/",
        api.SnapshotFromProvider.as_view(),
        name="snapshot-provider",
    ),
    path("snapshots/template.csv", api.SnapshotTemplate.as_view(), name="snapshot-template"),
    path("snapshots/<int:pk>/", api.SnapshotDetail.as_view(), name="snapshot"),
]

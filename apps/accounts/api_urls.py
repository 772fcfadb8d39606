"""Routes of the accounts API, below /api/v1/."""

from django.urls import path

from apps.accounts import api

app_name = "accounts-api"

urlpatterns = [
    path("status", api.Status.as_view(), name="status"),
    path("connections/", api.ConnectionList.as_view(), name="connections"),
    path("connections/<slug:slug>/", api.ConnectionDetail.as_view(), name="connection"),
    path("connections/<slug:slug>/refresh/", api.ConnectionRefresh.as_view(), name="refresh"),
    path("accounts/", api.AccountList.as_view(), name="accounts"),
    path("accounts/<int:pk>/", api.AccountDetail.as_view(), name="account"),
    path("accounts/<int:pk>/values/", api.AccountValues.as_view(), name="values"),
    path("accounts/<int:pk>/positions/", api.AccountPositions.as_view(), name="positions"),
    path("accounts/<int:pk>/equity/", api.AccountEquity.as_view(), name="equity"),
    path("accounts/<int:pk>/findings/", api.AccountFindings.as_view(), name="account-findings"),
    path("audit/", api.AuditList.as_view(), name="audit"),
    path("audit/export/", api.AuditExport.as_view(), name="audit-export"),
    path("findings/", api.FindingList.as_view(), name="findings"),
]

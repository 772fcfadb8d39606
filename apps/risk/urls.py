"""Addresses of the risk pages."""

from django.urls import path

from apps.risk import views

ONE = "risk/accounts/<int:pk>/"

urlpatterns = [
    path("risk/", views.overview, name="risk"),
    path("risk/kill/", views.kill, name="risk-kill"),
    path("risk/lift/", views.lift, name="risk-lift"),
    path("risk/limits/", views.limits, name="risk-limits"),
    path("risk/limits/change/", views.limit_change, name="risk-limit-change"),
    path("risk/limits/changes/<int:pk>/", views.limit_decide, name="risk-limit-decide"),
    path("risk/alerts/<int:pk>/seen/", views.alert_seen, name="risk-alert-seen"),
    path(ONE, views.account, name="risk-account"),
    path(f"{ONE}locks/", views.lock_open, name="risk-lock-open"),
    path(f"{ONE}locks/<int:lock>/close/", views.lock_close, name="risk-lock-close"),
]

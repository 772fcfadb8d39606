"""Addresses of the risk pages."""

from django.urls import path

from apps.risk import views

ONE = "risk/accounts/<int:pk>/"
CHANNEL = "alerts/channels/<int:pk>/"

urlpatterns = [
    path("risk/", views.overview, name="risk"),
    path("risk/kill/", views.kill, name="risk-kill"),
    path("risk/lift/", views.lift, name="risk-lift"),
    path("risk/limits/", views.limits, name="risk-limits"),
    path("risk/limits/change/", views.limit_change, name="risk-limit-change"),
    path("risk/limits/changes/<int:pk>/", views.limit_decide, name="risk-limit-decide"),
    path("risk/alerts/<int:pk>/seen/", views.alert_seen, name="risk-alert-seen"),
    path("alerts/", views.alerts, name="alerts"),
    path("alerts/strip/", views.strip, name="alert-strip"),
    path("alerts/channels/", views.channels, name="alert-channels"),
    path("alerts/channels/new/", views.channel_save, name="alert-channel-new"),
    path(f"{CHANNEL}save/", views.channel_save, name="alert-channel-save"),
    path(f"{CHANNEL}test/", views.channel_test, name="alert-channel-test"),
    path(f"{CHANNEL}delete/", views.channel_delete, name="alert-channel-delete"),
    path(f"{CHANNEL}chats/", views.chat_allow, name="alert-chat-allow"),
    path(f"{CHANNEL}chats/<int:chat>/forbid/", views.chat_forbid, name="alert-chat-forbid"),
    path(ONE, views.account, name="risk-account"),
    path(f"{ONE}locks/", views.lock_open, name="risk-lock-open"),
    path(f"{ONE}locks/<int:lock>/close/", views.lock_close, name="risk-lock-close"),
]

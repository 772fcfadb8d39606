"""Addresses of the accounts app's pages."""

from django.urls import path

from apps.accounts import views

urlpatterns = [
    path("", views.desk, name="desk"),
    path("accounts/<int:pk>/", views.account_page, name="account"),
    path("findings/", views.findings, name="findings"),
    path("connections/", views.connections, name="connections"),
    path("refresh/", views.refresh, name="refresh"),
    path("waiting/", views.waiting, name="waiting"),
]

"""Addresses of the trading pages."""

from django.urls import path

from apps.trading import views

NEW = "orders/new/"
ONE = "orders/<int:pk>/"
RUN = "runs/<int:pk>/"
STRATEGY = "strategies/<int:pk>/"

urlpatterns = [
    path("orders/", views.orders, name="orders"),
    path("orders/executions/", views.executions, name="executions"),
    path("orders/history/", views.history, name="order-history"),
    path("orders/cancel-all/", views.cancel_all, name="cancel-all"),
    path("orders/cancel-everything/", views.cancel_everything, name="cancel-everything"),
    path("orders/outages/", views.outages, name="outages"),
    path(NEW, views.ticket, name="ticket"),
    path(f"{NEW}search/", views.ticket_search, name="ticket-search"),
    path(f"{NEW}check/", views.ticket_check, name="ticket-check"),
    path(f"{NEW}what-if/", views.ticket_what_if, name="ticket-what-if"),
    path(f"{NEW}confirm/", views.ticket_confirm, name="ticket-confirm"),
    path(f"{NEW}place/", views.ticket_place, name="ticket-place"),
    path(ONE, views.order, name="order"),
    path(f"{ONE}cancel/", views.cancel, name="order-cancel"),
    path(f"{ONE}change/", views.change, name="order-change"),
    path(f"{ONE}settle/", views.settle, name="order-settle"),
    path("runs/", views.runs, name="runs"),
    path("runs/new/", views.run_new, name="run-new"),
    path("runs/template.csv", views.template, name="snapshot-template"),
    path(RUN, views.run, name="run"),
    path(f"{RUN}answer/", views.answer, name="run-answer"),
    path(f"{RUN}approve/", views.approve, name="run-approve"),
    path(f"{RUN}cancel/", views.cancel_run, name="run-cancel"),
    path(f"{RUN}resume/", views.resume, name="run-resume"),
    path(f"{RUN}report.csv", views.report, name="run-report"),
    path("schedule/", views.schedule, name="schedule"),
    path("schedule/weeks/<int:pk>/", views.occurrence, name="occurrence"),
    path("strategies/", views.strategies, name="strategies"),
    path("strategies/new/", views.strategy_new, name="strategy-new"),
    path(STRATEGY, views.strategy, name="strategy"),
    path(f"{STRATEGY}policy/", views.policy, name="policy"),
    path(f"{STRATEGY}weights/", views.snapshot_upload, name="snapshot-upload"),
]

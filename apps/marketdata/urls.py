"""Addresses of the market data pages."""

from django.urls import path

from apps.marketdata import views

LIST = "quotes/<int:pk>/"
ONE = "instruments/<int:con_id>/"

urlpatterns = [
    path("quotes/", views.quotes, name="quotes"),
    path("quotes/new/", views.watchlist_new, name="watchlist-new"),
    path(LIST, views.quotes, name="watchlist"),
    path(f"{LIST}edit/", views.watchlist_edit, name="watchlist-edit"),
    path(f"{LIST}search/", views.watchlist_search, name="watchlist-search"),
    path(f"{LIST}add/", views.watchlist_add, name="watchlist-add"),
    path(f"{LIST}items/", views.watchlist_items, name="watchlist-items"),
    path("instruments/notes/", views.notes, name="notes"),
    path("instruments/viewed/", views.viewed, name="viewed"),
    path("instruments/twigs/", views.twigs, name="twigs"),
    path(ONE, views.instrument, name="instrument"),
    path(f"{ONE}history/", views.history, name="history"),
    path(f"{ONE}latest/", views.latest, name="bars-latest"),
    path(f"{ONE}options/", views.options, name="options"),
    path("streams/", views.streams, name="streams"),
    path("streams/<slug:slug>/", views.stream_switch, name="stream-switch"),
]

"""Routes of the market data API, below /api/v1/."""

from django.urls import path

from apps.marketdata import api

app_name = "marketdata-api"

ONE = "instruments/<int:con_id>/"
LIST = "watchlists/<int:pk>/"

urlpatterns = [
    path("instruments/", api.InstrumentList.as_view(), name="instruments"),
    path("instruments/search/", api.InstrumentSearch.as_view(), name="search"),
    path("instruments/resolve/", api.InstrumentResolve.as_view(), name="resolve"),
    path(ONE, api.InstrumentDetail.as_view(), name="instrument"),
    path(f"{ONE}fetch/", api.InstrumentFetch.as_view(), name="fetch"),
    path(f"{ONE}chain/", api.InstrumentChain.as_view(), name="chain"),
    path(f"{ONE}options/", api.InstrumentOptions.as_view(), name="options"),
    path(f"{ONE}bars/", api.InstrumentBars.as_view(), name="bars"),
    path("quotes", api.QuoteList.as_view(), name="quotes"),
    path("streams/", api.StreamList.as_view(), name="streams"),
    path("streams/<slug:slug>/", api.StreamDetail.as_view(), name="stream"),
    path("streams/<slug:slug>/start/", api.StreamStart.as_view(), name="stream-start"),
    path("streams/<slug:slug>/stop/", api.StreamStop.as_view(), name="stream-stop"),
    path("watchlists/", api.WatchlistList.as_view(), name="watchlists"),
    path(LIST, api.WatchlistDetail.as_view(), name="watchlist"),
    path(f"{LIST}items/", api.WatchlistItems.as_view(), name="items"),
    path(f"{LIST}items/<int:con_id>/", api.WatchlistItemDetail.as_view(), name="item"),
    path("downloads/", api.DownloadList.as_view(), name="downloads"),
]

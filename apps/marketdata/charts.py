"""Where the chart library is, if it has been installed."""

from django.contrib.staticfiles import finders
from django.templatetags.static import static

FILE = "vendor/lightweight-charts.standalone.production.mjs"


def library() -> str:
    """Its address; empty where npm could not install it."""
    if finders.find(FILE) is None:
        return ""
    try:
        return static(FILE)
    except ValueError:  # installed after the static files were collected
        return ""

"""Every address of the portal."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from ibportal import health

urlpatterns = [
    # Programs first: every address is looked for from the top.
    path("api/v1/", include("apps.trading.api_urls")),
    path("api/v1/", include("apps.risk.api_urls")),
    path("api/v1/", include("apps.marketdata.api_urls")),
    path("api/v1/", include("apps.accounts.api_urls")),
    path("", include("apps.accounts.urls")),
    path("", include("apps.marketdata.urls")),
    path("", include("apps.risk.urls")),
    path("", include("apps.trading.urls")),
    path("login/", auth.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]

"""Every setting of the project, read from the environment, .env and what `make run` chose."""

from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from ibportal.env import Env

BASE_DIR = Path(__file__).resolve().parent.parent

env = Env()
env.file(BASE_DIR / ".env")
VAR_DIR = env.folder("VAR_DIR", default=BASE_DIR / "var")
env.file(VAR_DIR / "run.env")

DEBUG = env.flag("DEBUG", default=False)
SECRET_KEY = env.text("SECRET_KEY")
if len(SECRET_KEY) < 32:
    raise ImproperlyConfigured(
        "SECRET_KEY is missing or shorter than 32 characters: set it in .env, "
        "or start the portal with `make run`, which makes one."
    )
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS", default=[])
HTTPS = env.flag("HTTPS", default=False)

REDIS_URL = env.address(
    "REDIS_URL", default="redis://127.0.0.1:6379/0", schemes=("redis", "rediss", "unix")
)
DATABASE_URL = env.address(
    "DATABASE_URL",
    default=f"sqlite:///{VAR_DIR / 'ibportal.sqlite3'}",
    schemes=("sqlite", "postgres", "postgresql"),
)
LOG_LEVEL = env.choice("LOG_LEVEL", default="INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR"))

IB_HOST = env.text("IB_HOST")
IB_PORT = env.number("IB_PORT", default=4002, low=1, high=65535)
IB_CLIENT_ID = env.number("IB_CLIENT_ID", default=17, low=0, high=2**31 - 1)
IB_MODE = env.choice("IB_MODE", default="paper", choices=("paper", "live"))
IB_ACCOUNTS = env.text("IB_ACCOUNTS")
QUOTES_FLUSH_MS = env.number("QUOTES_FLUSH_MS", default=50, low=5, high=5000)
FMP_API_KEY = env.text("FMP_API_KEY")
FMP_URL = env.address(
    "FMP_URL", default="https://financialmodelingprep.com/stable", schemes=("https", "http")
)
ORDER_SEND_WITHIN_SECONDS = env.number("ORDER_SEND_WITHIN_SECONDS", default=120, low=5, high=86400)
CHAOS = env.flag("CHAOS", default=False)
if CHAOS and IB_HOST:
    raise ImproperlyConfigured("CHAOS kills processes on purpose: with the simulator only.")
STRATEGY_PROVIDERS = {
    "fixed": "apps.trading.providers.Fixed",
    "equal_weight": "apps.trading.providers.EqualWeight",
    "inverse_volatility": "apps.trading.providers.InverseVolatility",
    "momentum_rank": "apps.trading.providers.MomentumRank",
    **env.pairs("STRATEGY_PROVIDERS"),
}
RISK_SECOND_PERSON = env.flag("RISK_SECOND_PERSON", default=False)
GUARD_SECONDS = env.number("GUARD_SECONDS", default=15, low=1, high=300)
GUARD_HISTORY_DAYS = env.number("GUARD_HISTORY_DAYS", default=30, low=1, high=3650)
MISMATCH_GRACE_SECONDS = env.number("MISMATCH_GRACE_SECONDS", default=60, low=1, high=3600)
FIELD_KEYS = env.keys("FIELD_KEYS")
ALERT_ESCALATE_MINUTES = env.number("ALERT_ESCALATE_MINUTES", default=10, low=1, high=1440)
HEARTBEAT_URL = env.text("HEARTBEAT_URL")
if HEARTBEAT_URL:
    env.address("HEARTBEAT_URL", default="", schemes=("https", "http"))
QUOTE_STALE_SECONDS = env.number("QUOTE_STALE_SECONDS", default=120, low=1, high=3600)

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "apps.accounts.apps.AccountsConfig",
    "apps.marketdata.apps.MarketdataConfig",
    "apps.risk.apps.RiskConfig",
    "apps.trading.apps.TradingConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "ibportal.problems.PortalErrorMiddleware",
]

ROOT_URLCONF = "ibportal.urls"
ASGI_APPLICATION = "ibportal.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.accounts.context.shell",
            ],
        },
    },
]

DATABASES = {"default": env.db_url_config(DATABASE_URL)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Several processes write: WAL lets them read meanwhile, IMMEDIATE avoids upgrade deadlocks.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
    # In memory, threads that share a database lock each other out of whole tables.
    DATABASES["default"]["TEST"] = {"NAME": VAR_DIR / "tests.sqlite3"}
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"]["OPTIONS"] = {"connect_timeout": 5}

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
}
REDIS_DATABASE = urlsplit(REDIS_URL).path.strip("/") or "0"
CHANNEL_LAYERS = {
    # The core layer closes sockets idle for five seconds with redis-py 8.
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": f"ibportal.{REDIS_DATABASE}"},
    }
}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 30, "socket_keepalive": True}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Celery's stand-in for stdout has no encoding, which ibapi asks it for.
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "pulse": {"task": "ibportal.pulse", "schedule": 5.0, "options": {"expires": 15}},
    "equity snapshot": {
        "task": "accounts.equity_snapshot",
        "schedule": 60.0,
        "options": {"expires": 50},
    },
    "consistency": {
        "task": "accounts.consistency_check",
        "schedule": 60.0,
        "options": {"expires": 50},
    },
    "order sweep": {"task": "trading.sweep", "schedule": 5.0, "options": {"expires": 10}},
    "runs advance": {"task": "trading.runs_advance", "schedule": 2.0, "options": {"expires": 4}},
    "schedule check": {
        "task": "trading.schedule_check",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "guard": {
        "task": "risk.guard",
        "schedule": float(GUARD_SECONDS),
        "options": {"expires": GUARD_SECONDS},
    },
    "gateway commands": {
        "task": "risk.commands_sweep",
        "schedule": 2.0,
        "options": {"expires": 20},
    },
    "flatten": {
        "task": "risk.flattens_advance",
        "schedule": 2.0,
        "options": {"expires": 20},
    },
    "alerts": {"task": "risk.alerts_sweep", "schedule": 5.0, "options": {"expires": 10}},
    "link alerts": {"task": "risk.links_alert", "schedule": 10.0, "options": {"expires": 10}},
    "telegram": {"task": "risk.telegram_poll", "schedule": 3.0, "options": {"expires": 6}},
    "heartbeat": {"task": "risk.heartbeat", "schedule": 60.0, "options": {"expires": 30}},
    "guard thinning": {"task": "risk.guard_thin", "schedule": 3600.0},
    "link watch": {
        "task": "accounts.link_watch",
        "schedule": 2.0,
        "options": {"expires": 4},
    },
    "stream refresh": {
        "task": "marketdata.stream_refresh",
        "schedule": 5.0,
        "options": {"expires": 10},
    },
    "bars resume": {
        "task": "marketdata.bars_resume",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "bars keep": {"task": "marketdata.bars_keep", "schedule": 3600.0},
    "equity thinning": {"task": "accounts.equity_thin", "schedule": 3600.0},
}
if not IB_HOST:
    CELERY_BEAT_SCHEDULE["demo strategy"] = {
        "task": "trading.demo_seed",
        "schedule": 15.0,
        "options": {"expires": 15},
    }

AUTHENTICATION_BACKENDS = ["apps.accounts.backend.PreparedBackend"]
SESSION_ENGINE = "ibportal.sessions"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "desk"
LOGOUT_REDIRECT_URL = "login"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_HTTPONLY = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文"), ("zh-hant", "繁體中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.zone("TIME_ZONE", default="UTC")

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS: list[Path | tuple[str, Path]] = [BASE_DIR / "static"]
CHARTS_DIR = BASE_DIR / "node_modules" / "lightweight-charts" / "dist"
if CHARTS_DIR.is_dir():
    STATICFILES_DIRS.append(("vendor", CHARTS_DIR))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "ibportal.static_storage.StaticStorage"},
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "PAGE_SIZE": 100,
    "DEFAULT_RENDERER_CLASSES": ["apps.lib.api.OrjsonRenderer"],
    "EXCEPTION_HANDLER": "apps.lib.api.exception_handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "ibportal",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    # The page's scripts come from a package, not from somebody else's server.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "BarSource": ["ib", "fmp"],
        "PriceKind": "apps.marketdata.api.schema.PRICE_KINDS",
        "OrderSource": "apps.trading.models.Source",
        "AlertSeverity": "apps.risk.api.channel_schema.SEVERITIES",
        "ChannelKind": "apps.risk.api.channel_schema.CHANNEL_KINDS",
        "GuardState": "apps.risk.models.guard.GUARD_STATES",
        "LimitChangeState": "apps.risk.api.limit_schema.CHANGE_STATES",
        "OrderState": "apps.trading.api.order_schema.ORDER_STATES",
        "SecType": "apps.marketdata.api.schema.KINDS",
        "RunState": "apps.trading.api.run_schema.RUN_STATES",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
    },
    "filters": {"masked": {"()": "apps.accounts.masks.MaskAccounts"}},
    "handlers": {
        "nothing": {"class": "logging.NullHandler"},
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["masked"],
        },
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # ibapi logs every message it sends and reads at INFO and DEBUG.
        "ibapi": {"level": "WARNING"},
        # One line for each task, every few seconds, would bury what matters.
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        # httpx names each address it asks at INFO, and a Telegram address holds the bot's token.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "telegram": {"level": "WARNING"},
        # Its reasons are read from its log and told without the secrets they may repeat.
        "apprise": {"handlers": ["nothing"], "propagate": False},
    },
}

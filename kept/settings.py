"""Every setting of Kept, read once from the environment; docs/settings.md lists them.

Django's own names are upper case because Django wants them so. What is ours starts with KEPT_.
"""

import secrets
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from kept import env
from kept.postgres import places
from kept.web.assets import fingerprint

KEPT_DATA = Path(env.text("KEPT_DATA", ".kept")).expanduser().resolve()
KEPT_URL = env.text("KEPT_URL", "http://127.0.0.1:8000").rstrip("/")
KEPT_MAIL_DOMAIN = env.text("KEPT_MAIL_DOMAIN", "kept.example")
KEPT_SMTP_URL = env.text("KEPT_SMTP_URL", "")
KEPT_SMTP_OAUTH = env.text("KEPT_SMTP_OAUTH", "")
KEPT_MAIL_SERVERS = env.words("KEPT_MAIL_SERVERS", ())
"""The servers whose Authentication-Results we believe, by the name they write there."""
KEPT_MAIL_LARGEST = env.number("KEPT_MAIL_LARGEST", 40_000_000, least=100_000, most=50_000_000)
KEPT_RECEIVER_HOST = env.text("KEPT_RECEIVER_HOST", "127.0.0.1")
KEPT_RECEIVER_PORT = env.number("KEPT_RECEIVER_PORT", 2525, most=65_535)
KEPT_RECEIVER_LMTP = env.flag("KEPT_RECEIVER_LMTP", default=False)
KEPT_IMAP_MOVE_TO = env.text("KEPT_IMAP_MOVE_TO", "")
KEPT_DEMO = env.flag("KEPT_DEMO", default=False)
KEPT_STATEMENT_SECONDS = env.number("KEPT_STATEMENT_SECONDS", 15, least=1, most=3600)
KEPT_API_RATE = env.number("KEPT_API_RATE", 3000, least=1, most=10_000_000)
KEPT_METRICS_TOKEN = env.secret("KEPT_METRICS_TOKEN") or ""
KEPT_OIDC_ISSUER = env.text("KEPT_OIDC_ISSUER", "")
KEPT_OIDC_CLIENT = env.text("KEPT_OIDC_CLIENT", "")
KEPT_OIDC_SECRET = env.text("KEPT_OIDC_SECRET", "")
KEPT_SAML_ISSUER = env.text("KEPT_SAML_ISSUER", "")
KEPT_SAML_ADDRESS = env.text("KEPT_SAML_ADDRESS", "")
KEPT_SAML_CERTIFICATE = env.text("KEPT_SAML_CERTIFICATE", "")
KEPT_SSO_NAME = env.text("KEPT_SSO_NAME", "your organisation")
KEPT_SSO_INSIDE = env.flag("KEPT_SSO_INSIDE", default=False)
KEPT_WORKER_LEASE_SECONDS = env.number("KEPT_WORKER_LEASE_SECONDS", 60, least=5, most=3600)


def _secret_key() -> str:
    """Return KEPT_SECRET, or one made on first use and kept in the data folder."""
    given = env.secret("KEPT_SECRET")
    if given is not None:
        return given
    path = KEPT_DATA / "secret"
    if not path.exists():
        KEPT_DATA.mkdir(mode=0o711, parents=True, exist_ok=True)
        half = KEPT_DATA / f"secret.{secrets.token_hex(4)}"
        half.touch(mode=0o600)
        half.write_text(secrets.token_urlsafe(48), encoding="ascii")
        try:
            path.hardlink_to(half)
        except FileExistsError:
            pass
        finally:
            half.unlink()
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError as problem:
        raise env.SettingError("KEPT_SECRET", f"cannot read {path}: {problem}") from None


def database_settings(url: str) -> dict[str, object]:
    """Return Django's form of a postgresql:// URL, with time-outs on every connection."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise env.SettingError("DATABASE_URL", "must begin with postgresql:// .")
    options = dict(parse_qsl(parts.query))
    try:
        port = str(parts.port or options.pop("port", ""))
    except ValueError:
        raise env.SettingError("DATABASE_URL", "has a port that is not a number.") from None
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise env.SettingError("DATABASE_URL", "names no database after the last slash.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or parts.hostname or "",
        "PORT": port,
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {
            "application_name": "kept",
            "connect_timeout": 5,
            "keepalives_idle": 30,
            "tcp_user_timeout": 20_000,
            "prepare_threshold": 5,
            "server_side_binding": True,
            "options": (
                f"-c statement_timeout={KEPT_STATEMENT_SECONDS}s -c lock_timeout=5s"
                " -c idle_in_transaction_session_timeout=30s -c timezone=UTC"
            ),
            **options,
        },
    }


DATABASE_URL = env.text("DATABASE_URL", "") or places(KEPT_DATA).url
DATABASES = {"default": database_settings(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

SECRET_KEY = _secret_key()
DEBUG = env.flag("KEPT_DEBUG", default=False)
ALLOWED_HOSTS = list(
    env.words("KEPT_HOSTS", ("127.0.0.1", "localhost", "[::1]", urlsplit(KEPT_URL).hostname or ""))
)
CSRF_TRUSTED_ORIGINS = [KEPT_URL]

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.staticfiles",
    "django_htmx",
    "kept.records",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "kept.web.headers.SecurityHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "kept.web.errors.SaidErrors",
    "kept.web.nul.WithoutNul",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [Path(__file__).parent / "web" / "templates"],
        "OPTIONS": {"environment": "kept.web.jinja.environment"},
    }
]
ROOT_URLCONF = "kept.urls"
WSGI_APPLICATION = "kept.wsgi.application"

AUTH_USER_MODEL = "records.Agent"
AUTHENTICATION_BACKENDS = ["kept.services.people.ByAddress"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
]
SESSION_ENGINE = "kept.records.session_store"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = KEPT_URL.startswith("https://")
SESSION_COOKIE_NAME = "__Host-kept" if SESSION_COOKIE_SECURE else "kept"
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE
CSRF_COOKIE_NAME = "__Host-kept-form" if SESSION_COOKIE_SECURE else "kept-form"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "kept.web.errors.form_too_old"
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if SESSION_COOKIE_SECURE else 0

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False
# The folder's own hash is in every address, so a file may be kept for ever and an upgrade is seen.
STATICFILES_DIRS = [Path(__file__).parent / "web" / "static"]
STATIC_URL = f"/static/{fingerprint(*STATICFILES_DIRS)}/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_MAX_AGE = 31_536_000
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"django": {"handlers": [], "level": "WARNING", "propagate": True}},
}

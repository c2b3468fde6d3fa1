"""The settings of a connection to GoTo, shared by all programs, and the API client that they configure."""

import importlib.util
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit

from singer_sdk import typing as th

from tap_gotowebinar.api.auth.authenticator import MISSING, Authenticator
from tap_gotowebinar.api.auth.token_endpoint import Credentials, TokenEndpoint
from tap_gotowebinar.api.auth.token_store import TokenStore, fingerprint
from tap_gotowebinar.api.client import ApiClient
from tap_gotowebinar.api.deadline_adapter import RESPONSE_DEADLINE_FACTOR
from tap_gotowebinar.api.rate_limiter import WINDOW, RateLimiter
from tap_gotowebinar.api.transport import Transport, is_loopback
from tap_gotowebinar.settings.values import number_problems, optional_text

if TYPE_CHECKING:
    from tap_gotowebinar.api.shared_rate_limiter import SharedRateLimiter

DISTRIBUTION: Final = "tap-gotowebinar"
"""The installed package, of which the target and the login are programs, too."""

DEFAULT_API_URL: Final = "https://api.getgo.com"
DEFAULT_AUTH_URL: Final = "https://authentication.logmeininc.com"
DEFAULT_REQUESTS_PER_MINUTE: Final = 100
DEFAULT_REQUESTS_PER_SECOND: Final = 8
DEFAULT_MAX_CONCURRENCY: Final = 12
"""At 8 calls a second, each answered within 1.5 s, 12 are in flight; more only wait for the rate."""

DEFAULT_REQUEST_TIMEOUT: Final = 60

SECRETS: Final = ("client_id", "client_secret", "refresh_token", "personal_access_token")

CONNECTION_SETTINGS: Final = (
    th.Property(
        "client_id",
        th.StringType,
        required=True,
        secret=True,
        title="Client ID",
        description="Client ID of your OAuth client, from https://developer.logmeininc.com/clients.",
    ),
    th.Property(
        "client_secret",
        th.StringType,
        required=True,
        secret=True,
        title="Client secret",
        description="Client secret of your OAuth client.",
    ),
    th.Property(
        "refresh_token",
        th.StringType,
        secret=True,
        title="Refresh token",
        description="Refresh token of the user in whose name the program calls GoTo. Not needed if you set a personal "
        "access token or log in with the command tap-gotowebinar-login.",
    ),
    th.Property(
        "personal_access_token",
        th.StringType,
        secret=True,
        title="Personal access token",
        description="Personal access token from https://myaccount.goto.com (Developer Tools). It takes precedence"
        " over a refresh token and never changes.",
    ),
    th.Property(
        "token_path",
        th.StringType,
        title="Token path",
        description="File in which the program keeps tokens between runs; runs that use the same file share them."
        " Default: one file for each OAuth client in your state folder. In containers and CI, put it "
        "on a volume that persists.",
    ),
    th.Property(
        "api_url",
        th.StringType,
        default=DEFAULT_API_URL,
        title="API URL",
        description="Origin of the API: scheme and host, without a path.",
    ),
    th.Property(
        "auth_url",
        th.StringType,
        default=DEFAULT_AUTH_URL,
        title="Authentication URL",
        description="Origin of the token endpoint: scheme and host, without a path.",
    ),
    th.Property(
        "requests_per_minute",
        th.IntegerType(minimum=1),
        default=DEFAULT_REQUESTS_PER_MINUTE,
        title="Requests per minute",
        description="Maximum number of calls in any 60 seconds. The default leaves room for other tools that use the "
        "same OAuth client. GoTo allows 10 calls a second; if nothing else uses the client, 480 is safe.",
    ),
    th.Property(
        "requests_per_second",
        th.NumberType(exclusive_minimum=0),
        default=DEFAULT_REQUESTS_PER_SECOND,
        title="Requests per second",
        description="Maximum number of calls in a second, evenly spaced.",
    ),
    th.Property(
        "rate_budget_url",
        th.StringType,
        secret=True,
        title="Rate budget URL",
        description="URL of a PostgreSQL database through which all programs with the same OAuth client, on any "
        "machine, share one rate budget: postgresql://user:password@host/database. Needs the extra "
        "`shared`. Default: each run has its own budget.",
    ),
    th.Property(
        "max_concurrency",
        th.CustomType({"type": ["integer", "null"], "minimum": 1, "maximum": 100}),
        default=DEFAULT_MAX_CONCURRENCY,
        title="Max concurrency",
        description="Maximum number of calls in flight at the same time. Parallel calls hide the response time of"
        " GoTo; the rate limits still apply.",
    ),
    th.Property(
        "request_timeout",
        th.NumberType(exclusive_minimum=0, maximum=86400),  # sockets of every system take it
        default=DEFAULT_REQUEST_TIMEOUT,
        title="Request timeout",
        description="Seconds without data after which a call counts as failed and is retried.",
    ),
    th.Property(
        "user_agent",
        th.StringType,
        title="User agent",
        description="User-Agent header of every call. Default: name and version of the program.",
    ),
)


@dataclass(frozen=True)
class ConnectionSettings:
    """The typed settings of a connection; made only from settings without `connection_problems`."""

    credentials: Credentials
    token_path: Path | None
    api_url: str
    auth_url: str
    requests_per_minute: int
    requests_per_second: float
    rate_budget_url: str | None
    max_concurrency: int
    request_timeout: float
    user_agent: str

    @classmethod
    def from_config(cls, config: Mapping[str, Any], program: str) -> Self:
        """Return the typed form of valid settings; the name of the program is part of the default `user_agent`."""
        return cls(
            credentials=Credentials(**{name: optional_text(config, name) or "" for name in SECRETS}),
            token_path=_path(config),
            api_url=(optional_text(config, "api_url") or DEFAULT_API_URL).rstrip("/"),
            auth_url=(optional_text(config, "auth_url") or DEFAULT_AUTH_URL).rstrip("/"),
            requests_per_minute=int(config.get("requests_per_minute") or DEFAULT_REQUESTS_PER_MINUTE),
            requests_per_second=config.get("requests_per_second") or DEFAULT_REQUESTS_PER_SECOND,
            rate_budget_url=optional_text(config, "rate_budget_url"),
            max_concurrency=config.get("max_concurrency") or DEFAULT_MAX_CONCURRENCY,
            request_timeout=config.get("request_timeout") or DEFAULT_REQUEST_TIMEOUT,
            user_agent=optional_text(config, "user_agent") or f"{program}/{metadata.version(DISTRIBUTION)}",
        )

    @property
    def token_store(self) -> TokenStore:
        """Keeps tokens between runs."""
        return TokenStore(self.token_path, self.auth_url, self.credentials.client_id)

    def api_client(self, *, window: float = WINDOW) -> ApiClient:
        """Return a client that makes `requests_per_minute` calls in `window` seconds, at most."""
        transport = Transport(
            request_timeout=self.request_timeout, user_agent=self.user_agent, secrets=self.credentials.all_secrets
        )
        endpoint = TokenEndpoint(self.credentials, transport, f"{self.auth_url}/oauth/token")
        authenticator = Authenticator(self.credentials, endpoint, self.token_store)
        return ApiClient(self.api_url, transport, authenticator, self._rate_limiter(window))

    def _rate_limiter(self, window: float) -> "RateLimiter | SharedRateLimiter":
        rate = (self.requests_per_minute, self.requests_per_second)
        if self.rate_budget_url is None:
            return RateLimiter(*rate, window=window)
        # Only here: its libraries belong to an extra.
        from tap_gotowebinar.api.shared_rate_limiter import SharedRateLimiter  # noqa: PLC0415

        name = fingerprint(f"{self.auth_url}\n{self.credentials.client_id}")
        # Connecting, sending, waiting for the first byte, and the rest.
        longest_call = (3 + RESPONSE_DEADLINE_FACTOR) * self.request_timeout
        return SharedRateLimiter(self.rate_budget_url, name, *rate, longest_call=longest_call, window=window)


def connection_problems(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each setting, or combination of settings, that fits the schema and cannot work."""
    yield from _credential_problems(config)
    for name in (*SECRETS, "user_agent"):
        value = optional_text(config, name) or ""
        if len(value) > 8192:  # noqa: PLR2004 - a header that servers accept
            yield f"{name} is longer than 8192 characters: shorten it or copy it again"
        if value.isascii() and value.isprintable():
            continue
        if name in SECRETS:
            yield f"{name} holds characters that GoTo never gives out: copy it again, without line breaks or quotes"
        else:
            yield f"{name} holds characters that no HTTP header may hold: use printable ASCII"
    yield from _path_problems(config)
    yield from _budget_problems(config)
    for name, default in (("api_url", DEFAULT_API_URL), ("auth_url", DEFAULT_AUTH_URL)):
        if url := optional_text(config, name):
            yield from _origin_problems(name, url, default)
    yield from number_problems(config, "requests_per_second", "request_timeout")


def _credential_problems(config: Mapping[str, Any]) -> Iterator[str]:
    # In one line: `meltano config test` shows only the last.
    unset = []
    if empty := [name for name in ("client_id", "client_secret") if optional_text(config, name) is None]:
        remedy = "are empty: set them to the values" if len(empty) > 1 else "is empty: set it to the value"
        unset.append(f"{' and '.join(empty)} {remedy} shown at https://developer.logmeininc.com/clients")
    settings = ConnectionSettings.from_config(config, DISTRIBUTION)
    is_readable = not any(_path_problems(config))
    if is_readable and not settings.credentials.credential and not settings.token_store.has_login():
        unset.append(MISSING)
    if unset:
        yield "; ".join(unset)


def _path(config: Mapping[str, Any]) -> Path | None:
    written = optional_text(config, "token_path")
    return Path(written) if written else None


def _path_problems(config: Mapping[str, Any]) -> Iterator[str]:
    path = _path(config)
    try:
        is_usable = path is None or ("\0" not in str(path) and (path.is_file() or not path.exists()))
    except OSError:
        # Too long for the system.
        is_usable = False
    if not is_usable:
        yield "token_path is not a file: let it name a file, which need not be there yet"


def _budget_problems(config: Mapping[str, Any]) -> Iterator[str]:
    url = optional_text(config, "rate_budget_url")
    if url is None:
        return
    if not url.startswith(("postgresql://", "postgres://")):
        yield "rate_budget_url is not the URL of a PostgreSQL database: let it start with postgresql://"
    elif importlib.util.find_spec("psycopg_pool") is None:
        yield (
            f"rate_budget_url needs a library that is not installed: install {DISTRIBUTION} with the extra shared "
            "(docs/install.md)"
        )


def _origin_problems(name: str, url: str, default: str) -> Iterator[str]:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in {"http", "https"} or not host or not url.isprintable():
        yield f"{name} is not a URL: write it like {default}"
    elif parts.path.strip("/") or any(mark in url for mark in "?#@\\"):
        yield f"{name} must be an origin, scheme and host without a path, query or user: write it like {default}"
    elif not re.fullmatch(r"[a-z0-9._:-]+", host):
        yield f"{name} is not a URL: write it like {default}"
    elif parts.scheme == "http" and not is_loopback(host):
        yield f"{name} must start with https://: tokens are never sent in the clear"

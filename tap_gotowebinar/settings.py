"""The settings of a connection to GoTo: what they are, what is wrong with them, and the typed form the code uses.

Error texts never hold a value: a secret in the wrong place would end up in a log.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import json
import math
import re
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from singer_sdk import typing as th

from tap_gotowebinar.auth import Credentials
from tap_gotowebinar.records import canonical_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jsonschema import ValidationError

DEFAULT_START_DATE: Final = "2000-01-01T00:00:00Z"
DEFAULT_API_URL: Final = "https://api.getgo.com"
DEFAULT_AUTH_URL: Final = "https://authentication.logmeininc.com"
DEFAULT_REQUESTS_PER_MINUTE: Final = 100
DEFAULT_REQUESTS_PER_SECOND: Final = 8
DEFAULT_MAX_CONCURRENCY: Final = 20
DEFAULT_REQUEST_TIMEOUT: Final = 60
DEFAULT_SETTLE_DAYS: Final = 14
DEFAULT_RECHECK_FACTOR: Final = 0.1

FIRST_START: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
"""An earlier `start_date` means the same: there were no webinars, and some clocks do not go back further."""

LONGEST_SETTLING: Final = 36500
"""Days of `settle_days`: a century is for ever, and more does not fit every calendar."""

LONGEST_TIMEOUT: Final = 86400
"""Seconds of `request_timeout` that sockets of every system take."""

SECRETS: Final = ("client_id", "client_secret", "refresh_token", "personal_access_token")

_KEY: Final = re.compile(r"[0-9]{1,19}")
_HOST: Final = re.compile(r"[a-z0-9._:-]+")

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
        description="Refresh token of the user whose data is read. Either this or a personal access token is required.",
    ),
    th.Property(
        "personal_access_token",
        th.StringType,
        secret=True,
        title="Personal access token",
        description="Personal access token from https://myaccount.goto.com (Developer Tools). Used instead of a "
        "refresh token; it is never rotated.",
    ),
    th.Property(
        "organizer_keys",
        th.ArrayType(th.OneOf(th.StringType, th.IntegerType)),
        title="Organizer keys",
        description="Keys of the organizers whose webinars are read. Empty: the organizer the token belongs to. "
        "Together with an account key: only these organizers of the account.",
    ),
    th.Property(
        "account_key",
        th.CustomType({"type": ["string", "integer", "null"]}),
        title="Account key",
        description="Key of an account: the webinars of all its organizers are read. Needs the token of an "
        "administrator of the account.",
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
        description="Calls that may be made in any 60 seconds. 100 is a share that leaves room for other tools on the "
        "same connection; GoTo itself publishes 10 a second, so that 480 is safe when nothing else uses it.",
    ),
    th.Property(
        "requests_per_second",
        th.NumberType(exclusive_minimum=0),
        default=DEFAULT_REQUESTS_PER_SECOND,
        title="Requests per second",
        description="Calls that may be sent in a second; they are evenly spaced.",
    ),
    th.Property(
        "max_concurrency",
        th.CustomType({"type": ["integer", "null"], "minimum": 1, "maximum": 100}),
        default=DEFAULT_MAX_CONCURRENCY,
        title="Max concurrency",
        description="Calls in flight at the same time. They hide GoTo's answer times and never exceed the budget.",
    ),
    th.Property(
        "request_timeout",
        th.NumberType(exclusive_minimum=0, maximum=LONGEST_TIMEOUT),
        default=DEFAULT_REQUEST_TIMEOUT,
        title="Request timeout",
        description="Seconds of silence after which a call is given up and tried again.",
    ),
    th.Property(
        "user_agent",
        th.StringType,
        title="User agent",
        description="How the tap introduces itself to GoTo. Default: its name and version.",
    ),
)

TAP_SETTINGS: Final = (
    th.Property(
        "start_date",
        th.DateTimeType,
        default=DEFAULT_START_DATE,
        title="Start date",
        description="Webinars that take place before this time are not listed. All registrants of a listed webinar "
        "are read, whenever they registered.",
    ),
    th.Property(
        "settle_days",
        th.NumberType(minimum=0, maximum=LONGEST_SETTLING),
        default=DEFAULT_SETTLE_DAYS,
        title="Settle days",
        description="Days without a new registration after the end of a webinar until it counts as settled. Until then "
        "it is read by every run.",
    ),
    th.Property(
        "recheck_factor",
        th.CustomType({"type": ["number", "null"], "minimum": 0, "maximum": 0.5}),
        default=DEFAULT_RECHECK_FACTOR,
        title="Recheck factor",
        description="A settled webinar is read again when the time since its last reading reaches this share of the "
        "time it has been quiet. 0: by every run.",
    ),
    th.Property(
        "max_calls",
        th.IntegerType(minimum=1),
        title="Max calls",
        description="Calls after which a run ends in good order, with exit code 0; the next one goes on from there. "
        "Listing the webinars is always completed.",
    ),
    th.Property(
        "on_forbidden",
        th.CustomType({"type": ["string", "null"], "enum": ["fail", "skip", None]}),
        default="fail",
        title="On forbidden",
        description="What a refusal by GoTo means: `fail` completes the rest of the run and exits with 1; `skip` exits "
        "with 0. Either way the summary names what was refused.",
    ),
)


@dataclass(frozen=True)
class Settings:
    """Settings in the form the code uses; build it only from settings without `problems`."""

    credentials: Credentials
    organizer_keys: tuple[str, ...]
    account_key: str | None
    start_date: dt.datetime
    api_url: str
    auth_url: str
    requests_per_minute: int
    requests_per_second: float
    max_concurrency: int
    request_timeout: float
    user_agent: str
    forgive_refusals: bool
    settle: dt.timedelta
    recheck_factor: float
    max_calls: int | None

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Settings:
        """Return the typed form of valid settings."""
        start = dt.datetime.fromisoformat(canonical_time(_text(config, "start_date")) or DEFAULT_START_DATE)
        return cls(
            credentials=Credentials(
                _text(config, "client_id") or "",
                _text(config, "client_secret") or "",
                _text(config, "refresh_token"),
                _text(config, "personal_access_token"),
            ),
            # The same key twice, as text and as a number, is one organizer.
            organizer_keys=tuple(dict.fromkeys(str(key).strip() for key in config.get("organizer_keys") or ())),
            account_key=_text(config, "account_key"),
            start_date=max(start, FIRST_START),
            api_url=(_text(config, "api_url") or DEFAULT_API_URL).rstrip("/"),
            auth_url=(_text(config, "auth_url") or DEFAULT_AUTH_URL).rstrip("/"),
            requests_per_minute=int(config.get("requests_per_minute") or DEFAULT_REQUESTS_PER_MINUTE),
            requests_per_second=config.get("requests_per_second") or DEFAULT_REQUESTS_PER_SECOND,
            max_concurrency=config.get("max_concurrency") or DEFAULT_MAX_CONCURRENCY,
            request_timeout=config.get("request_timeout") or DEFAULT_REQUEST_TIMEOUT,
            user_agent=_text(config, "user_agent") or f"tap-gotowebinar/{metadata.version('tap-gotowebinar')}",
            forgive_refusals=config.get("on_forbidden") == "skip",
            settle=dt.timedelta(days=float(_or_default(config.get("settle_days"), DEFAULT_SETTLE_DAYS))),
            recheck_factor=float(_or_default(config.get("recheck_factor"), DEFAULT_RECHECK_FACTOR)),
            max_calls=config.get("max_calls"),
        )


def schema_problem(error: ValidationError) -> str:
    """Return a line about a setting that does not fit the settings schema, without its value."""
    if error.validator == "required":
        missing = next((name for name in _names(error.validator_value) if f"'{name}'" in error.message), "a setting")
        return f"{missing} is missing: set it in the configuration or as TAP_GOTOWEBINAR_{missing.upper()}"
    name = str(error.path[0]) if error.path else "the configuration"
    expected = {
        "type": f"must be of type {_one_of(error.validator_value)}",
        "enum": f"must be one of {_one_of(error.validator_value)}",
        "minimum": f"must be at least {error.validator_value}",
        "maximum": f"must be at most {error.validator_value}",
        "exclusiveMinimum": f"must be greater than {error.validator_value}",
        "oneOf": "must hold texts or whole numbers",
        "format": f"must be a {error.validator_value}",
    }
    return f"{name} {expected.get(str(error.validator), 'is not valid')}: correct it"


def problems(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each setting, or combination of them, that fits the schema and cannot work."""
    yield from _credential_problems(config)
    yield from _key_problems(config)
    yield from _start_problems(_text(config, "start_date"))
    for name, default in (("api_url", DEFAULT_API_URL), ("auth_url", DEFAULT_AUTH_URL)):
        if url := _text(config, name):
            yield from _origin_problems(name, url, default)
    for name in ("requests_per_second", "request_timeout", "settle_days", "recheck_factor"):
        # JSON has no NaN and no infinity; Python reads them all the same.
        if isinstance(config.get(name), float) and not math.isfinite(config[name]):
            yield f"{name} is not a number: correct it"
    if not _fits_a_header(_text(config, "user_agent")):
        yield "user_agent holds characters that no HTTP header may hold: use printable ASCII"
    if config.get("emit_activate_version_messages"):
        yield (
            "emit_activate_version_messages cannot be used: no stream is a full copy, so that a target would delete "
            "what this run did not read; remove it"
        )
    if "stream_maps" in config and config["stream_maps"] is None:
        yield "stream_maps is null: fill it or leave it out"
    if config.get("batch_config"):
        yield "batch_config cannot be used: this tap has no BATCH mode; remove it"


def with_numbers(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings in which numbers that came as text are numbers; the SDK leaves those of the environment text."""
    settings = dict(config)
    for name, declared in schema.get("properties", {}).items():
        value = settings.get(name)
        if isinstance(value, str) and "number" in declared.get("type", []):
            with contextlib.suppress(ValueError):
                settings[name] = float(value)
    return settings


def environment_problems(schema: Mapping[str, Any], environ: Mapping[str, str], prefix: str) -> Iterator[str]:
    """Yield a line for each environment variable that the settings cannot be read from."""
    for name, declared in schema.get("properties", {}).items():
        variable = prefix + name.upper()
        types = declared.get("type", [])
        try:
            if variable not in environ:
                continue
            if "integer" in types:
                int(environ[variable])
            elif "array" in types or "object" in types:
                json.loads(environ[variable])
        except ValueError:
            form = "a whole number" if "integer" in types else "JSON"
            yield f"{name} is not valid: the environment variable {variable} must hold {form}"


def _text(config: Mapping[str, Any], name: str) -> str | None:
    """Return a setting without blanks around it; None when nothing is left: an empty text means not set."""
    value = config.get(name)
    return (str(value).strip() or None) if value is not None else None


def _fits_a_header(text: str | None) -> bool:
    return text is None or (text.isascii() and text.isprintable())


def _credential_problems(config: Mapping[str, Any]) -> Iterator[str]:
    for name in ("client_id", "client_secret"):
        if _text(config, name) is None:
            yield f"{name} is empty: set it to the value shown at https://developer.logmeininc.com/clients"
    if _text(config, "refresh_token") is None and _text(config, "personal_access_token") is None:
        yield "refresh_token or personal_access_token is missing: set one of the two"
    for name in SECRETS:
        if not _fits_a_header(_text(config, name)):
            yield f"{name} holds characters that GoTo never gives out: copy it again, without line breaks or quotes"


def _key_problems(config: Mapping[str, Any]) -> Iterator[str]:
    if not all(_KEY.fullmatch(str(key).strip()) for key in config.get("organizer_keys") or ()):
        yield "organizer_keys holds something that is not a key: keys are whole numbers of up to 19 digits"
    if not _KEY.fullmatch(_text(config, "account_key") or "0"):
        yield "account_key is not a key: keys are whole numbers of up to 19 digits"


def _start_problems(text: str | None) -> Iterator[str]:
    if text is None:
        return
    start = canonical_time(text)
    if start is None:
        yield "start_date is not a time: write it like 2024-01-31T00:00:00Z"
    elif int(start[:4]) >= dt.datetime.now(dt.UTC).year + 10:
        yield "start_date is ten years ahead, where no webinar is: correct the year"


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
    elif not _HOST.fullmatch(host):
        yield f"{name} is not a URL: write it like {default}"
    elif parts.scheme == "http" and not _is_loopback(host):
        yield f"{name} must start with https://: tokens are never sent in the clear"


def _or_default(value: float | None, default: float) -> float:
    return default if value is None else value


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _one_of(value: object) -> str:
    return " or ".join(name for name in _names(value) if name != "null")


def _names(value: object) -> list[str]:
    return [str(item) for item in value if item is not None] if isinstance(value, list) else [str(value)]

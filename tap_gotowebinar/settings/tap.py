"""The settings of the tap, their errors, and their typed form."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from singer_sdk import typing as th

from tap_gotowebinar.records.timestamps import canonical_time
from tap_gotowebinar.settings.connection import ConnectionSettings, connection_problems
from tap_gotowebinar.settings.values import is_key, key_problems, number_problems, optional_text, stream_map_problems

PROGRAM: Final = "tap-gotowebinar"
"""Name of the command, and prefix of its environment variables."""

DEFAULT_START_DATE: Final = "2000-01-01T00:00:00Z"
DEFAULT_SETTLE_DAYS: Final = 14
DEFAULT_RECHECK_FACTOR: Final = 0.1

FIRST_START: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
"""The earliest effective `start_date`: some systems have no earlier times."""

TAP_SETTINGS: Final = (
    th.Property(
        "organizer_keys",
        th.ArrayType(th.OneOf(th.StringType, th.IntegerType)),
        title="Organizer keys",
        description="Keys of the organizers whose webinars you extract. In a variable, write a JSON list. Default: "
        "the owner of the token. With an account key: only these organizers of the account.",
    ),
    th.Property(
        "account_key",
        th.CustomType({"type": ["string", "integer", "null"]}),
        title="Account key",
        description="Key of an account: you extract the webinars of all its organizers. Needs the token of an "
        "administrator of the account.",
    ),
    th.Property(
        "start_date",
        th.DateTimeType,
        default=DEFAULT_START_DATE,
        title="Start date",
        description="Earliest time: the tap lists webinars that take place, and sessions that end, at this time or "
        "later. Of a listed webinar you get all registrants, whenever they registered.",
    ),
    th.Property(
        "settle_days",
        th.NumberType(minimum=0, maximum=36500),  # more does not fit every calendar
        default=DEFAULT_SETTLE_DAYS,
        title="Settle days",
        description="Days after its end and after its last registration until a webinar is settled; until then, every "
        "run reads it. A session settles this many days after its end.",
    ),
    th.Property(
        "recheck_factor",
        th.CustomType({"type": ["number", "null"], "minimum": 0, "maximum": 0.5}),
        default=DEFAULT_RECHECK_FACTOR,
        title="Recheck factor",
        description="A settled webinar is read again when the time since the last reading reaches this share of the "
        "time since its end or its last registration. Example: read 100 days after its end, it is read "
        "again about 11 days later. A session that has not settled: the same, from its end. 0: in every "
        "run.",
    ),
    th.Property(
        "max_calls",
        th.IntegerType(minimum=1),
        title="Max calls",
        description="Number of calls after which a run stops with exit code 0; the next run continues. The lists of "
        "webinars and sessions are always read. Default: no limit.",
    ),
    th.Property(
        "on_forbidden",
        th.CustomType({"type": ["string", "null"], "enum": ["fail", "skip", None]}),
        default="fail",
        title="On forbidden",
        description="What happens when GoTo refuses a call: with `fail` the run completes the rest and exits with"
        " 1, with `skip` it exits with 0, unless every call of a stream was refused. The summary lists every refusal.",
    ),
)


@dataclass(frozen=True)
class Settings:
    """The typed settings; made only from settings without `problems`."""

    connection: ConnectionSettings
    organizer_keys: tuple[str, ...]
    account_key: str | None
    start_date: dt.datetime
    skip_forbidden: bool
    settle: dt.timedelta
    recheck_factor: float
    max_calls: int | None

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Return the typed form of valid settings."""
        start = dt.datetime.fromisoformat(canonical_time(optional_text(config, "start_date")) or DEFAULT_START_DATE)
        return cls(
            connection=ConnectionSettings.from_config(config, PROGRAM),
            # The same key twice, as text and as a number, is one organizer.
            organizer_keys=tuple(dict.fromkeys(str(key).strip() for key in config.get("organizer_keys") or ())),
            account_key=optional_text(config, "account_key"),
            start_date=max(start, FIRST_START),
            skip_forbidden=config.get("on_forbidden") == "skip",
            settle=dt.timedelta(days=float(_or_default(config.get("settle_days"), DEFAULT_SETTLE_DAYS))),
            recheck_factor=float(_or_default(config.get("recheck_factor"), DEFAULT_RECHECK_FACTOR)),
            max_calls=config.get("max_calls"),
        )


def problems(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each setting, or combination of them, that fits the schema and cannot work."""
    yield from connection_problems(config)
    if not all(is_key(key) for key in config.get("organizer_keys") or ()):
        yield "organizer_keys holds something that is not a key: keys are whole numbers of up to 19 digits"
    yield from key_problems(config, "account_key")
    yield from _start_problems(optional_text(config, "start_date"))
    yield from number_problems(config, "settle_days", "recheck_factor")
    yield from stream_map_problems(config)
    if config.get("emit_activate_version_messages"):
        yield (
            "emit_activate_version_messages cannot be used: no stream is a full copy, so that a target would delete "
            "what this run did not read; remove it"
        )
    if config.get("batch_config"):
        yield "batch_config cannot be used: this tap has no BATCH mode; remove it"


def _start_problems(written: str | None) -> Iterator[str]:
    if written is None:
        return
    start = canonical_time(written)
    if start is None:
        yield "start_date is not a time: write it like 2024-01-31T00:00:00Z"
    elif int(start[:4]) >= dt.datetime.now(dt.UTC).year + 10:
        yield "start_date is ten years ahead, where no webinar is: correct the year"


def _or_default(value: float | None, default: float) -> float:
    return default if value is None else value

"""The settings of the target: declarations, checks, and the typed form that the code uses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from singer_sdk import typing as th

from tap_gotowebinar.settings.connection import ConnectionSettings, connection_problems
from tap_gotowebinar.settings.values import key_problems, optional_text, stream_map_problems

PROGRAM: Final = "target-gotowebinar"
"""Name of the command, and prefix of its environment variables."""

TARGET_SETTINGS: Final = (
    th.Property(
        "webinar_key",
        th.CustomType({"type": ["string", "integer", "null"]}),
        title="Webinar key",
        description="Key of the webinar for which to register people whose record has no `webinarKey`.",
    ),
    th.Property(
        "organizer_key",
        th.CustomType({"type": ["string", "integer", "null"]}),
        title="Organizer key",
        description="Key of the organizer of the webinars, for records without `organizerKey`. Default: the owner"
        " of the token.",
    ),
    th.Property(
        "resend_confirmation",
        th.BooleanType(nullable=True),
        default=False,
        title="Resend confirmation",
        description="Whether GoTo sends the confirmation e-mail again to people who are already registered.",
    ),
    th.Property(
        "on_rejection",
        th.CustomType({"type": ["string", "null"], "enum": ["fail", "continue", None]}),
        default="fail",
        title="On rejection",
        description="What happens when a person cannot be registered: with `fail` the run completes the rest and "
        "exits with 1, with `continue` it exits with 0. The summary says how many were rejected, and "
        "why.",
    ),
    th.Property(
        "strict_fields",
        th.BooleanType(nullable=True),
        default=False,
        title="Strict fields",
        description="Whether a field that GoTo does not accept is an error. Otherwise the target drops the field "
        "and logs its name once.",
    ),
    th.Property(
        "results_path",
        th.StringType,
        title="Results path",
        description="File to which the target appends a line of JSON for each record: its outcome, with the join "
        "link. Only you can read the file (0600). Default: no file.",
    ),
    th.Property(
        "dry_run",
        th.BooleanType(nullable=True),
        default=False,
        title="Dry run",
        description="Check every record and log what would be sent, without calling GoTo. The target passes on no"
        " state.",
    ),
)


@dataclass(frozen=True)
class Settings:
    """Settings in the form that the code uses; build it only from settings without `problems`."""

    connection: ConnectionSettings
    webinar_key: str | None
    organizer_key: str | None
    resend_confirmation: bool
    continue_on_rejection: bool
    strict_fields: bool
    results_path: str | None
    dry_run: bool

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Return the typed form of valid settings."""
        return cls(
            connection=ConnectionSettings.from_config(config, PROGRAM),
            webinar_key=_key(config, "webinar_key"),
            organizer_key=_key(config, "organizer_key"),
            resend_confirmation=bool(config.get("resend_confirmation")),
            continue_on_rejection=config.get("on_rejection") == "continue",
            strict_fields=bool(config.get("strict_fields")),
            results_path=optional_text(config, "results_path"),
            dry_run=bool(config.get("dry_run")),
        )


def problems(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each setting, or combination of them, that fits the schema and cannot work."""
    yield from connection_problems(config)
    yield from key_problems(config, "webinar_key", "organizer_key")
    yield from stream_map_problems(config)


def _key(config: Mapping[str, Any], name: str) -> str | None:
    """Return a key without leading zeros, as in records."""
    key = optional_text(config, name)
    return None if key is None else str(int(key))

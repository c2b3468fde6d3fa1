"""The settings of the login, from where the tap and Meltano keep theirs: files, `.env`, the environment, a terminal."""

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import click
from dotenv import dotenv_values
from singer_sdk import typing as th
from singer_sdk.plugin_base import JSONSchemaValidator

from tap_gotowebinar.api.auth.token_endpoint import LOGIN
from tap_gotowebinar.api.errors import GoToWebinarError
from tap_gotowebinar.settings.connection import CONNECTION_SETTINGS, ConnectionSettings, connection_problems
from tap_gotowebinar.settings.values import (
    environment_prefix,
    environment_settings,
    json_object,
    optional_text,
    schema_problem,
    typed_settings,
)

ENV_PREFIX: Final = environment_prefix("tap-gotowebinar")
"""Prefix of the environment variables, which are those of the tap."""

SCHEMA: Final[dict[str, Any]] = th.PropertiesList(
    *(
        setting
        for setting in CONNECTION_SETTINGS
        if setting.name not in {"requests_per_minute", "requests_per_second", "max_concurrency"}
    )
).to_dict()
"""The settings of a connection that concern a single call."""

KEYS: Final = ("organizer_keys", "account_key")
"""Settings that say whose webinars to read."""

PLACEHOLDER_TOKEN: Final = "to-come"  # noqa: S105 - none
"""Replaces the refresh token while the settings are checked before a login."""


def configured(files: Iterable[str]) -> dict[str, Any]:
    """Return the settings; the environment overrides `.env`, and both override files.

    Raises:
        GoToWebinarError: a file holds no JSON object, or `.env` is not UTF-8.
        OSError: a file cannot be read.
    """
    names = [*SCHEMA["properties"], *KEYS]
    found: dict[str, Any] = {}
    for path in files:
        with Path(path).open(encoding="utf-8") as file:
            found |= json_object(file, "--config") or {}
    found |= environment_settings(names, {**_dotenv(), **os.environ}, ENV_PREFIX)
    return typed_settings({name: found[name] for name in names if name in found}, SCHEMA)


def with_client(config: dict[str, Any]) -> dict[str, Any]:
    """Return settings with a client ID and secret; a missing one is asked for if there is a terminal."""
    # With only one of them a terminal, as under `meltano invoke`, the question would not be seen.
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return config
    missing = (name for name in ("client_id", "client_secret") if optional_text(config, name) is None)
    return config | {
        name: click.prompt(f"{name} of your OAuth client", hide_input=name == "client_secret", err=True)
        for name in missing
    }


def for_check(config: Mapping[str, Any]) -> ConnectionSettings:
    """Return the settings as the tap would use them; raises GoToWebinarError if one is wrong."""
    wrong = next(JSONSchemaValidator(SCHEMA).iter_errors(config), None)
    problem = schema_problem(wrong, ENV_PREFIX) if wrong else next(connection_problems(config), None)
    if problem is not None:
        raise GoToWebinarError(problem)
    return ConnectionSettings.from_config(config, LOGIN)


def for_login(config: Mapping[str, Any]) -> ConnectionSettings:
    """Return the settings for a login, without the tokens that it replaces; raises GoToWebinarError if one is wrong."""
    without = {name: value for name, value in config.items() if name != "personal_access_token"}
    for_check({**without, "refresh_token": PLACEHOLDER_TOKEN})
    return ConnectionSettings.from_config(without, LOGIN)


def has_explicit_scope(config: Mapping[str, Any]) -> bool:
    """Return whether the settings say whose webinars to read, so that GoTo need not tell."""
    return any(config.get(name) not in (None, "", "[]", []) for name in KEYS)


def _dotenv() -> dict[str, str]:
    try:
        return {name: value for name, value in dotenv_values(".env").items() if value is not None}
    except UnicodeDecodeError:
        msg = ".env of this folder is no text in UTF-8: save it as such"
        raise GoToWebinarError(msg) from None

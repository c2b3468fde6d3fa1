"""What the login needs to know, from where the tap and Meltano keep it: files, `.env`, the environment, a terminal."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from dotenv import dotenv_values
from singer_sdk import typing as th
from singer_sdk.plugin_base import JSONSchemaValidator

from tap_gotowebinar.api.auth.token_endpoint import LOGIN
from tap_gotowebinar.api.errors import GoToWebinarError
from tap_gotowebinar.settings.connection import CONNECTION_SETTINGS, ConnectionSettings, connection_problems
from tap_gotowebinar.settings.values import environment_prefix, json_object, schema_problem, text, with_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VARIABLES: Final = environment_prefix("tap-gotowebinar")
"""What the environment variables of the tap's settings begin with: what it finds there, the login finds too."""

NOT_FOR_LOGIN: Final = frozenset({"requests_per_minute", "requests_per_second", "max_concurrency"})
"""Settings of a connection that make no difference to a call or two."""

SCHEMA: Final[dict[str, Any]] = th.PropertiesList(
    *(setting for setting in CONNECTION_SETTINGS if setting.name not in NOT_FOR_LOGIN)
).to_dict()
"""The settings that a login has use for."""

KEYS: Final = ("organizer_keys", "account_key")
"""Settings that say whose webinars to read."""

DOTENV: Final = ".env"
"""The file in the present folder that Meltano reads, too."""

TO_COME: Final = "to-come"
"""Stands in for the refresh token that a login is for."""


def configured(files: Iterable[str]) -> dict[str, Any]:
    """Return the settings that are found; the environment goes before `.env`, and both before files.

    Raises:
        GoToWebinarError: a file holds no JSON object, or `.env` no text.
        OSError: a file cannot be read.
    """
    names = [*SCHEMA["properties"], *KEYS]
    found: dict[str, Any] = {}
    for path in files:
        with Path(path).open(encoding="utf-8") as file:
            found |= json_object(file, "--config") or {}
    variables = {**_dotenv(), **os.environ}
    found |= {name: variables[VARIABLES + name.upper()] for name in names if VARIABLES + name.upper() in variables}
    return with_numbers({name: found[name] for name in names if name in found}, SCHEMA)


def with_client(config: dict[str, Any]) -> dict[str, Any]:
    """Return settings with a client: what is missing of it is asked for, if there is a terminal."""
    # Where only one of them is a terminal, as under `meltano invoke`, the question would not be seen.
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return config
    missing = (name for name in ("client_id", "client_secret") if text(config, name) is None)
    return config | {
        name: click.prompt(f"{name} of your OAuth client", hide_input=name == "client_secret", err=True)
        for name in missing
    }


def for_check(config: Mapping[str, Any]) -> ConnectionSettings:
    """Return the settings as the tap would use them.

    Raises:
        GoToWebinarError: something is wrong with them.
    """
    wrong = next(JSONSchemaValidator(SCHEMA).iter_errors(config), None)
    problem = schema_problem(wrong, VARIABLES) if wrong else next(connection_problems(config), None)
    if problem is not None:
        raise GoToWebinarError(problem)
    return ConnectionSettings.of(config, LOGIN)


def for_login(config: Mapping[str, Any]) -> ConnectionSettings:
    """Return the settings for a login, which needs none of the tokens, and goes before a personal access token.

    Raises:
        GoToWebinarError: something is wrong with them.
    """
    without = {name: value for name, value in config.items() if name != "personal_access_token"}
    for_check({**without, "refresh_token": TO_COME})
    return ConnectionSettings.of(without, LOGIN)


def names_whose(config: Mapping[str, Any]) -> bool:
    """Whether the settings say whose webinars to read, so that GoTo need not."""
    return any(config.get(name) not in (None, "", "[]", []) for name in KEYS)


def _dotenv() -> dict[str, str | None]:
    try:
        return dotenv_values(DOTENV)
    except UnicodeDecodeError:
        msg = f"{DOTENV} of this folder is no text in UTF-8: save it as such"
        raise GoToWebinarError(msg) from None

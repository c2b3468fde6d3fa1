"""A setting that cannot work is named in one line, with the remedy and without its value."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from singer_sdk.exceptions import ConfigValidationError

from gotowebinar_sandbox import Sandbox
from tap_gotowebinar.api.auth.authenticator import MISSING
from tap_gotowebinar.settings.connection import CONNECTION_SETTINGS, ConnectionSettings
from tap_gotowebinar.settings.tap import TAP_SETTINGS, Settings, problems
from tap_gotowebinar.settings.values import (
    environment_prefix,
    environment_settings,
    schema_problem,
    typed_settings,
    unknown_settings,
)
from tap_gotowebinar.tap import TapGoToWebinar
from tests.runs import run_here

SECRET = "planted-value-1f9c"
VALID: dict[str, Any] = {"client_id": "an-id", "client_secret": "a-secret", "refresh_token": "a-token"}


def lines(**changes: object) -> list[str]:
    """What the tap says about valid settings with these changes; a setting changed to `...` is left out."""
    config = {name: value for name, value in {**VALID, **changes}.items() if value is not ...}
    try:
        TapGoToWebinar(config=config)
    except ConfigValidationError as error:
        return error.errors
    return []


def settings(**changes: object) -> Settings:
    config = {**VALID, **changes}
    assert lines(**changes) == []
    return Settings.from_config(config)


def test_the_least_that_works_is_a_client_and_a_token() -> None:
    typed = settings()
    connection = typed.connection
    assert connection.credentials.client_id == "an-id"
    assert connection.credentials.client_secret == "a-secret"
    assert connection.credentials.credential == "a-token"
    assert (connection.api_url, connection.auth_url) == (
        "https://api.getgo.com",
        "https://authentication.logmeininc.com",
    )
    assert (typed.organizer_keys, typed.account_key) == ((), None)
    assert typed.start_date == dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    assert (connection.requests_per_minute, connection.requests_per_second, connection.request_timeout) == (100, 8, 60)
    assert connection.user_agent == f"tap-gotowebinar/{version('tap-gotowebinar')}"
    assert not typed.skip_forbidden
    assert settings(personal_access_token="a-pat").connection.credentials.credential == "a-pat"


# One line each


def each(name: str, values: Iterable[object], line: str) -> list[tuple[dict[str, Any], str]]:
    return [({name: value}, line) for value in values]


CLIENTS = "https://developer.logmeininc.com/clients"
FROM_GOTO = f"is empty: set it to the value shown at {CLIENTS}"
NOT_FROM_GOTO = "holds characters that GoTo never gives out: copy it again, without line breaks or quotes"
TOO_LONG = "is longer than 8192 characters: shorten it or copy it again"
NO_FILE = "token_path is not a file: let it name a file, which need not be there yet"
NO_HEADER = "user_agent holds characters that no HTTP header may hold: use printable ASCII"
NO_KEYS = "must be one key, several with commas between them, or a list of keys"
MISSING_CLIENT = "is missing: set it in the configuration or as TAP_GOTOWEBINAR_CLIENT"

BAD: list[tuple[dict[str, Any], str]] = [
    ({"client_id": ...}, f"client_id {MISSING_CLIENT}_ID"),
    ({"client_secret": ...}, f"client_secret {MISSING_CLIENT}_SECRET"),
    ({"client_id": None}, "client_id must be of type string: correct it"),
    ({"client_id": " "}, f"client_id {FROM_GOTO}"),
    ({"client_secret": ""}, f"client_secret {FROM_GOTO}"),
    (
        {"client_id": "", "client_secret": "", "refresh_token": ""},
        f"client_id and client_secret are empty: set them to the values shown at {CLIENTS}; {MISSING}",
    ),
    ({"client_secret": [SECRET]}, "client_secret must be of type string: correct it"),
    ({"refresh_token": ...}, MISSING),
    ({"refresh_token": "", "personal_access_token": " "}, MISSING),
    ({"refresh_token": {"value": SECRET}}, "refresh_token must be of type string: correct it"),
    ({"refresh_token": f"{SECRET}\n{SECRET}"}, f"refresh_token {NOT_FROM_GOTO}"),
    ({"client_secret": f"“{SECRET}”"}, f"client_secret {NOT_FROM_GOTO}"),
    ({"personal_access_token": f"{SECRET}\ud800"}, f"personal_access_token {NOT_FROM_GOTO}"),
    ({"refresh_token": SECRET * 1000}, f"refresh_token {TOO_LONG}"),
    ({"user_agent": SECRET * 1000}, f"user_agent {TOO_LONG}"),
    ({"token_path": SECRET * 1000}, NO_FILE),
    ({"token_path": "x\0y", "refresh_token": ""}, NO_FILE),
    *each("organizer_keys", [SECRET, 1.7], f"organizer_keys {NO_KEYS}: correct it"),
    *each("organizer_keys", [[True], [[SECRET]]], "organizer_keys must hold texts or whole numbers: correct it"),
    *each(
        "organizer_keys",
        [["1", key] for key in (SECRET, "", " ", "12 34", "../1", -1, 10**19, "١٢", 7.3e18)],
        "organizer_keys holds something that is not a key: keys are whole numbers of up to 19 digits",
    ),
    *each(
        "account_key",
        [SECRET, -1, 10**19, "1/2"],
        "account_key is not a key: keys are whole numbers of up to 19 digits",
    ),
    ({"account_key": [SECRET]}, "account_key must be of type string or integer: correct it"),
    *each(
        "start_date",
        [SECRET, "31.01.2024", "2024-02-30", "yesterday", "0001-01-01T00:00:00+10:00"],
        "start_date is not a time: write it like 2024-01-31T00:00:00Z",
    ),
    ({"start_date": 2024}, "start_date must be of type string: correct it"),
    ({"start_date": "2924-01-31"}, "start_date is ten years ahead, where no webinar is: correct the year"),
    *each(
        "api_url",
        [
            *(SECRET, "api.getgo.com", "ftp://api.getgo.com", "https://", "https:///path", "https://[::1"),
            *("https://api.getgo.com:99999", "https://api.get\ngo.com", "https://api getgo.com", "https://äpi.getgo"),
        ],
        "api_url is not a URL: write it like https://api.getgo.com",
    ),
    *each(
        "api_url",
        [
            "https://api.getgo.com/G2W/rest/v2",
            f"https://api.getgo.com?{SECRET}",
            "https://api.getgo.com/?",
            "https://api.getgo.com#",
            f"https://user:{SECRET}@api.getgo.com",
            "https://127.0.0.1\\.example.com",
        ],
        "api_url must be an origin, scheme and host without a path, query or user: write it like https://api.getgo.com",
    ),
    *each(
        "auth_url",
        [
            *("http://authentication.logmeininc.com", "HTTP://10.0.0.1", "http://127.0.0.1.example.com"),
            *("http://localhost.example.com", "http://0.0.0.0:80", "http://2130706433", "http://[::2]"),
        ],
        "auth_url must start with https://: tokens are never sent in the clear",
    ),
    ({"api_url": [SECRET]}, "api_url must be of type string: correct it"),
    *each(
        "rate_budget_url",
        ["mysql://example.com/rates", f"host=example.com password={SECRET}"],
        "rate_budget_url is not the URL of a PostgreSQL database: let it start with postgresql://",
    ),
    ({"requests_per_minute": 0}, "requests_per_minute must be at least 1: correct it"),
    *each("requests_per_minute", [SECRET, True, 1.5], "requests_per_minute must be of type integer: correct it"),
    ({"requests_per_second": 0}, "requests_per_second must be greater than 0: correct it"),
    ({"requests_per_second": SECRET}, "requests_per_second must be of type number: correct it"),
    ({"requests_per_second": float("inf")}, "requests_per_second is not a number: correct it"),
    *(
        ({name: float("nan")}, f"{name} is not a number: correct it")
        for name in ("requests_per_second", "request_timeout", "settle_days", "recheck_factor")
    ),
    ({"request_timeout": -1}, "request_timeout must be greater than 0: correct it"),
    ({"request_timeout": 1e9}, "request_timeout must be at most 86400: correct it"),
    ({"settle_days": 1e9}, "settle_days must be at most 36500: correct it"),
    ({"user_agent": f"agent\r\nX-Planted: {SECRET}"}, NO_HEADER),
    ({"user_agent": "Ägent"}, NO_HEADER),
    ({"user_agent": [SECRET]}, "user_agent must be of type string: correct it"),
    ({"on_forbidden": SECRET}, "on_forbidden must be one of fail or skip: correct it"),
    ({"stream_maps": SECRET}, "stream_maps must be a JSON object: correct it"),
    ({"flattening_enabled": True}, "flattening_max_depth is required when flattening is enabled"),
    ({"stream_maps": None}, "stream_maps is null: fill it or leave it out"),
    (
        {"emit_activate_version_messages": True},
        (
            "emit_activate_version_messages cannot be used: no stream is a full copy, so that a target would delete "
            "what this run did not read; remove it"
        ),
    ),
    (
        {"batch_config": {"encoding": {"format": "jsonl"}, "storage": {"root": "file://output"}}},
        "batch_config cannot be used: this tap has no BATCH mode; remove it",
    ),
]


@pytest.mark.parametrize(
    ("changes", "line"), BAD, ids=[f"{next(iter(changes))}-{n}" for n, (changes, _) in enumerate(BAD)]
)
def test_a_bad_setting_is_one_line_without_its_value(changes: dict[str, Any], line: str) -> None:
    assert lines(**changes) == [line]
    assert SECRET not in line


def test_every_bad_setting_has_its_own_line() -> None:
    assert sorted(lines(client_id=..., start_date=5, request_timeout=0)) == [
        "client_id is missing: set it in the configuration or as TAP_GOTOWEBINAR_CLIENT_ID",
        "request_timeout must be greater than 0: correct it",
        "start_date must be of type string: correct it",
    ]
    assert len(lines(client_id="", organizer_keys=["a", "b"], api_url="x", user_agent="ö")) == 4
    # A variable in another encoding than UTF-8, of a client whose login is looked for.
    assert set(lines(client_id="\udcff", refresh_token="")) == {MISSING, f"client_id {NOT_FROM_GOTO}"}


def test_bad_settings_are_found_before_anything_is_sent(sandbox: Sandbox) -> None:
    with pytest.raises(ConfigValidationError):
        run_here({**sandbox.settings, "on_forbidden": "never"})
    assert sandbox.control.calls() == []


NAMES = [declared.name for declared in (*CONNECTION_SETTINGS, *TAP_SETTINGS)]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(SECRET),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on shared machines
@given(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4))
def test_any_settings_at_all_are_understood_or_get_lines_without_a_value(changes: dict[str, object]) -> None:
    config = {**VALID, **changes}
    found = lines(**changes)
    for line in found:
        assert SECRET not in line
        assert "\n" not in line
        assert ": " in line
    if not found:
        assert Settings.from_config(config).connection.credentials.client_id


# Variants that work


KEY = "5512093347781120011"
DAY = dt.datetime(2024, 1, 31, tzinfo=dt.UTC)
KEYS = ["7300418862951407109", 7300418862951407109, 12, " 12 ", "13"]
WORKING: list[tuple[str, object, Callable[[Settings], object], object]] = [
    ("refresh_token", " value\n", lambda typed: typed.connection.credentials.refresh_token, "value"),
    ("client_id", " value\n", lambda typed: typed.connection.credentials.client_id, "value"),
    ("client_secret", " value\n", lambda typed: typed.connection.credentials.client_secret, "value"),
    ("organizer_keys", KEYS, lambda typed: typed.organizer_keys, ("7300418862951407109", "12", "13")),
    *(("account_key", key, lambda typed: typed.account_key, KEY) for key in (KEY, int(KEY), f" {KEY} ")),
    *(
        ("start_date", text, lambda typed: typed.start_date, time)
        for text, time in (
            ("2024-01-31", DAY),
            ("2024-01-31T10:00:00", DAY.replace(hour=10)),
            ("2024-01-31T10:00:00+02:00", DAY.replace(hour=8)),
            ("2024-01-31T10:00:00.5Z", DAY.replace(hour=10, microsecond=500_000)),
            (" 2024-01-31 ", DAY),
            ("0001-01-01", dt.datetime(1970, 1, 1, tzinfo=dt.UTC)),
        )
    ),
    ("on_forbidden", "skip", lambda typed: typed.skip_forbidden, True),
    ("on_forbidden", "fail", lambda typed: typed.skip_forbidden, False),
]


@pytest.mark.parametrize(
    ("name", "written", "found", "meant"), WORKING, ids=[f"{name}-{n}" for n, (name, *_) in enumerate(WORKING)]
)
def test_a_setting_that_works_is_understood(
    name: str, written: object, found: Callable[[Settings], object], meant: object
) -> None:
    assert found(settings(**{name: written})) == meant


@pytest.mark.parametrize(
    "blank",
    [
        dict.fromkeys(("personal_access_token", "account_key", "api_url", "auth_url", "user_agent", "start_date"), ""),
        dict.fromkeys(set(NAMES) - {"client_id", "client_secret", "refresh_token"}),
    ],
    ids=["empty text", "null"],
)
def test_an_empty_setting_is_one_that_is_not_set(blank: Mapping[str, object]) -> None:
    assert settings(**blank) == settings()


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://api.example.com/", "https://api.example.com"),
        (" https://api.example.com:8443 ", "https://api.example.com:8443"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://127.1.2.3", "http://127.1.2.3"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_origin_may_be_https_anywhere_and_http_on_this_machine(url: str, origin: str) -> None:
    typed = settings(api_url=url, auth_url=url)
    assert (typed.connection.api_url, typed.connection.auth_url) == (origin, origin)


def test_what_cannot_be_used_may_be_switched_off() -> None:
    assert list(problems({**VALID, "emit_activate_version_messages": False, "batch_config": None})) == []


def test_credentials_do_not_show_themselves() -> None:
    typed = settings(
        client_id="s3cret-1", client_secret="s3cret-2", refresh_token="s3cret-3", personal_access_token="s3cret-4"
    )
    assert "s3cret" not in repr(typed)


# The environment


def from_environment(**variables: str) -> dict[str, Any]:
    schema = TapGoToWebinar.config_jsonschema
    environ = {f"TAP_GOTOWEBINAR_{name.upper()}": value for name, value in variables.items()}
    return typed_settings(environment_settings(schema["properties"], environ, "TAP_GOTOWEBINAR_"), schema)


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        *(("requests_per_minute", value, "must be of type integer") for value in (SECRET, "1.5", "", "9" * 5000)),
        *(("flattening_enabled", value, "must be of type boolean") for value in (SECRET, " true")),
        *(
            ("organizer_keys", value, NO_KEYS)
            for value in (
                *(SECRET, "1,", "1;2", "12 34", "-1", f"1,{SECRET}", "0" * 20),
                *("[" * 100_000, "[NaN]", "[1e999]", "[[1]]", '["x"]', "[true]", '"12"', '{"12": 13}', "null"),
            )
        ),
        ("stream_maps", "[1", "must be a JSON object"),
        ("account_key", SECRET, "is not a key: keys are whole numbers of up to 19 digits"),
    ],
)
def test_a_variable_that_cannot_be_read_is_named_without_its_value(name: str, value: str, line: str) -> None:
    (said,) = lines(**from_environment(**{name: value}))
    assert said.removesuffix(": correct it") == f"{name} {line}"


def test_variables_have_the_types_of_their_settings() -> None:
    numbers = {"requests_per_minute": 480, "requests_per_second": 0.5}
    texts = {"client_id": "17", "account_key": "18"}
    written = {**{name: str(number) for name, number in numbers.items()}, **texts}
    found = from_environment(**written, organizer_keys='["12", 13]', flattening_enabled="ON")
    assert found == {**numbers, **texts, "organizer_keys": ["12", 13], "flattening_enabled": True}
    assert environment_settings(["client_id"], {"OTHER_CLIENT_ID": "x"}, "TAP_GOTOWEBINAR_") == {}


@pytest.mark.parametrize(
    ("written", "keys"),
    [
        ("7300418862951407109", ("7300418862951407109",)),
        (" 7300418862951407109 ", ("7300418862951407109",)),
        ("12,13", ("12", "13")),
        (" 12 , 13 ", ("12", "13")),
        (' ["12", 13]', ("12", "13")),
        ("[]", ()),
        ("", ()),
        (" ", ()),
    ],
)
def test_organizer_keys_of_a_variable_are_one_several_or_a_list(written: str, keys: tuple[str, ...]) -> None:
    assert settings(**from_environment(organizer_keys=written)).organizer_keys == keys


# Names that are no settings


def unknown(*written: str, variables: Iterable[str] = ()) -> dict[str, str]:
    environ = {f"TAP_GOTOWEBINAR_{name}": SECRET for name in variables}
    return unknown_settings(dict.fromkeys(written, SECRET), NAMES, environ, "TAP_GOTOWEBINAR_")


def test_a_misspelt_name_is_told_with_the_one_that_is_close() -> None:
    assert unknown("start_dat", "Client_ID", "TAP_GOTOWEBINAR_MAX_CALLS", "zzz") == {
        "start_dat": "start_date",
        "Client_ID": "client_id",
        "TAP_GOTOWEBINAR_MAX_CALLS": "max_calls",
        "zzz": "",
    }
    assert unknown(variables=["REQUESTS_PER_MINUT", "ZZZ"]) == {
        "TAP_GOTOWEBINAR_REQUESTS_PER_MINUT": "TAP_GOTOWEBINAR_REQUESTS_PER_MINUTE",
        "TAP_GOTOWEBINAR_ZZZ": "",
    }


def test_a_name_that_may_be_a_secret_or_breaks_the_line_is_not_shown() -> None:
    names = ["q7Rk2VbX9mTz4LpW8sYd", "ada@example.com", "5512093347781120011", "", "a\nb", "\ud800"]
    assert list(unknown(*names)) == ["<token>", "<e-mail>", "<number>", "a name", "a b"]


def test_variables_that_meltano_exports_are_known() -> None:
    """Its own options, parts of objects, and both for a plugin that is called tap-gotowebinar-sales."""
    exported = ["_SELECT", "_LOAD_SCHEMA", "USER_AGENT_X", "_EU_START_DAT"]
    exported += ["SALES_CLIENT_ID", "SALES__SELECT", "LOGLEVEL"]
    assert unknown(variables=exported) == {}
    assert unknown("start_dat", variables=["START_DAT", "SALES_START_DAT"]) == {"start_dat": "start_date"}


def test_a_misspelt_name_of_a_required_setting_is_part_of_the_error() -> None:
    (line,) = lines(client_secret=..., client_secert=SECRET)
    assert line == (
        f"client_secret {MISSING_CLIENT}_SECRET (client_secert is not a setting: did you mean client_secret?)"
    )


# Shared with other programs


def test_a_missing_setting_is_named_as_the_variable_of_the_program_that_runs() -> None:
    missing = next(Draft7Validator({"required": ["client_id"]}).iter_errors({}))
    assert schema_problem(missing, environment_prefix("target-gotowebinar")) == (
        "client_id is missing: set it in the configuration or as TARGET_GOTOWEBINAR_CLIENT_ID"
    )


def test_every_program_introduces_itself_by_its_own_name() -> None:
    connection = ConnectionSettings.from_config(VALID, "target-gotowebinar")
    assert connection.user_agent == f"target-gotowebinar/{version('tap-gotowebinar')}"

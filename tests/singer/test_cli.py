"""The command as people type it: what it prints, where, and how it ends."""

import json
import re
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from gotowebinar_sandbox import Sandbox
from tap_gotowebinar.streams import STREAMS as STREAM_CLASSES
from tap_gotowebinar.streams.webinar_parts import SmallWebinarStream
from tests.forkserver import run_command, run_tap
from tests.runs import EXECUTABLE, Run, run_process
from tests.selection import selecting

STREAMS = ["organizers", "webinars", "webinar_details", "registrants", "registrant_details"]
"""The streams that have rows from the first run on."""

PARTS = [stream.name for stream in STREAM_CLASSES if issubclass(stream, SmallWebinarStream)]
OF_SESSIONS = ["sessions", "session_performance", "polls", "questions", "surveys", "attendees"]
SELECTED_BY_DEFAULT = [*STREAMS, "webinar_removals", "registrant_removals", *PARTS, *OF_SESSIONS]
ALL_STREAMS = [*SELECTED_BY_DEFAULT, "attendee_polls", "attendee_surveys"]
"""The last two cost a call for every attendee: they are off unless they are selected."""
PLANTED = "planted-value-1f9c"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run away from any `.env` of whoever runs the tests, and from their settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")


def one_error(done: Run) -> str:
    """The one line that a failed run logged as an error; it printed no traceback and no message."""
    assert done.exit_code == 1
    assert len(done.errors) == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert PLANTED not in done.stderr
    return done.errors[0]


def variables(settings: Mapping[str, Any]) -> dict[str, str]:
    """The settings as environment variables."""
    return {
        f"TAP_GOTOWEBINAR_{name.upper()}": value if isinstance(value, str) else json.dumps(value)
        for name, value in settings.items()
    }


# Without settings and without a network


@pytest.mark.process
def test_version_is_that_of_the_package() -> None:
    done = run_process([EXECUTABLE, "--version"])
    assert (done.exit_code, done.stdout.split()[:2]) == (
        0,
        ["tap-gotowebinar", f"v{version('tap-gotowebinar')},"],
    )


def test_about_names_every_setting_and_capability() -> None:
    done = run_tap("--about", "--format=json")
    about = json.loads(done.stdout)
    assert (done.exit_code, about["name"]) == (0, "tap-gotowebinar")
    assert {"client_id", "client_secret", "refresh_token", "organizer_keys"} <= about["settings"]["properties"].keys()
    assert {"catalog", "discover", "state", "stream-maps", "schema-flattening"} <= set(about["capabilities"])
    assert not {"batch", "activate-version"} & set(about["capabilities"])


def test_about_is_markdown_on_request() -> None:
    done = run_tap("--about", "--format=markdown")
    assert done.exit_code == 0
    assert done.stdout.startswith("# `tap-gotowebinar`")
    assert re.search(r"\| client_id +\| True ", done.stdout)


def test_discovery_needs_neither_settings_nor_network(sandbox: Sandbox) -> None:
    done = run_tap("--discover")
    assert done.exit_code == 0
    streams = json.loads(done.stdout)["streams"]
    assert sorted(stream["tap_stream_id"] for stream in streams) == sorted(ALL_STREAMS)
    assert all(stream["key_properties"] for stream in streams)
    assert sandbox.control.calls() == []


def test_discovery_with_settings_makes_no_call(sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path) -> None:
    done = run_command(settings, tmp_path, "--discover")
    assert done.exit_code == 0
    assert len(json.loads(done.stdout)["streams"]) == len(ALL_STREAMS)
    assert sandbox.control.calls() == []


# Runs


@pytest.mark.process
def test_standard_output_holds_messages_and_nothing_else(settings: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    done = run_process([EXECUTABLE, "--config", "config.json"])
    assert done.exit_code == 0
    assert done.stdout.endswith("\n")
    assert {message["type"] for message in done.messages} == {"SCHEMA", "RECORD", "STATE"}
    assert [len(done.records(stream)) for stream in STREAMS] == [1, 5, 5, 50, 50]
    assert done.errors == []


def test_standard_error_says_nothing_of_people_and_secrets(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path
) -> None:
    done = run_command(settings, tmp_path)
    secrets = [*sandbox.credentials.values()]
    for person in done.records("registrant_details"):
        secrets += [person["email"], person.get("joinUrl") or person["email"]]
    assert not [secret for secret in secrets if secret in done.stderr]


def test_the_catalog_of_discovery_can_be_given_back(sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path) -> None:
    catalog = json.loads(run_tap("--discover").stdout)
    done = run_command(settings, tmp_path, catalog=catalog)
    assert [len(done.records(stream)) for stream in STREAMS] == [1, 5, 5, 50, 50]
    people = r"/(token|me|webinars|registrants)$|/(webinars|registrants)/\d+$"
    assert len([call for call in sandbox.control.calls() if re.search(people, call["path"])]) == 63


def test_a_catalog_selects_streams(settings: dict[str, Any], tmp_path: Path) -> None:
    done = run_command(settings, tmp_path, catalog=selecting("webinars"))
    assert {message["stream"] for message in done.of_type("RECORD")} == {"webinars"}


def test_a_run_goes_on_from_the_state_of_the_last(sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path) -> None:
    first = run_command(settings, tmp_path)
    webinar = first.records("webinars")[0]["webinarKey"]
    (key,) = sandbox.control.add_registrants(webinar)
    second = run_command(settings, tmp_path, state=first.states[-1])
    assert second.exit_code == 0
    for stream in ("registrants", "registrant_details"):
        assert [row["registrantKey"] for row in second.records(stream)] == [key]


def test_settings_may_come_from_the_environment(sandbox: Sandbox, tmp_path: Path) -> None:
    owner = sandbox.control.truth()["organizers"][0]
    keys = {"organizer_keys": [int(owner["organizerKey"])], "account_key": owner["accountKey"]}
    catalog = tmp_path / "catalog.json"
    catalog.write_text(json.dumps(selecting("registrants")), encoding="utf-8")
    env = variables({**sandbox.settings, **keys, "requests_per_minute": 480})
    done = run_tap("--config=ENV", f"--catalog={catalog}", env=env)
    assert (done.exit_code, len(done.records("registrants"))) == (0, 50)
    assert sandbox.control.calls()[1]["path"].endswith(f"/accounts/{owner['accountKey']}/webinars")


def test_the_environment_goes_before_the_file(sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path) -> None:
    done = run_command(
        {**settings, "client_secret": "wrong"}, tmp_path, "--config=ENV", env=variables(sandbox.settings)
    )
    assert done.exit_code == 0


def test_numbers_of_a_file_may_have_fractions(settings: dict[str, Any], tmp_path: Path) -> None:
    fractions = {"requests_per_second": 99.5, "request_timeout": 9.5, "settle_days": 0.5, "recheck_factor": 0.25}
    done = run_command({**settings, **fractions}, tmp_path)
    assert (done.exit_code, done.errors) == (0, [])


def test_the_environment_is_not_read_unasked(settings: dict[str, Any], tmp_path: Path) -> None:
    done = run_command(settings, tmp_path, env={"TAP_GOTOWEBINAR_CLIENT_SECRET": PLANTED})
    assert done.exit_code == 0


# Tests of the connection


def test_the_connection_test_reads_a_record_of_each_stream(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path
) -> None:
    done = run_command(settings, tmp_path, "--test")
    assert done.exit_code == 0
    assert {message["stream"] for message in done.of_type("RECORD")} >= set(STREAMS)
    assert len(sandbox.control.calls()) < 2 * len(ALL_STREAMS)


def test_the_connection_test_fails_with_one_line(sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path) -> None:
    sandbox.control.revoke_refresh_token()
    done = run_command(settings, tmp_path, "--test")
    assert "refresh_token is wrong, expired or used up" in one_error(done)
    assert done.records("webinars") == []


def test_the_schema_test_prints_every_schema_and_makes_no_call(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path
) -> None:
    done = run_command(settings, tmp_path, "--test=schema")
    assert done.exit_code == 0
    assert sorted(message["stream"] for message in done.of_type("SCHEMA")) == sorted(ALL_STREAMS)
    assert len(done.messages) == len(ALL_STREAMS)
    assert sandbox.control.calls() == []


# One line for everything that is wrong with the settings, and no call


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"client_secret": {"secret": PLANTED}}, "client_secret must be of type string: correct it"),
        ({"start_date": PLANTED}, "start_date is not a time: write it like 2024-01-31T00:00:00Z"),
        ({"organizer_keys": [PLANTED]}, "organizer_keys holds something that is not a key"),
        ({"auth_url": "http://example.com"}, "auth_url must start with https://: tokens are never sent in the clear"),
        ({"user_agent": f"a\r\nX: {PLANTED}"}, "user_agent holds characters that no HTTP header may hold"),
        ({"emit_activate_version_messages": True}, "emit_activate_version_messages cannot be used"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_a_bad_setting_ends_the_run_with_one_line(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, changes: dict[str, object], line: str
) -> None:
    done = run_command({**settings, **changes}, tmp_path)
    assert one_error(done).startswith(line)
    assert done.stdout == ""
    assert sandbox.control.calls() == []


def test_a_missing_setting_ends_the_run_with_one_line(settings: dict[str, Any], tmp_path: Path) -> None:
    del settings["client_secret"]
    assert one_error(run_command(settings, tmp_path)) == (
        "client_secret is missing: set it in the configuration or as TAP_GOTOWEBINAR_CLIENT_SECRET"
    )


def test_no_settings_at_all_end_the_run_with_a_line_for_each_that_is_missing() -> None:
    done = run_tap()
    assert (done.exit_code, done.stdout) == (1, "")
    assert [error.split()[0] for error in done.errors] == ["client_id", "client_secret"]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("variable", "form"),
    [
        ("REQUESTS_PER_MINUTE", "a whole number"),
        ("ORGANIZER_KEYS", "one key, several with commas between them, or a JSON list"),
    ],
)
def test_a_variable_that_cannot_be_read_ends_the_run_with_one_line(sandbox: Sandbox, variable: str, form: str) -> None:
    env = {**variables(sandbox.settings), f"TAP_GOTOWEBINAR_{variable}": PLANTED}
    done = run_tap("--config=ENV", env=env)
    assert one_error(done) == (
        f"{variable.lower()} is not valid: the environment variable TAP_GOTOWEBINAR_{variable} must hold {form}"
    )
    assert sandbox.control.calls() == []


@pytest.mark.parametrize("option", ["--config", "--state", "--catalog"])
@pytest.mark.parametrize(
    ("content", "problem"), [(f"{{{PLANTED}", "is not JSON"), ("[]", "does not hold a JSON object")]
)
def test_a_file_that_cannot_be_read_ends_the_run_with_one_line(
    settings: dict[str, Any], tmp_path: Path, option: str, content: str, problem: str
) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text(content, encoding="utf-8")
    assert f"the file of {option} {problem}" in one_error(run_command(settings, tmp_path, option, str(bad)))


# One line for everything that goes wrong with GoTo


def test_a_wrong_secret_is_named(settings: dict[str, Any], tmp_path: Path) -> None:
    error = one_error(run_command({**settings, "client_secret": PLANTED}, tmp_path))
    assert "client_id and client_secret are not those of an OAuth client that GoTo knows" in error


def test_an_expired_refresh_token_is_named(sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path) -> None:
    sandbox.control.revoke_refresh_token()
    assert "refresh_token is wrong, expired or used up" in one_error(run_command(settings, tmp_path))


def test_an_unknown_organizer_is_named(settings: dict[str, Any], tmp_path: Path) -> None:
    done = run_command({**settings, "organizer_keys": ["123456789"]}, tmp_path, catalog=selecting("webinars"))
    assert "/organizers/123456789/webinars" in one_error(done)
    assert done.records("webinars") == []


def test_a_host_that_cannot_be_reached_is_named(
    make_sandbox: Callable[..., Sandbox], settings: dict[str, Any], tmp_path: Path
) -> None:
    closed = make_sandbox()
    closed.stop()
    for name in ("api_url", "auth_url"):
        error = one_error(run_command({**settings, name: closed.url}, tmp_path, hurries=True))
        assert f"no connection to {closed.url.removeprefix('http://')}" in error


@pytest.mark.parametrize(
    "state",
    [
        {"bookmarks": []},
        {"bookmarks": {"registrants": {"version": 1, "webinars": {"12": {"roster": PLANTED}}}}},
        {"bookmarks": {"registrants": {"version": 1, "webinars": {"12": {"replication_key_value": PLANTED}}}}},
        {"bookmarks": {"registrants": {"version": 99, "webinars": {}}}},
    ],
    ids=["list", "roster", "date", "version"],
)
def test_a_damaged_state_ends_the_run_with_one_line_before_any_call(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, state: dict[str, Any]
) -> None:
    done = run_command(settings, tmp_path, state=state)
    assert one_error(done).startswith("the state is damaged: bookmarks")
    assert done.stdout == ""
    assert sandbox.control.calls() == []

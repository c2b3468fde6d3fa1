"""The command as people type it: what it prints, where, and how it ends."""

import json
import re
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gotowebinar_sandbox import Fault, Sandbox
from tap_gotowebinar.streams import STREAMS as STREAM_CLASSES
from tap_gotowebinar.streams.webinar_parts import SmallWebinarStream
from tests.forkserver import Launcher, run_tap
from tests.incremental_runs import DETAILS, LISTS, WEBINARS
from tests.runs import EXECUTABLE, Run, run_process
from tests.selection import selecting
from tests.singer.conftest import Command

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


def variables(settings: dict[str, Any]) -> dict[str, str]:
    """The settings as environment variables."""
    return {
        f"TAP_GOTOWEBINAR_{name.upper()}": value if isinstance(value, str) else json.dumps(value)
        for name, value in settings.items()
    }


# Without settings and without a network


@pytest.mark.process
def test_version_is_that_of_the_package() -> None:
    done = run_process([EXECUTABLE, "--version"])
    assert (done.exit_code, done.stdout.split()[:2]) == (0, ["tap-gotowebinar", f"v{version('tap-gotowebinar')},"])


def test_discovery_needs_no_settings_and_makes_no_call(command: Command, sandbox: Sandbox) -> None:
    for done in (run_tap("--discover"), command("--discover")):
        assert done.exit_code == 0
        streams = json.loads(done.stdout)["streams"]
        assert sorted(stream["tap_stream_id"] for stream in streams) == sorted(ALL_STREAMS)
        assert all(stream["key_properties"] for stream in streams)
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


def test_a_catalog_of_discovery_is_read_and_another_selects_streams(command: Command, sandbox: Sandbox) -> None:
    catalog = json.loads(run_tap("--discover").stdout)
    done = command(catalog=catalog)
    assert [len(done.records(stream)) for stream in STREAMS] == [1, 5, 5, 50, 50]
    people = r"/(token|me|webinars|registrants)$|/(webinars|registrants)/\d+$"
    assert len([call for call in sandbox.control.calls() if re.search(people, call["path"])]) == 63
    done = command(catalog=selecting("webinars"))
    assert {message["stream"] for message in done.of_type("RECORD")} == {"webinars"}


def test_the_environment_is_read_on_request_only_and_then_goes_before_the_file(
    command: Command, sandbox: Sandbox
) -> None:
    wrong, right = {"TAP_GOTOWEBINAR_CLIENT_SECRET": PLANTED}, variables(sandbox.settings)
    assert command(env=wrong).exit_code == 0
    assert command("--config=ENV", changes={"client_secret": "wrong"}, env=right).exit_code == 0


def test_numbers_of_a_file_may_have_fractions(command: Command) -> None:
    fractions = {"requests_per_second": 99.5, "request_timeout": 9.5, "settle_days": 0.5, "recheck_factor": 0.25}
    done = command(changes=fractions)
    assert (done.exit_code, done.errors) == (0, [])


# Tests of the connection


def test_the_connection_test_reads_a_record_of_each_stream_and_calls_nothing_ahead(
    command: Command, sandbox: Sandbox
) -> None:
    done = command("--test")
    assert done.exit_code == 0
    assert {message["stream"] for message in done.of_type("RECORD")} >= set(STREAMS)
    assert len(sandbox.control.calls()) < 2 * len(ALL_STREAMS)
    made = [call["path"] for call in sandbox.control.calls() if re.search(r"/webinars/\d+", call["path"])]
    assert len(made) == len(set(made))
    # To see that there is more than one record, the SDK asks for the second.
    counts = [sum(bool(re.search(kind, path)) for path in made) for kind in (WEBINARS, LISTS, DETAILS)]
    assert all(1 <= count <= 2 for count in counts), counts


def test_the_schema_test_prints_every_schema_and_makes_no_call(command: Command, sandbox: Sandbox) -> None:
    done = command("--test=schema")
    assert done.exit_code == 0
    assert sorted(message["stream"] for message in done.of_type("SCHEMA")) == sorted(ALL_STREAMS)
    assert len(done.messages) == len(ALL_STREAMS)
    assert sandbox.control.calls() == []


# One line for everything that is wrong with the settings, and no call


def test_a_bad_setting_ends_the_run_with_one_line(command: Command, sandbox: Sandbox) -> None:
    done = command(changes={"client_secret": {"secret": PLANTED}})
    assert one_error(done) == "client_secret must be of type string: correct it"
    assert done.stdout == ""
    assert sandbox.control.calls() == []


def test_no_settings_at_all_end_the_run_with_a_line_for_each_that_is_missing() -> None:
    done = run_tap()
    assert (done.exit_code, done.stdout) == (1, "")
    assert [error.split()[0] for error in done.errors] == ["client_secret", "client_id"]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [(), ("--test",), ("--config", "config.json")], ids=["run", "test", "a file too"])
@pytest.mark.parametrize("program", ["tap", "target"])
def test_variables_that_nobody_asked_for_are_named_with_the_option_that_is_missing(
    launcher: Launcher, sandbox: Sandbox, tmp_path: Path, program: str, arguments: tuple[str, ...]
) -> None:
    if program == "target" and arguments == ("--test",):
        pytest.skip("the target has no such option")
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    known = {f"{program.upper()}_GOTOWEBINAR_{name.upper()}": value for name, value in sandbox.settings.items()}
    done = launcher.launch(None, *arguments, program=program, folder=tmp_path, environ=known).finish()
    prefix = f"{program.upper()}_GOTOWEBINAR_CLIENT"
    assert one_error(done) == f"the settings in {prefix}_ID and {prefix}_SECRET are not read: add --config=ENV"


@pytest.mark.parametrize("client_id", ["a", ""])
def test_a_dotenv_that_nobody_asked_for_is_found(launcher: Launcher, tmp_path: Path, client_id: str) -> None:
    done = launcher.launch(
        {"client_id": client_id, "client_secret": "b"}, folder=tmp_path, dotenv=b"TAP_GOTOWEBINAR_REFRESH_TOKEN=c"
    ).finish()
    assert one_error(done) == "the settings in TAP_GOTOWEBINAR_REFRESH_TOKEN are not read: add --config=ENV"


def test_variables_that_do_not_help_change_no_advice(command: Command, settings: dict[str, Any]) -> None:
    del settings["client_secret"]
    missing = "client_secret is missing: set it in the configuration or as TAP_GOTOWEBINAR_CLIENT_SECRET"
    for env in ({}, {"TAP_GOTOWEBINAR_START_DATE": "2024-01-31"}):
        assert one_error(command(env=env)) == missing


@pytest.mark.parametrize("option", ["--config", "--state", "--catalog"])
@pytest.mark.parametrize(
    ("content", "problem"), [(f"{{{PLANTED}", "is not JSON"), ("[]", "does not hold a JSON object")]
)
def test_a_file_that_cannot_be_read_ends_the_run_with_one_line(
    command: Command, tmp_path: Path, option: str, content: str, problem: str
) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text(content, encoding="utf-8")
    assert f"the file of {option} {problem}" in one_error(command(option, str(bad)))


# One line for everything that goes wrong with GoTo


def test_a_host_that_cannot_be_reached_is_named(command: Command, make_sandbox: Callable[..., Sandbox]) -> None:
    closed = make_sandbox()
    closed.stop()
    for name in ("api_url", "auth_url"):
        error = one_error(command(changes={name: closed.url}, hurries=True))
        assert f"no connection to {closed.url.removeprefix('http://')}" in error


# The reason is the last line: of all lines, `meltano config test` shows no other


def last_line(done: Run) -> str:
    """The end of the log, without time and logger."""
    return done.stderr.splitlines()[-1].split("|", 3)[-1].strip()


class Failure(NamedTuple):
    """What goes wrong, and what the last line says."""

    reason: str
    changes: dict[str, object] | None = None
    arguments: tuple[str, ...] = ()
    fault: Fault | None = None


WRONG_KEY = (
    "a key in organizer_keys or account_key may be wrong (nine digits are a webinar ID, not a key): correct it, "
    "or check the permissions of the user"
)
WRONG_SECRET = "client_id and client_secret are not those of an OAuth client that GoTo knows; correct them"
EXPIRED = "refresh_token is wrong, expired or used up"
FAILURES = {
    "secret": Failure(WRONG_SECRET, {"client_secret": PLANTED}),
    "secret, test": Failure(WRONG_SECRET, {"client_secret": PLANTED}, ("--test",)),
    "refresh token": Failure(EXPIRED, {"refresh_token": PLANTED}),
    "refresh token, test": Failure(EXPIRED, {"refresh_token": PLANTED}, ("--test",)),
    "settings": Failure("api_url must be of type string: correct it (1 more above)", {"api_url": 7, "user_agent": 8}),
    "state": Failure("nowhere.json': No such file or directory", arguments=("--state", "nowhere.json")),
    "file": Failure("nowhere.json cannot be used (No such file or directory)", arguments=("--config", "nowhere.json")),
    "organizer": Failure(WRONG_KEY, {"organizer_keys": [123456789]}),
    "organizer, test": Failure(WRONG_KEY, {"organizer_keys": [123456789]}, ("--test",)),
    "forbidden": Failure(
        "check the permissions of the user, or set on_forbidden to skip",
        fault=Fault(kind="status", status=403, path="/panelists$"),
    ),
    "failing": Failure(
        "'panelists': 1 not read after several tries",
        {"max_concurrency": 1},
        fault=Fault(kind="status", path="/panelists$", times=6),
    ),
    "down": Failure("gave up on /G2W/rest/v2/organizers/", fault=Fault(kind="status", path="/webinars")),
    "down, test": Failure("gave up on /G2W", arguments=("--test",), fault=Fault(kind="status", path="/webinars")),
    "map": Failure(
        "stream_maps failed on a record (TypeError): correct it",
        {"stream_maps": {"webinars": {"subject": "subject + 1"}}},
    ),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_whatever_fails_the_reason_is_the_last_line(command: Command, sandbox: Sandbox, failure: Failure) -> None:
    sandbox.control.configure(faults=() if failure.fault is None else (failure.fault,))

    done = command(*failure.arguments, changes=failure.changes, hurries=True)

    assert done.exit_code != 0
    assert failure.reason in last_line(done)
    assert not [text for text in ("Traceback", PLANTED) if text in done.stderr]


@pytest.mark.parametrize("arguments", [("--test",), ()], ids=["test", "run"])
def test_a_test_finds_a_wrong_organizer_beside_a_right_one_even_if_refusals_are_skipped(
    command: Command, sandbox: Sandbox, arguments: tuple[str, ...]
) -> None:
    owner = sandbox.control.expected_records()["organizers"][0]["organizerKey"]
    keys = {"organizer_keys": [owner, "123456789"], "on_forbidden": "skip"}
    done = command(*arguments, changes=keys)
    assert done.exit_code == (1 if arguments else 0)
    assert ("/organizers/123456789/webinars" in last_line(done)) is bool(arguments)

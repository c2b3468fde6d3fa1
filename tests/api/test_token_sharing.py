"""Runs one after the other and at the same time on one connection: the configured proof never has to change."""

import contextlib
import json
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from gotowebinar_sandbox import Fault, Sandbox
from tap_gotowebinar.api.auth.authenticator import MISSING, Authenticator
from tap_gotowebinar.settings.connection import ConnectionSettings
from tests.canned_server import token_calls
from tests.forkserver import Launcher, run_command
from tests.runs import EXECUTABLE, FAST, Run
from tests.target.registering import TargetHarness, lines, person, record, schema, state

OAUTH = "/oauth/token"
LOGIN = "tap-gotowebinar-login"


@pytest.fixture
def sandbox(make_sandbox: Callable[..., Sandbox]) -> Sandbox:
    """Each refresh gives a new refresh token, and the old one is refused."""
    return make_sandbox(webinars=1, registrants=3, rotate_refresh_tokens=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store" / "tokens.json"


@pytest.fixture
def settings(sandbox: Sandbox, path: Path) -> dict[str, Any]:
    return {**sandbox.settings, **FAST, "token_path": str(path)}


@pytest.fixture
def run(launcher: Launcher, settings: dict[str, Any]) -> Callable[..., Run]:
    return lambda **changes: launcher.launch({**settings, **changes}).finish()


@contextlib.contextmanager
def authenticator(config: Mapping[str, Any]) -> Iterator[Authenticator]:
    with contextlib.closing(ConnectionSettings.from_config(config, "tests").api_client()) as client:
        yield client.authenticator


def personal(sandbox: Sandbox) -> dict[str, Any]:
    return {"personal_access_token": sandbox.credentials["personal_access_token"]}


def secrets(sandbox: Sandbox, path: Path) -> set[str]:
    """All that must not be in a log: what was configured and what is stored."""
    stored = json.loads(path.read_bytes())["entries"]
    tokens = {entry[name] for entry in stored for name in ("access_token", "refresh_token") if entry[name]}
    return tokens | set(sandbox.credentials.values())


def assert_no_secret_shows(run: Run, sandbox: Sandbox, path: Path) -> None:
    assert not [secret for secret in secrets(sandbox, path) if secret in run.stderr]


# One after the other -------------------------------------------------------------------------------------------------


def test_ten_runs_in_a_row_need_one_refresh_token_that_never_changes(
    run: Callable[..., Run], sandbox: Sandbox, path: Path
) -> None:
    for _ in range(10):
        sandbox.control.expire_access_tokens()
        done = run()
        assert (done.exit_code, done.errors) == (0, [])
        assert_no_secret_shows(done, sandbox, path)

    assert token_calls(sandbox) == 10


@pytest.mark.parametrize("changes", [lambda _: {}, personal], ids=["refresh token", "personal access token"])
def test_a_run_goes_on_with_the_access_token_of_the_last(
    run: Callable[..., Run], sandbox: Sandbox, changes: Callable[[Sandbox], dict[str, Any]]
) -> None:
    assert [run(**changes(sandbox)).exit_code for _ in range(3)] == [0, 0, 0]
    assert token_calls(sandbox) == 1


def test_a_newly_configured_token_takes_over_and_the_old_one_still_works_after_it(
    run: Callable[..., Run], sandbox: Sandbox
) -> None:
    for changes in ({}, personal(sandbox), {}, personal(sandbox)):
        sandbox.control.expire_access_tokens()
        assert run(**changes).exit_code == 0

    assert token_calls(sandbox) == 4


def test_what_was_configured_is_tried_when_what_was_stored_is_refused(
    settings: dict[str, Any], sandbox: Sandbox
) -> None:
    credential = settings["refresh_token"]
    ConnectionSettings.from_config(settings, "tests").token_store.log_in(
        "of-another-world", "not-good-any-more", 0, configured=credential
    )

    with authenticator(settings) as auth:
        assert auth.token()
    assert token_calls(sandbox) == 2


# At the same time ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_two_taps_and_a_target_at_the_same_time_share_one_token_that_is_replaced_each_time(
    make_sandbox: Callable[..., Sandbox], path: Path, tmp_path: Path, launcher: Launcher
) -> None:
    sandbox = make_sandbox(webinars=4, registrants=40, rotate_refresh_tokens=True, token_lifetime=2.0, latency=0.05)
    harness = TargetHarness(sandbox, tmp_path)
    given = lines([schema(), *(record(person(number)) for number in range(60)), state("all")]).encode()
    settings = {**harness.config(), "max_concurrency": 2, "token_path": str(path)}
    running = [launcher.launch(settings) for _ in range(2)] + [launcher.launch(settings, program="target", given=given)]
    *taps, target = done = [run.finish() for run in running]

    assert [(run.exit_code, run.errors) for run in done] == [(0, [])] * 3
    details = [row for run in taps for row in run.records("registrant_details")]
    assert [row["webinarKey"] != harness.webinar for row in details].count(True) == 2 * 4 * 40
    assert target.stdout == '"all"\n'
    assert [row["email"] for row in harness.registered()] == [person(number)["email"] for number in range(60)]
    tokens = [call for call in sandbox.control.calls() if call["path"] == OAUTH]
    # More than one was needed, and nobody came with one that was replaced.
    assert len(tokens) > 1
    assert {call["status"] for call in tokens} == {200}
    for run in done:
        assert_no_secret_shows(run, sandbox, path)


# Not stored ----------------------------------------------------------------------------------------------------------


def unwritable(settings: Mapping[str, Any], tmp_path: Path) -> dict[str, Any]:
    """Settings with a token path that nobody can write to, not even root: its folder is a file."""
    file = tmp_path / "a-file"
    file.touch()
    return {**settings, "token_path": str(file / "tokens.json")}


def test_a_refresh_token_that_cannot_be_stored_is_said_loudly_and_the_run_is_complete_all_the_same(
    launcher: Launcher, settings: dict[str, Any], tmp_path: Path
) -> None:
    given = unwritable(settings, tmp_path)
    done = launcher.launch(given).finish()

    assert done.exit_code == 1
    assert done.records("registrant_details")
    line = (
        f"GoTo replaced the refresh token, and the new one cannot be stored in {given['token_path']} (Not a "
        "directory): it is lost when this run ends. Let token_path name a file in a folder that this process may write "
        f"to, and get a new refresh token with {LOGIN}"
    )
    assert done.errors == [line, line]


def test_an_access_token_that_cannot_be_stored_is_no_failure(
    launcher: Launcher, settings: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    given = {**unwritable(settings, tmp_path), **personal(sandbox)}
    done = launcher.launch(given).finish()

    assert (done.exit_code, done.errors) == (0, [])
    path = given["token_path"]
    assert f"tokens are not shared with other runs: {path} cannot be written (Not a directory)" in done.stderr


def test_a_refresh_token_that_is_stored_at_a_later_renewal_is_no_failure(
    make_sandbox: Callable[..., Sandbox], tmp_path: Path
) -> None:
    sandbox = make_sandbox(rotate_refresh_tokens=True)
    config = {**sandbox.settings, "token_path": str(tmp_path / "a-file" / "tokens.json")}
    (tmp_path / "a-file").touch()
    with authenticator(config) as auth:
        first = auth.token()
        assert auth.problem is not None
        (tmp_path / "a-file").unlink()
        auth.on_rejected(first)
        auth.token()

        assert auth.problem is None


def test_who_is_killed_between_the_replacing_and_the_storing_is_told_to_log_in(
    launcher: Launcher, settings: dict[str, Any], sandbox: Sandbox, path: Path
) -> None:
    sandbox.control.configure(faults=[Fault(kind="drip", path=OAUTH, seconds=60)])
    launched = launcher.launch(settings)
    assert launched.wait_for(lambda: token_calls(sandbox) > 0)
    launched.send(signal.SIGKILL)
    launched.finish()
    sandbox.control.configure(faults=[])

    done = launcher.launch(settings).finish()

    assert done.exit_code == 1
    (line,) = done.errors
    assert line.endswith(f"refresh_token is wrong, expired or used up; get a new one with {LOGIN}")
    assert {file.name for file in path.parent.iterdir()} == {"tokens.json.lock"}


def test_a_run_that_is_stopped_while_a_refresh_token_is_on_its_way_stores_it_first(
    launcher: Launcher, settings: dict[str, Any], sandbox: Sandbox
) -> None:
    sandbox.control.configure(faults=[Fault(kind="drip", path=OAUTH, seconds=0.3, times=1)])
    launched = launcher.launch(settings)
    assert launched.wait_for(lambda: token_calls(sandbox) > 0)
    launched.send(signal.SIGTERM)
    assert launched.finish().exit_code == 128 + signal.SIGTERM

    assert launcher.launch(settings).finish().exit_code == 0


@pytest.mark.parametrize("hurt", [Path.unlink, lambda path: path.write_text("not JSON")])
def test_a_store_that_is_lost_while_a_run_goes_on_is_made_anew_from_what_the_run_knows(
    hurt: Callable[[Path], object], settings: dict[str, Any], path: Path
) -> None:
    with authenticator(settings) as auth:
        first = auth.token()
        hurt(path)
        auth.on_rejected(first)
        second = auth.token()

    assert second != first
    with authenticator(settings) as auth:
        assert auth.token() == second


def test_a_store_that_is_lost_is_made_anew_by_who_has_only_read_it(settings: dict[str, Any], path: Path) -> None:
    with authenticator(settings) as auth:
        stored = auth.token()
    with authenticator(settings) as auth:
        assert auth.token() == stored
        path.unlink()
        auth.on_rejected(stored)
        assert auth.token() != stored


# Settings ------------------------------------------------------------------------------------------------------------


def test_after_a_login_nothing_needs_to_be_configured(
    run: Callable[..., Run], settings: dict[str, Any], sandbox: Sandbox
) -> None:
    credential = settings.pop("refresh_token")
    assert run().errors == [MISSING]
    assert LOGIN in MISSING

    store = ConnectionSettings.from_config(settings, "tests").token_store
    store.log_in(credential, "not-good-any-more", 3600)

    for _ in range(3):
        sandbox.control.expire_access_tokens()
        assert run().exit_code == 0


def test_a_home_that_is_not_there_is_one_line(run: Callable[..., Run]) -> None:
    done = run(token_path="~nobody-of-this-name/tokens.json")

    assert done.errors == ["there is no home folder to keep tokens in: let token_path name a file outside of it"]


def test_discovery_needs_no_store(settings: dict[str, Any], sandbox: Sandbox, path: Path, tmp_path: Path) -> None:
    assert run_command(settings, tmp_path, "--discover").exit_code == 0
    assert run_command(settings, tmp_path, "--about").exit_code == 0

    assert not path.parent.exists()
    assert sandbox.control.calls() == []


@pytest.mark.slow
def test_a_command_of_the_sandbox_keeps_its_tokens_out_of_the_home(state_folder: Path) -> None:
    sandbox = str(Path(EXECUTABLE).with_name("gotowebinar-sandbox"))
    words = [sandbox, "exec", "--webinars=1", "--", EXECUTABLE, "--config=ENV"]
    assert subprocess.run(words, capture_output=True, check=False, timeout=60).returncode == 0
    assert not state_folder.exists()

"""Logging in as a person does, with an HTTP client for a browser; and checking what is there."""

import json
import os
import re
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from singer_sdk.exceptions import ConfigValidationError

from gotowebinar_sandbox import Sandbox
from target_gotowebinar.target import TargetGoToWebinar
from tests.login.clicker import click
from tests.login.people import CLIENT, COMMAND, environment, logging_in, login, redirect_uri
from tests.runs import FAST, Run, run_here
from tests.selection import selecting

REFRESH_TOKEN = re.compile(r"refresh-[0-9a-f]{32}")


def complaint(done: Run) -> str:
    """The one line of a run that failed."""
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("tap-gotowebinar-login: ")
    return done.stderr


def whose(sandbox: Sandbox) -> dict[str, Any]:
    organizer: dict[str, Any] = sandbox.control.expected_records()["organizers"][0]
    return organizer


def log_in(
    sandbox: Sandbox, env: dict[str, str], *arguments: str, decision: str = "allow"
) -> tuple[requests.Response, Run]:
    """Log in with a browser; return the page it ends on, and how the command ended."""
    with logging_in(env, "--redirect-uri", redirect_uri(sandbox), *arguments) as run:
        page = click(run.address(), decision)
        return page, run.ended()


def tap_settings(sandbox: Sandbox) -> dict[str, Any]:
    """Settings of a tap without any token."""
    return {**{name: sandbox.settings[name] for name in CLIENT}, **FAST}


# Logging in ----------------------------------------------------------------------------------------------------------


def test_after_a_login_the_tap_runs_without_a_refresh_token(sandbox: Sandbox, state_folder: Path) -> None:
    page, done = log_in(sandbox, environment(sandbox))

    assert (done.exit_code, done.stderr) == (0, "")
    assert page.status_code == 200
    assert "You are logged in" in page.text
    organizer = whose(sandbox)
    for said in (organizer["firstName"], organizer["organizerKey"], organizer["accountKey"], str(state_folder)):
        assert said in done.stdout
    (store,) = state_folder.glob("*.json")
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    assert run_here(tap_settings(sandbox), catalog=selecting("organizers")).records("organizers")
    assert login(environment(sandbox), "--check").exit_code == 0


def test_nothing_secret_is_said(sandbox: Sandbox, state_folder: Path) -> None:
    page, done = log_in(sandbox, environment(sandbox, "refresh_token"))

    (store,) = state_folder.glob("*.json")
    (entry,) = json.loads(store.read_bytes())["entries"]
    code = parse_qs(urlsplit(page.url).query)["code"][0]
    known = {**sandbox.credentials, **entry, "code": code}
    for name in ("client_secret", "personal_access_token", "refresh_token", "access_token", "code"):
        assert known[name] not in done.stdout + done.stderr + page.text
    assert not REFRESH_TOKEN.search(done.stdout)


def test_the_refresh_token_is_shown_when_asked_for(sandbox: Sandbox) -> None:
    _, done = log_in(sandbox, environment(sandbox), "--show-token")
    shown = REFRESH_TOKEN.findall(done.stdout)

    settings = {**tap_settings(sandbox), "refresh_token": shown[0]}
    assert run_here(settings, catalog=selecting("organizers")).records("organizers")


def test_a_login_takes_the_place_of_a_configured_refresh_token_that_died(sandbox: Sandbox) -> None:
    sandbox.control.revoke_refresh_token()
    assert log_in(sandbox, environment(sandbox, "refresh_token"))[1].exit_code == 0
    sandbox.control.expire_access_tokens()

    settings = {**tap_settings(sandbox), "refresh_token": sandbox.credentials["refresh_token"]}
    done = run_here(settings, catalog=selecting("organizers"))

    assert done.records("organizers")


def test_the_browser_is_opened_and_inherits_no_secret(sandbox: Sandbox, tmp_path: Path) -> None:
    secrets = ("client_secret", "refresh_token", "personal_access_token")
    root = str(Path(__file__).parents[2])
    browser = {"BROWSER": f"{sys.executable} -m tests.login.clicker inherited.json %s", "PYTHONPATH": root}
    env = {**environment(sandbox, *secrets), **browser}

    done = login(env, "--redirect-uri", redirect_uri(sandbox), folder=tmp_path)

    inherited = (tmp_path / "inherited.json").read_text(encoding="utf-8")
    assert done.exit_code == 0
    assert whose(sandbox)["organizerKey"] in done.stdout
    assert [name for name in secrets if sandbox.credentials[name] in inherited] == []


def test_a_personal_access_token_that_stands_in_the_way_is_named(sandbox: Sandbox) -> None:
    _, done = log_in(sandbox, environment(sandbox, "personal_access_token"))

    assert done.exit_code == 0
    assert "personal_access_token is set and is used instead of them: remove it" in done.stdout


@pytest.mark.parametrize("form", ["{}", "  '{}' ", '"{}"'])
def test_without_a_browser_the_address_is_pasted(form: str, sandbox: Sandbox) -> None:
    uri = "https://example.com/never-listens"
    sandbox.control.configure(redirect_uris=[uri])
    with logging_in(environment(sandbox), "--redirect-uri", uri, "--no-browser") as run:
        sent_to = click(run.address(), follow=False).headers["Location"]
        done = run.ended(form.format(sent_to) + "\n")

    assert done.exit_code == 0
    assert whose(sandbox)["organizerKey"] in done.stdout


def test_the_target_finds_the_tokens_too(sandbox: Sandbox) -> None:
    assert log_in(sandbox, environment(sandbox))[1].exit_code == 0

    settings = {name: sandbox.settings[name] for name in CLIENT}
    assert TargetGoToWebinar(config=settings).config["client_id"]
    with pytest.raises(ConfigValidationError):
        TargetGoToWebinar(config={**settings, "client_id": "another"})


# Not logging in ------------------------------------------------------------------------------------------------------


def test_who_denies_gets_one_clear_line_here_and_a_page_there(sandbox: Sandbox, state_folder: Path) -> None:
    page, done = log_in(sandbox, environment(sandbox), decision="deny")

    assert "GoTo gives no access (access_denied" in complaint(done)
    assert "Not logged in" in page.text
    assert not state_folder.exists()


def test_a_code_of_another_login_is_refused_though_the_state_fits(sandbox: Sandbox) -> None:
    uri = redirect_uri(sandbox)
    with logging_in(environment(sandbox), "--redirect-uri", uri) as run:
        other = re.sub(r"code_challenge=[^&]*", f"code_challenge={'A' * 43}", run.address())
        click(other)
        done = run.ended()

    advice = "authorization_code is wrong, expired or used up; get a new one with tap-gotowebinar-login"
    assert advice in complaint(done)


def test_a_redirect_uri_that_is_not_registered_is_named_when_time_is_up(sandbox: Sandbox) -> None:
    uri = redirect_uri(sandbox)
    sandbox.control.configure(redirect_uris=["https://example.com/elsewhere"])
    with logging_in(environment(sandbox), "--redirect-uri", uri, "--timeout", "1") as run:
        page = click(run.address())
        done = run.ended()

    assert page.status_code == 400
    said = f"no answer from the browser within 1 seconds: if GoTo showed an error, register {uri}"
    assert said in complaint(done)


def test_a_port_that_is_taken_is_named(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        done = login(environment(sandbox), "--redirect-uri", f"http://localhost:{port}/")

    assert f"port {port} of this machine cannot be listened on" in complaint(done)


def test_ctrl_c_ends_it_in_one_line(sandbox: Sandbox) -> None:
    with logging_in(environment(sandbox), "--redirect-uri", redirect_uri(sandbox)) as run:
        run.address()
        run.interrupt()
        done = run.ended()

    assert (done.exit_code, done.stderr) == (130, "tap-gotowebinar-login: stopped\n")


def test_tokens_that_cannot_be_stored_are_one_line(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = str(tmp_path / "file" / "tokens.json")
    page, done = log_in(sandbox, environment(sandbox, token_path=path))

    assert "the tokens cannot be stored in" in complaint(done)
    assert "Not logged in" in page.text


@pytest.mark.parametrize(
    ("changes", "arguments", "said"),
    [
        ({}, ("--redirect-uri", "https://example.com/callback"), "correct it, or use --no-browser"),
        ({"client_id": ""}, (), "client_id is empty: set it"),
        ({}, ("--check",), "refresh_token or personal_access_token is missing"),
        ({"refresh_token": "dead"}, ("--check",), "get a new one with tap-gotowebinar-login"),
        ({}, ("--check", "--config", "nowhere.json"), "nowhere.json"),
    ],
)
def test_settings_that_cannot_work_are_one_line(
    sandbox: Sandbox, changes: dict[str, str], arguments: tuple[str, ...], said: str
) -> None:
    done = login(environment(sandbox, **changes), *arguments)

    assert done.stdout == ""
    assert said in complaint(done)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("config.json", b"[]", "the file of --config does not hold a JSON object"),
        ("config.json", b'{"request_timeout": "soon"}', "request_timeout must be of type number"),
        (".env", b"TAP_GOTOWEBINAR_USER_AGENT=\xe9\n", ".env of this folder is no text in UTF-8"),
    ],
)
def test_a_file_that_makes_no_sense_is_one_line(
    sandbox: Sandbox, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / "config.json").write_bytes(b"{}")
    (tmp_path / name).write_bytes(content)

    done = login(environment(sandbox, "refresh_token"), "--check", "--config", "config.json", folder=tmp_path)

    assert said in complaint(done)


def test_where_nobody_can_paste_it_is_one_line(sandbox: Sandbox) -> None:
    done = login(environment(sandbox), "--no-browser", typed="")

    # Releases of click end the prompt in different ways.
    done.stderr = re.sub(r"^Address: ?\n?", "", done.stderr)
    assert "no address was pasted" in complaint(done)


@pytest.mark.process
def test_at_a_terminal_a_missing_client_is_asked_for_and_the_secret_not_shown(sandbox: Sandbox) -> None:
    known = sandbox.credentials
    env = {
        name: value for name, value in environment(sandbox).items() if not name.endswith(("CLIENT_ID", "CLIENT_SECRET"))
    }
    terminal = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"

    with subprocess.Popen(
        [sys.executable, "-c", terminal, COMMAND, "--redirect-uri", redirect_uri(sandbox)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=env,
        start_new_session=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        said = _read_until(process.stdout, "client_id of your OAuth client: ")
        process.stdin.write(f"{known['client_id']}\n")
        process.stdin.flush()
        said += _read_until(process.stdout, "client_secret of your OAuth client: ")
        process.stdin.write(f"{known['client_secret']}\n")
        process.stdin.flush()
        said += _read_until(process.stdout, "code_challenge_method=S256")
        found = re.search(r"http\S+/oauth/authorize\S+", said)
        assert found is not None
        click(found[0])
        said += process.stdout.read()

    assert process.returncode == 0
    assert known["client_secret"] not in said
    assert whose(sandbox)["organizerKey"] in said


def _read_until(stream: IO[str], end: str) -> str:
    said = ""
    while not said.endswith(end):
        letter = stream.read(1)
        assert letter, said
        said += letter
    return said


# Checking ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("proof", ["refresh_token", "personal_access_token"])
def test_a_check_says_whose_the_credentials_are(proof: str, sandbox: Sandbox) -> None:
    done = login(environment(sandbox, proof), "--check")

    assert (done.exit_code, done.stderr) == (0, "")
    organizer = whose(sandbox)
    for name in ("firstName", "lastName", "organizerKey", "accountKey"):
        assert organizer[name] in done.stdout


def test_a_check_that_cannot_tell_whose_they_are_names_the_setting(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(identity="forbidden", admin="narrow")

    unknown = login(environment(sandbox, "refresh_token"), "--check")
    known = login(environment(sandbox, "refresh_token", organizer_keys='["1"]'), "--check")

    assert known.exit_code == 0
    assert "set organizer_keys" in complaint(unknown)
    assert "The credentials work" in known.stdout


def test_settings_are_found_in_a_file_and_in_dotenv_and_the_environment_goes_first(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    env = environment(sandbox)
    variables = {name: env.pop(name) for name in list(env) if name.startswith("TAP_GOTOWEBINAR_")}
    lines = [f"{name}={value}" for name, value in variables.items()]
    (tmp_path / ".env").write_text("\n".join([*lines, "TAP_GOTOWEBINAR_REFRESH_TOKEN=wrong"]), encoding="utf-8")
    (tmp_path / "config.json").write_text('{"client_id": "wrong", "request_timeout": 30}', encoding="utf-8")
    env["TAP_GOTOWEBINAR_REFRESH_TOKEN"] = sandbox.credentials["refresh_token"]

    done = login(env, "--check", "--config", "config.json", folder=tmp_path)

    assert (done.exit_code, done.stderr) == (0, "")


# What it leaves alone ------------------------------------------------------------------------------------------------


@pytest.mark.process
def test_the_tap_does_not_load_what_only_the_login_needs() -> None:
    program = "import sys, tap_gotowebinar.tap; print(sorted({'http.server', 'webbrowser'} & set(sys.modules)))"

    said = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, env=os.environ, text=True)

    assert said.stdout == "[]\n"

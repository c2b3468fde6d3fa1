"""The command ``gotowebinar-sandbox``: serve and exec, signals and exit codes."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gotowebinar_sandbox import Control, Options
from gotowebinar_sandbox.cli import main

COMMAND = [sys.executable, "-m", "gotowebinar_sandbox.cli"]
CHILD = """
import signal, sys, time
signal.signal(signal.{name}, lambda *_: sys.exit(42))
print("ready", flush=True)
while True: time.sleep(0.1)
"""


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Start the command in a session of its own, without a terminal, and kill it at the end."""
    pipes = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen([*COMMAND, *arguments], **pipes, text=True, start_new_session=True) as process:  # type: ignore[call-overload]
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **environment}
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=30, env=env)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("names_a_file", [False, True])
def test_serve_says_where_it_is_and_stops_cleanly_on_a_signal(
    number: signal.Signals, tmp_path: Path, *, names_a_file: bool
) -> None:
    path = tmp_path / "sandbox.env"
    with started("serve", "--seed=7", "--webinars=3", *([f"--env-file={path}"] if names_a_file else [])) as process:
        said = line(process)
        url = said.split()[0]
        assert path.is_file() is names_a_file is not (f"TAP_GOTOWEBINAR_API_URL={url}" in said)
        assert len(Control(url).expected_records()["webinars"]) == 3
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
        assert (process.returncode, out, err, path.exists()) == (0, "", "", False)


def test_serve_takes_every_option_and_writes_the_variables_to_a_file(tmp_path: Path) -> None:
    given = {
        "now": "2026-03-10T12:00:00Z",
        "latency": 0.001,
        "rate-limit": 100,
        "retry-after": "date",
        "forbidden": "123",
        "faults": '[{"kind": "empty", "times": 1}]',
        "identity": "forbidden",
        "env-file": str(tmp_path / ".env"),
    }
    arguments = [word for name, value in given.items() for word in (f"--{name}", str(value))]
    with started("serve", *arguments, "--rotate-refresh-tokens") as process:
        said = line(process)
        options = Control(said.split()[0]).options()
    assert options.keys() == {option.name for option in dataclasses.fields(Options)}
    assert (options["latency"], options["rate_limit"], options["retry_after"]) == (0.001, 100, "date")
    assert (options["forbidden"], options["identity"]) == (["123"], "forbidden")
    assert (options["rotate_refresh_tokens"], options["faults"][0]["kind"]) == (True, "empty")
    assert said.endswith(f"set -a; . {tmp_path / '.env'}; set +a\n")
    assert f"GOTOWEBINAR_SANDBOX_URL={said.split()[0]}\n" in (tmp_path / ".env").read_text(encoding="utf-8")


def test_the_file_of_a_later_sandbox_stays(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.env"
    serve = ("serve", "--webinars", "1", "--env-file", str(path))
    with started(*serve) as first:
        line(first)
        with started(*serve) as second:
            url = line(second).split()[0]
            first.terminate()
            assert first.wait(10) == 0
            assert url in path.read_text(encoding="utf-8")


def test_exec_points_the_command_to_the_sandbox_and_returns_its_exit_code() -> None:
    child = "import json, os, sys; print(json.dumps(dict(os.environ))); sys.exit(7)"
    ended = run("exec", "--seed", "7", "--", sys.executable, "-c", child)
    assert ended.returncode == 7
    given = json.loads(ended.stdout)
    url = given["GOTOWEBINAR_SANDBOX_URL"]
    assert given["TAP_GOTOWEBINAR_API_URL"] == given["TAP_GOTOWEBINAR_AUTH_URL"] == url
    assert {"TAP_GOTOWEBINAR_CLIENT_ID", "TAP_GOTOWEBINAR_CLIENT_SECRET", "TAP_GOTOWEBINAR_REFRESH_TOKEN"} <= set(given)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_exec_forwards_signals_to_the_command(name: str) -> None:
    with started("exec", "--webinars", "1", "--", sys.executable, "-c", CHILD.format(name=name)) as process:
        assert line(process) == "ready\n"
        process.send_signal(getattr(signal, name))
        assert process.wait(10) == 42


def test_exec_ends_like_a_shell_when_the_command_is_killed_or_does_not_exist() -> None:
    child = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert run("exec", "--webinars", "1", "--", sys.executable, "-c", child).returncode == 128 + signal.SIGKILL
    ended = run("exec", "--webinars", "1", "--", "no-such-command")
    message = "gotowebinar-sandbox: no-such-command: No such file or directory\n"
    assert (ended.returncode, ended.stderr) == (127, message)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        *((["--host", host], "loopback only") for host in ("0.0.0.0", "::", "192.0.2.1")),  # noqa: S104 - refused
        (["--organizers", "0"], "organizers must be at least 1"),
        (["--latency", "slow"], "latency"),
        (["--now", "yesterday"], "yesterday"),
    ],
)
def test_options_that_make_no_sense_are_refused_in_one_line(
    arguments: list[str],
    problem: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["exec", *arguments, "--", "true"]) == 1
    error = capsys.readouterr().err
    assert (problem in error, error.count("\n")) == (True, 1)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (
            ["exec", "tap-gotowebinar", "--config=ENV"],
            "put -- before the command: gotowebinar-sandbox exec -- tap-gotowebinar ...",
        ),
        (["exec", "--no-such-option", "--", "true"], "unrecognized arguments: --no-such-option"),
        (["serve", "--config=ENV"], "unrecognized arguments: --config=ENV"),
    ],
)
def test_options_that_it_does_not_know_are_named_or_moved_behind_the_dashes(
    arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert capsys.readouterr().err.endswith(f"error: {problem}\n")


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "starlette.py").write_text("raise ModuleNotFoundError(name='starlette')\n", encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    ended = run("serve", PYTHONPATH=path)
    assert ended.returncode == 1
    advice = "install tap-gotowebinar with the extra sandbox (docs/install.md)"
    assert ended.stderr == f"gotowebinar-sandbox: starlette is missing: {advice}\n"

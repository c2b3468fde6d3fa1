"""What surrounds a program: variables, `.env`, files that are pipes or have no end."""

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from gotowebinar_sandbox import Sandbox
from tests.forkserver import Launcher, run_tap
from tests.runs import EXECUTABLE, FAST, run_process
from tests.selection import selecting
from tests.singer.conftest import Command
from tests.singer.test_cli import variables
from tests.tiers import slow

SECRET = "planted-secret-9f8e7d"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"\xff\xfeT", "the file .env that --config=ENV reads is no text in UTF-8: save it as such"),
        (b"OTHER=a\x00b", "the file .env that --config=ENV reads is no text in UTF-8: save it as such"),
        (f"TAP_GOTOWEBINAR_MAX_CALLS={SECRET}".encode(), "max_calls must be of type integer: correct it"),
        (b"TAP_GOTOWEBINAR_STREAM_MAPS='[1'", "stream_maps must be a JSON object: correct it"),
    ],
)
def test_a_dotenv_that_cannot_be_read_is_one_line(
    launcher: Launcher, settings: dict[str, Any], content: bytes, line: str
) -> None:
    done = launcher.launch({}, "--config", "ENV", environ=variables(settings), dotenv=content).finish()
    assert (done.exit_code, done.errors) == (1, [line])
    assert SECRET not in done.stderr


@pytest.mark.parametrize("written", ["{}", " {},{} ", '["{}"]', "[{}]", '["{}", {}]'])
def test_organizer_keys_of_the_environment_may_be_keys_or_json(
    launcher: Launcher, sandbox: Sandbox, settings: dict[str, Any], written: str
) -> None:
    (organizer,) = sandbox.control.expected_records()["organizers"]
    known = variables({**settings, **FAST}) | {
        "TAP_GOTOWEBINAR_ORGANIZER_KEYS": written.replace("{}", organizer["organizerKey"])
    }
    done = launcher.launch({}, "--config", "ENV", environ=known).finish()
    assert done.exit_code == 0
    assert [row["organizerKey"] for row in done.records("organizers")] == [organizer["organizerKey"]]


def test_a_dotenv_fills_in_what_the_environment_leaves_out(launcher: Launcher, settings: dict[str, Any]) -> None:
    known = variables(settings)
    del known["TAP_GOTOWEBINAR_CLIENT_SECRET"]
    dotenv = f"TAP_GOTOWEBINAR_CLIENT_SECRET={settings['client_secret']}\n".encode()
    done = launcher.launch({}, "--config", "ENV", environ=known, dotenv=dotenv).finish()
    assert (done.exit_code, done.errors) == (0, [])


@pytest.mark.process
def test_a_dotenv_above_the_current_folder_is_read_and_the_environment_comes_first(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = variables({**settings, "start_date": "2024-01-31"})
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in known.items()), encoding="utf-8")
    (tmp_path / "inside").mkdir()
    monkeypatch.chdir(tmp_path / "inside")
    command = [EXECUTABLE, "--config=ENV", "--test=schema"]
    assert run_process(command).exit_code == 0
    done = run_process(command, env={"TAP_GOTOWEBINAR_START_DATE": "soon"})
    assert (done.exit_code, done.errors) == (1, ["start_date is not a time: write it like 2024-01-31T00:00:00Z"])


@pytest.mark.parametrize("program", ["tap", "target"])
def test_a_name_that_is_no_setting_is_one_warning(launcher: Launcher, settings: dict[str, Any], program: str) -> None:
    prefix = f"{program.upper()}_GOTOWEBINAR_"
    done = launcher.launch(
        {**settings, "user_agen": SECRET, "batch_size_rows": 1},
        program=program,
        environ={f"{prefix}REQUESTS_PER_MINUT": SECRET, f"{prefix}LOGLEVEL": "info", f"{prefix}_SELECT": "[]"},
    ).finish()
    assert (done.exit_code, done.errors) == (0, [])
    assert done.warnings == [
        "user_agen is not a setting and has no effect: did you mean user_agent?",
        f"{prefix}REQUESTS_PER_MINUT is not a setting and has no effect: did you mean {prefix}REQUESTS_PER_MINUTE?",
    ]
    assert SECRET not in done.stderr


def test_a_name_like_no_setting_is_to_be_removed(command: Command) -> None:
    done = command(changes={"zzz": SECRET})
    assert done.warnings == ["zzz is not a setting and has no effect: remove or correct it"]


def test_a_run_whose_settings_are_all_known_warns_of_nothing(command: Command) -> None:
    assert command().warnings == []


def test_a_variable_for_a_required_setting_that_is_misspelt_is_named(
    launcher: Launcher, settings: dict[str, Any]
) -> None:
    known = variables(settings)
    known["TAP_GOTOWEBINAR_CLIENT_SECERT"] = known.pop("TAP_GOTOWEBINAR_CLIENT_SECRET")
    done = launcher.launch({}, "--config", "ENV", environ=known).finish()
    assert done.exit_code == 1
    assert done.errors[-1] == (
        "client_secret is missing: set it in the configuration or as TAP_GOTOWEBINAR_CLIENT_SECRET "
        "(TAP_GOTOWEBINAR_CLIENT_SECERT is not a setting: did you mean client_secret?)"
    )


@pytest.mark.parametrize(
    ("variable", "value", "kind"),
    [
        ("LOGLEVEL", "loud", "ValueError"),
        ("TAP_GOTOWEBINAR_LOGLEVEL", "7", "ValueError"),
        ("SINGER_SDK_LOG_CONFIG", os.curdir, "IsADirectoryError"),
    ],
)
def test_logging_that_cannot_be_set_up_is_one_line(variable: str, value: str, kind: str) -> None:
    done = run_tap("--version", env={variable: value})
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].endswith(
        f"logging cannot be set up ({kind}): let LOGLEVEL name a level such as INFO, and SINGER_SDK_LOG_CONFIG, if it "
        "is set, a file that Python's logging understands"
    )
    assert "Traceback" not in done.stderr


def test_an_empty_level_of_logging_is_none(command: Command) -> None:
    done = command(env={"LOGLEVEL": ""})
    assert (done.exit_code, done.errors) == (0, [])


@pytest.mark.parametrize("option", ["--config", "--state", "--catalog"])
def test_a_file_may_be_a_pipe(launcher: Launcher, settings: dict[str, Any], tmp_path: Path, option: str) -> None:
    content = {"--config": settings, "--state": {}, "--catalog": selecting("organizers")}[option]
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writing = threading.Thread(target=pipe.write_text, args=(json.dumps(content),), daemon=True)
    writing.start()
    done = launcher.launch({} if option == "--config" else settings, option, str(pipe)).finish(20)
    assert (done.exit_code, done.errors) == (0, [])
    assert done.records("organizers")


@pytest.mark.parametrize("option", ["--config", *slow("--state", "--catalog")])
def test_a_file_without_end_is_one_line(launcher: Launcher, settings: dict[str, Any], option: str) -> None:
    done = launcher.launch(settings, option, "/dev/zero").finish(30)
    assert (done.exit_code, done.errors) == (
        1,
        [f"the file of {option} is larger than 256 MiB: name another one"],
    )

"""Any settings file of the target and of the login: read, alone or after another one, or refused in one clear line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import example, given, settings

from gotowebinar_sandbox import Options, Sandbox
from tests.forkserver import Launcher
from tests.fuzz.strategies import bent
from tests.runs import FAST

SECRET: Final = "planted-secret-9f8e7d"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Options(seed=11, webinars=1, registrants=0)) as sandbox:
        yield sandbox


@pytest.mark.parametrize("program", ["target", "login"])
def test_any_settings_file_is_read_or_refused(
    launcher: Launcher, sandbox: Sandbox, tmp_path: Path, program: str
) -> None:
    whole: dict[str, Any] = {**sandbox.settings, **FAST, "webinar_key": "1", "organizer_key": 2, "dry_run": True}
    whole |= {"stream_maps": {"people": None}, "user_agent": "x", "request_timeout": 2, "strict_fields": None}
    # What a changed one leads to is not ours to fuzz.
    fixed = {name: whole.pop(name) for name in ("api_url", "auth_url", "token_path")}
    path = tmp_path / "config.json"

    @settings(settings.get_profile("fuzz"), max_examples=max(1, settings.get_profile("fuzz").max_examples // 2))
    @given(content=bent({**whole, "client_secret": SECRET}))
    @example(content=b'{"stream_map_config": {"x": 1e9999999999999999999}}')
    def check(content: bytes) -> None:
        path.write_bytes(content)
        words = ["--check"] if program == "login" else []
        # Twice: what the second says goes before what the first says.
        done = launcher.launch({**sandbox.settings, **fixed}, *words, "--config", str(path), program=program).finish()
        said = done.stdout + done.stderr
        assert done.exit_code in {0, 1}, said
        assert not [sign for sign in ("Traceback", "internal error", SECRET) if sign in said]
        assert bool(done.errors or "tap-gotowebinar-login: " in said) == (done.exit_code == 1)
        assert all(len(line) < 1000 for line in said.splitlines())

    check()


def test_the_second_of_two_files_goes_before_the_first(launcher: Launcher, sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"dry_run": True, "on_rejection": "cry"}), encoding="utf-8")
    words = ("--config", str(path))
    done = launcher.launch({**sandbox.settings, "on_rejection": "fail"}, *words, program="target").finish()
    assert done.errors == ["on_rejection must be one of fail or continue: correct it"]

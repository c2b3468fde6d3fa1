"""Any settings, state, catalog or environment: understood, or one clear line that holds no secret."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given

from gotowebinar_sandbox import Sandbox
from tests.forkserver import Launcher
from tests.fuzz.complaints import PLANTED, complaints
from tests.fuzz.conftest import share
from tests.fuzz.strategies import bent
from tests.incremental_runs import NOW
from tests.runs import FAST, Run
from tests.selection import selecting


@pytest.fixture(scope="module")
def state(sandbox: Sandbox, launcher: Launcher) -> Any:  # noqa: ANN401 - JSON
    done = launcher.launch({**sandbox.settings, **FAST}, now=NOW).finish()
    assert done.exit_code == 0
    return done.states[-1]


@pytest.fixture
def start(sandbox: Sandbox, launcher: Launcher, tmp_path: Path) -> Callable[..., Run]:
    """Run the tap with a file of these bytes for one of its options."""

    def started(option: str, content: bytes) -> Run:
        path = tmp_path / "input.json"
        path.write_bytes(content)
        given = {**sandbox.settings, **FAST}
        return launcher.launch(given, option, str(path), now=NOW).finish()

    return started


def _catalog_with(metadata: object) -> bytes:
    catalog = selecting("webinars")
    catalog["streams"][1]["metadata"].append(metadata)
    return json.dumps(catalog).encode()


def test_any_state_is_gone_on_with_or_refused(start: Callable[..., Run], state: Any) -> None:  # noqa: ANN401 - JSON
    @share()
    @given(content=bent(state))
    @example(content=b"")
    @example(content=b'{"bookmarks": {"registrants": {"webinars": {"1": {"count": 1e999}}}}}')
    def check(content: bytes) -> None:
        complaints("tap", start("--state", content))

    check()


def test_any_catalog_selects_or_is_refused(start: Callable[..., Run]) -> None:
    small = selecting("registrants")
    small["streams"] = [it for it in small["streams"] if it["tap_stream_id"] in {"registrants", "webinars"}]

    @share()
    @given(content=bent(small))
    @example(content=b'{"streams": [{"tap_stream_id": "webinars", "schema": {"properties": null}}]}')
    @example(content=b'{"streams": [{"tap_stream_id": "webinars", "schema": {"properties": {"webinarKey": {}}}}]}')
    @example(content=_catalog_with({"breadcrumb": [["properties"]], "metadata": {}}))
    @example(content=json.dumps(selecting("webinars")).replace('"tap_stream_id"', '"id"').encode())
    def check(content: bytes) -> None:
        complaints("tap", start("--catalog", content))

    check()


@pytest.mark.parametrize("program", ["tap", "target", "login"])
def test_any_settings_file_is_read_or_refused(
    launcher: Launcher, sandbox: Sandbox, tmp_path: Path, program: str
) -> None:
    whole: dict[str, Any] = {**sandbox.settings, **FAST, "client_secret": PLANTED, "user_agent": "x"}
    whole |= {"organizer_keys": ["1"], "start_date": NOW, "max_concurrency": 2, "max_calls": 20, "settle_days": 3}
    whole |= {"webinar_key": "1", "organizer_key": 2, "dry_run": True, "strict_fields": None, "request_timeout": 2}
    whole |= {"stream_maps": {"webinars": None, "people": None}}
    # What a changed one leads to is not ours to fuzz.
    fixed = {name: whole.pop(name) for name in ("api_url", "auth_url", "token_path")}
    path = tmp_path / "config.json"

    @share()
    @given(content=bent(whole))
    @example(content=b'{"stream_map_config": {"x": 1e9999999999999999999}}')
    def check(content: bytes) -> None:
        path.write_bytes(content)
        words = ["--check"] if program == "login" else []
        # Twice: what the second says goes before what the first says.
        given = {**sandbox.settings, **FAST, **fixed}
        complaints(program, launcher.launch(given, *words, "--config", str(path), program=program, now=NOW).finish())

    check()


def test_the_second_of_two_files_goes_before_the_first(launcher: Launcher, sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"dry_run": True, "on_rejection": "cry"}), encoding="utf-8")
    words = ("--config", str(path))
    done = launcher.launch({**sandbox.settings, "on_rejection": "fail"}, *words, program="target").finish()
    assert done.errors == ["on_rejection must be one of fail or continue: correct it"]

"""Any settings, state, catalog or environment: understood, or one clear line that holds no secret."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import example, given, settings

from gotowebinar_sandbox import Options, Sandbox
from tests.forkserver import Launcher
from tests.fuzz.strategies import bent
from tests.runs import FAST, Run
from tests.selection import selecting

NOW: Final = "2026-03-10T12:00:00Z"
SECRET: Final = "planted-secret-9f8e7d"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Options(seed=11, webinars=2, registrants=2, now=NOW)) as sandbox:
        yield sandbox


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


def assert_one_clear_line(done: Run) -> None:
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    assert SECRET not in done.stderr
    assert done.exit_code in {0, 1, 2}, done.stderr
    if done.exit_code == 1:
        assert done.errors
        assert all(len(line) < 1000 for line in done.errors)
    for message in done.messages:
        assert message["type"] in {"SCHEMA", "RECORD", "STATE"}


def test_any_state_is_gone_on_with_or_refused(start: Callable[..., Run], state: Any) -> None:  # noqa: ANN401 - JSON
    @settings(settings.get_profile("fuzz"))
    @given(content=bent(state))
    @example(content=b"")
    @example(content=b'{"bookmarks": {"registrants": {"webinars": {"1": {"count": 1e999}}}}}')
    def check(content: bytes) -> None:
        assert_one_clear_line(start("--state", content))

    check()


def test_any_catalog_selects_or_is_refused(start: Callable[..., Run]) -> None:
    small = selecting("registrants")
    small["streams"] = [it for it in small["streams"] if it["tap_stream_id"] in {"registrants", "webinars"}]

    @settings(settings.get_profile("fuzz"))
    @given(content=bent(small))
    @example(content=b'{"streams": [{"tap_stream_id": "webinars", "schema": {"properties": null}}]}')
    @example(content=b'{"streams": [{"tap_stream_id": "webinars", "schema": {"properties": {"webinarKey": {}}}}]}')
    @example(content=_catalog_with({"breadcrumb": [["properties"]], "metadata": {}}))
    @example(content=json.dumps(selecting("webinars")).replace('"tap_stream_id"', '"id"').encode())
    def check(content: bytes) -> None:
        assert_one_clear_line(start("--catalog", content))

    check()


def test_any_settings_file_is_read_or_refused(start: Callable[..., Run], sandbox: Sandbox) -> None:
    whole = {**sandbox.settings, **FAST, "organizer_keys": ["1"], "start_date": NOW, "stream_maps": {"webinars": None}}
    whole |= {"max_concurrency": 2, "max_calls": 20, "settle_days": 3, "user_agent": "x", "request_timeout": 2}

    # What a changed api_url leads to is not ours to fuzz.
    fixed = {name: whole.pop(name) for name in ("api_url", "auth_url", "token_path")}

    @settings(settings.get_profile("fuzz"))
    @given(content=bent({**whole, "client_secret": SECRET}))
    def check(content: bytes) -> None:
        try:
            value = json.loads(content)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            content = json.dumps({**value, **fixed}).encode()
        assert_one_clear_line(start("--config", content))

    check()

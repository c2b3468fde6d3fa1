"""The SDK's own suite: what every Singer tap has to be able to do."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from gotowebinar_sandbox import Options, Sandbox
from tap_gotowebinar.tap import TapGoToWebinar
from tests.runs import FAST, run_here
from tests.selection import selecting

CONFIG: dict[str, Any] = {"client_id": "late", "client_secret": "late", "refresh_token": "late", **FAST}
"""Filled in when the sandbox runs: the suite looks at the streams before that, which needs no connection."""


@pytest.fixture(scope="module", autouse=True)
def served() -> Iterator[None]:
    # A day on which every stream has something to tell.
    with Sandbox(Options(seed=7, webinars=5, registrants=10, now="2026-03-10T12:00:00Z")) as sandbox:
        CONFIG.update(sandbox.settings)
        yield


# Some fields are documented and not sent any more (webinars.status, for one): only a warning, which is right here.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Fields in transformed catalog but not in records"),
    pytest.mark.filterwarnings("ignore:No records were available to test"),
]

TestTapGoToWebinar = get_tap_test_class(
    TapGoToWebinar,
    config=CONFIG,
    # Not even by chance the credentials of whoever runs the tests.
    parse_env_config=False,
    # Two streams are off unless they are selected.
    catalog=selecting(*(stream.name for stream in TapGoToWebinar(config={}, validate_config=False).streams.values())),
    # Nobody has cancelled before the first run.
    suite_config=SuiteConfig(ignore_no_records_for_streams=["registrant_removals", "webinar_removals"]),
)
# Its dry run stops after a few records of each stream, and a STATE is printed at the end of a whole run: see below.
del TestTapGoToWebinar.test_tap_valid_final_state  # type: ignore[attr-defined]


def test_the_last_state_of_a_whole_run_is_valid() -> None:
    done = run_here(CONFIG)
    assert done.messages[-1]["type"] == "STATE"
    assert "progress_markers" not in json.dumps(done.states[-1])


def test_the_suite_tests_what_it_is_meant_to() -> None:
    tests = {name for name in vars(TestTapGoToWebinar) if name.startswith("test_")}
    assert {
        "test_tap_discovery",
        "test_tap_stream_connections",
        "test_tap_stream_record_matches_stream_schema",
    } <= tests
    assert len(tests) >= 12

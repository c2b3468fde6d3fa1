"""The SDK's own suite: what every Singer tap has to be able to do."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class
from singer_sdk.testing.suites import tap_stream_attribute_tests, tap_stream_tests, tap_tests

from gotowebinar_sandbox import Options, Sandbox
from tap_gotowebinar.tap import TapGoToWebinar
from tests.runs import FAST, run_here
from tests.schema_files import STREAM_SCHEMAS
from tests.selection import selecting

CONFIG: dict[str, Any] = {"client_id": "late", "client_secret": "late", "refresh_token": "late", **FAST}
"""Filled in when the sandbox runs: the suite looks at the streams before that, which needs no connection."""


@pytest.fixture(scope="module", autouse=True)
def served() -> Iterator[None]:
    # A day on which every stream has something to tell.
    with Sandbox(Options(seed=7, webinars=5, registrants=10, now="2026-03-10T12:00:00Z")) as sandbox:
        CONFIG.update(sandbox.settings)
        yield


NO_RECORDS = {
    "registrant_removals": "nobody has cancelled before the first run",
    "webinar_removals": "no webinar is missing before the second run",
}
"""Streams that may be empty, and why."""

WARNINGS = {
    "Fields in transformed catalog but not in records": "GoTo documents fields that it does not send",
    "No records were available to test": "of the streams that may be empty",
}
"""What the suite warns of, and why that is right."""

NOT_RUN = {
    "test_tap_valid_final_state": "the suite runs each stream alone, and a STATE comes at the end of a whole run",
    "test_tap_stream_attribute_is_numeric": "no column holds a number with a fraction",
}
"""What is not run, and why; the test below asks the first of a whole run."""

pytestmark = [pytest.mark.filterwarnings(f"ignore:{warning}") for warning in WARNINGS]

TestTapGoToWebinar = get_tap_test_class(
    TapGoToWebinar,
    config=CONFIG,
    # Not even by chance the credentials of whoever runs the tests.
    parse_env_config=False,
    # Two streams are off unless they are selected.
    catalog=selecting(*STREAM_SCHEMAS),
    suite_config=SuiteConfig(ignore_no_records_for_streams=list(NO_RECORDS)),
)
del TestTapGoToWebinar.test_tap_valid_final_state  # type: ignore[attr-defined]


def test_the_last_state_of_a_whole_run_is_valid() -> None:
    done = run_here(CONFIG)
    assert done.messages[-1]["type"] == "STATE"
    assert "progress_markers" not in json.dumps(done.states[-1])


def test_everything_else_of_the_suite_is_run() -> None:
    suites = (tap_tests, tap_stream_tests, tap_stream_attribute_tests)
    names = {f"test_{suite.kind}_{test.name}" for suite in suites for test in suite.tests}
    assert names - {name for name in vars(TestTapGoToWebinar) if name.startswith("test_")} == NOT_RUN.keys()

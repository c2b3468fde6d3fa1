"""The SDK's own suite: what every Singer target has to be able to do."""

from collections.abc import Iterator
from typing import Any

import pytest
from singer_sdk.testing import get_target_test_class
from singer_sdk.testing.suites import target_tests

from gotowebinar_sandbox import Options, Sandbox
from target_gotowebinar.target import TargetGoToWebinar
from tests.runs import FAST

CONFIG: dict[str, Any] = {"client_id": "late", "client_secret": "late", "refresh_token": "late", **FAST}
"""Filled in when the sandbox runs."""


@pytest.fixture(scope="module", autouse=True)
def served() -> Iterator[None]:
    with Sandbox(Options(seed=7, webinars=1, registrants=1)) as sandbox:
        CONFIG.update(sandbox.settings)
        yield


# None is left out. Their records are no people, so that each of them is rejected.
TestTargetGoToWebinar = get_target_test_class(TargetGoToWebinar, config=CONFIG, parse_env_config=False)


def test_the_whole_suite_is_run() -> None:
    names = {f"test_target_{test.name}" for test in target_tests.tests}
    assert names == {name for name in vars(TestTargetGoToWebinar) if name.startswith("test_")}

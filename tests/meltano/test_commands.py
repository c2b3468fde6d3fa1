"""What people do with Meltano beside running it, and what happens to a run that is killed."""

import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from demo.postgres import Postgres
from demo.project import MeltanoError, temporary_project
from gotowebinar_sandbox import Sandbox
from tests.meltano.loading import Loading, keys

pytestmark = [pytest.mark.external, pytest.mark.slow, pytest.mark.timeout(900)]


def test_the_login_is_a_command_of_the_plugin(loaded: Loading) -> None:
    said = loaded.project.meltano("invoke", "tap-gotowebinar:login", "--check")

    assert loaded.records("organizers")[0]["organizerKey"] in said


def test_meltano_tests_the_settings_of_an_account_without_webinars(
    loaded: Loading, make_sandbox: Callable[..., Sandbox]
) -> None:
    project = loaded.project_of(make_sandbox(webinars=0))

    assert "Plugin configuration is valid" in project.meltano("config", "test", "tap-gotowebinar")


def test_of_what_meltano_exports_only_a_misspelt_setting_is_warned_of(loaded: Loading, sandbox: Sandbox) -> None:
    project = loaded.project_of(sandbox)
    project.variables["TAP_GOTOWEBINAR_START_DAT"] = "2024-01-01"

    said = project.meltano("invoke", "tap-gotowebinar", "--test=schema")

    wrong = [line for line in said.splitlines() if "is not a setting" in line]
    assert len(wrong) == 1, said
    assert "TAP_GOTOWEBINAR_START_DAT is not a setting" in wrong[0]


def test_meltano_says_why_the_settings_do_not_work(loaded: Loading, sandbox: Sandbox) -> None:
    sandbox.control.revoke_refresh_token()
    project = loaded.project_of(sandbox)

    with pytest.raises(
        MeltanoError, match=r"Plugin configuration is invalid\s.*refresh_token is wrong, expired or used"
    ):
        project.meltano("config", "test", "tap-gotowebinar")


def test_a_run_that_is_handed_the_state_of_another_connection_changes_nothing(
    loaded: Loading, make_sandbox: Callable[..., Sandbox]
) -> None:
    """The page on many connections shows the command with which a change of the user is accepted."""
    state_id = re.findall(r"\S+:tap-gotowebinar-to-target-postgres", loaded.project.meltano("state", "list"))[0]
    before = state(loaded, state_id)
    other = loaded.project_of(make_sandbox(seed=12, webinars=2, registrants=2))
    with pytest.raises(MeltanoError, match="the state is that of another connection"):
        other.meltano("run", "tap-gotowebinar", "target-postgres")
    assert state(loaded, state_id) == before
    loaded.assert_loaded()

    loaded.project.meltano("state", "copy", "--force", state_id, "copied")
    loaded.project.meltano("state", "merge", "copied", '{"singer_state": {"origin": {"owner": null}}}')
    assert state(loaded, "copied") == before | {"origin": before["origin"] | {"owner": None}}


def state(loading: Loading, state_id: str) -> dict[str, Any]:
    printed = loading.project.meltano("state", "get", state_id)
    found: dict[str, Any] = json.loads(printed.splitlines()[-1])["singer_state"]
    return found


def test_a_failing_command_is_reported_with_what_it_printed(loaded: Loading) -> None:
    with pytest.raises(MeltanoError, match="no-such-job"):
        loaded.project.meltano("run", "no-such-job")


def test_a_killed_run_costs_nothing_but_time(
    make_sandbox: Callable[..., Sandbox], new_database: Callable[[], Postgres]
) -> None:
    sandbox, database = make_sandbox(seed=11, webinars=4, registrants=15, latency=0.05), new_database()
    with temporary_project({**sandbox.settings, "max_concurrency": 2}, database) as project:
        loading = Loading(sandbox, database, project)
        with killing_the_tap(after_details=20, of=sandbox), pytest.raises(MeltanoError):
            loading.run()
        sandbox.control.configure(latency=0)
        loading.run()
        loading.assert_loaded()

        # An upcoming webinar: what is over and quiet is not read by every run.
        upcoming = max(loading.records("webinars"), key=lambda row: str(row["times"][-1]["endTime"]))
        webinar = upcoming["webinarKey"]
        leaving = next(row for row in loading.records("registrants") if row["webinarKey"] == webinar)
        sandbox.control.add_registrants(webinar, people=[{"registrationDate": "2001-01-01T00:00:00Z"}])
        sandbox.control.cancel_registrant(*keys(leaving))
        loading.run()
        assert [keys(row) for row in loading.rows("registrant_removals")] == [keys(leaving)]
        loading.assert_loaded(gone=(leaving["registrantKey"],))


@contextlib.contextmanager
def killing_the_tap(*, after_details: int, of: Sandbox) -> Iterator[None]:
    """Kill the tap, and nothing else, when it has asked for so many registrants."""

    def details() -> int:
        return sum(re.search(r"/registrants/\d+$", call["path"]) is not None for call in of.control.calls())

    def kill() -> None:
        while details() < after_details:
            time.sleep(0.02)
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if any(part.endswith("/tap-gotowebinar") for part in process.cmdline()):
                    process.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield
    finally:
        killer.join()

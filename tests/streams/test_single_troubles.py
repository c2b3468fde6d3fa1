"""One thing that goes wrong is said, and the rest of the run goes on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gotowebinar_sandbox import Fault, Sandbox
from tests.forkserver import run_command
from tests.list_answers import hal
from tests.runs import FAST, run_here
from tests.selection import selecting

ME = "/Users/me|/rest/v1/me"


@pytest.mark.usefixtures("few_tries")
@pytest.mark.parametrize("status", [400, 503])
def test_configured_organizers_are_read_when_nobody_tells_whose_token_it_is(
    make_sandbox: Callable[..., Sandbox], status: int
) -> None:
    sandbox = make_sandbox(faults=(Fault(kind="status", status=status, path=ME),))
    (organizer,) = sandbox.control.expected_records()["organizers"]
    done = run_here({**sandbox.settings, **FAST, "organizer_keys": [organizer["organizerKey"]]})
    assert done.exit_code == 1
    assert len(done.records("registrants")) == 50
    assert [row["organizerKey"] for row in done.records("organizers")] == [organizer["organizerKey"]]


def test_an_organizer_that_the_account_does_not_know_is_named(
    make_sandbox: Callable[..., Sandbox], tmp_path: Path
) -> None:
    sandbox = make_sandbox(organizers=2)
    first, second = (row["organizerKey"] for row in sandbox.control.expected_records()["organizers"])
    account = sandbox.control.expected_records()["webinars"][0]["accountKey"]
    settings = {**sandbox.settings, **FAST, "account_key": account}
    done = run_command({**settings, "organizer_keys": ["999999"]}, tmp_path)
    assert done.exit_code == 1
    assert done.errors == ["no webinar in the account for 999999 of organizer_keys: a key may be wrong"]
    done = run_command({**settings, "organizer_keys": [first, "999999"]}, tmp_path)
    assert done.exit_code == 0
    assert "no webinar in the account for 999999" in done.stderr
    assert {row["organizerKey"] for row in done.records("organizers")} <= {first, second}


@pytest.mark.parametrize("told", ["zoe@example.org", "a/../../x?y=#", "", None, 12.5])
def test_an_organizer_key_that_is_none_never_becomes_part_of_a_path(
    make_sandbox: Callable[..., Sandbox], tmp_path: Path, told: object
) -> None:
    answer = hal("webinars", [{"webinarKey": "12", "organizerKey": told}])
    sandbox = make_sandbox(faults=(Fault(kind="json", path=r"/webinars$", value=answer),))
    own = sandbox.control.expected_records()["organizers"][0]["organizerKey"]
    done = run_command({**sandbox.settings, **FAST}, tmp_path)
    assert "zoe" not in done.stderr
    lists = [call["path"] for call in sandbox.control.calls() if "/webinars/12/registrants" in call["path"]]
    assert {path.split("/")[5] for path in lists} == {own}

    account = sandbox.control.expected_records()["webinars"][0]["accountKey"]
    sandbox.control.reset_calls()
    done = run_command({**sandbox.settings, **FAST, "account_key": account}, tmp_path)
    assert done.exit_code == 1
    assert "names no organizer" in done.errors[0]
    assert not [call for call in sandbox.control.calls() if "/webinars/12" in call["path"]]


@pytest.mark.usefixtures("few_tries")
def test_an_answer_about_somebody_else_is_not_taken(make_sandbox: Callable[..., Sandbox]) -> None:
    stranger = {"registrantKey": 999, "firstName": "Ada"}
    sandbox = make_sandbox(
        webinars=1, registrants=2, faults=(Fault(kind="json", path=r"/registrants/\d+$", value=stranger),)
    )
    done = run_here({**sandbox.settings, **FAST}, catalog=selecting("registrant_details"))
    assert (done.exit_code, done.records("registrant_details")) == (1, [])


def test_a_long_pause_is_asked_for_once_not_by_every_thread(make_sandbox: Callable[..., Sandbox]) -> None:
    later = Fault(kind="status", status=429, path="/registrants", retry_after=3600)
    sandbox = make_sandbox(webinars=60, registrants=2, faults=(later,))
    assert run_here({**sandbox.settings, **FAST}).exit_code == 1
    assert sum(call["status"] == 429 for call in sandbox.control.calls()) <= 20


def test_webinars_that_a_map_removes_with_all_streams_it_does_not_name_keep_their_registrants(
    settings: dict[str, Any],
) -> None:
    done = run_here({**settings, "stream_maps": {"registrants": {}, "__else__": None}})
    assert (done.exit_code, len(done.records("registrants")), len(done.of_type("RECORD"))) == (0, 50, 50)
    assert [message["stream"] for message in done.of_type("SCHEMA")] == ["registrants"]


@pytest.mark.parametrize("expression", ["int(firstName)", "nofunc(firstName)", "1 +"])
def test_a_stream_map_that_fails_is_a_line_that_holds_no_value(
    settings: dict[str, Any], tmp_path: Path, expression: str
) -> None:
    done = run_command({**settings, "stream_maps": {"registrants": {"x": expression}}}, tmp_path)
    assert done.exit_code == 1
    (line,) = done.errors
    assert line.startswith("stream_maps ")
    assert line.endswith(": correct it")
    assert "Traceback" not in done.stderr

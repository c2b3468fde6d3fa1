"""Only GoTo's own word is final: what a proxy says costs tries, never data."""

import functools
from collections.abc import Iterator
from typing import Any, Final

import pytest

from gotowebinar_sandbox import Fault, Options, Sandbox
from tests.incremental_runs import DETAILS, NOW, Runs, keys
from tests.tiers import slow

PAGE: Final = "<html><h1>Request blocked</h1></html>"
OTHER_JSON: Final = '{"fault": {"faultstring": "Policy"}}'
EVERYTHING: Final = (
    *("webinars", "webinar_details", "panelists", "registration_fields", "recordings"),
    *("registrants", "registrant_details", "sessions", "session_performance", "polls", "questions", "attendees"),
)
OPTIONS: Final = Options(seed=7, organizers=1, webinars=3, registrants=3, now=NOW)

pytestmark = pytest.mark.usefixtures("few_tries")


@pytest.fixture
def runs() -> Iterator[Runs]:
    with Sandbox(OPTIONS) as sandbox:
        yield Runs(sandbox)


def foreign(status: int, path: str, body: str = PAGE, **more: Any) -> Fault:  # noqa: ANN401 - those of a fault
    return Fault(kind="raw", status=status, value=body, path=path, **more)


@functools.cache
def all_records() -> dict[str, list[dict[str, Any]]]:
    """Return the records of a run in which nothing goes wrong."""
    with Sandbox(OPTIONS) as sandbox:
        done = Runs(sandbox).run(*EVERYTHING)
    return {stream: done.records(stream) for stream in EVERYTHING}


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("body", [PAGE, OTHER_JSON, "[]", "Forbidden"])
def test_a_refusal_that_goto_did_not_speak_is_asked_again(runs: Runs, status: int, body: str) -> None:
    runs.control.configure(faults=[foreign(status, "/webinars/", body, times=1)])
    assert runs.run("webinars", "webinar_details").exit_code == 0
    assert len(runs.calls("/webinars/")) == 1 + len(runs.webinars())


@pytest.mark.parametrize("on_forbidden", ["fail", *slow("skip")])
@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize(
    "path", ["/webinars/", "/registrants$", DETAILS, "/attendees", "/performance", "/polls", "/panelists", "/fields"]
)
def test_what_a_proxy_keeps_back_is_read_by_the_next_run(runs: Runs, path: str, status: int, on_forbidden: str) -> None:
    runs.control.configure(faults=[foreign(status, path)])
    first = runs.run(*EVERYTHING, on_forbidden=on_forbidden)
    assert first.exit_code == 1
    runs.control.configure(faults=[])
    second = runs.run(*EVERYTHING)
    assert second.exit_code == 0
    for stream, rows in all_records().items():
        found = [*first.records(stream), *second.records(stream)]
        assert {str(row) for row in found} >= {str(row) for row in rows}, stream


def test_an_empty_404_is_no_error_and_is_asked_again_by_the_next_run(runs: Runs) -> None:
    person = runs.people()[0]["registrantKey"]
    runs.control.configure(faults=[foreign(404, f"/{person}$", "")])
    first = runs.run("registrants", "registrant_details")
    assert first.exit_code == 0
    assert person not in keys(first, "registrant_details")
    assert len(runs.calls(f"/{person}$")) == 1
    runs.control.configure(faults=[])
    assert keys(runs.run("registrants", "registrant_details"), "registrant_details") == [person]


def test_a_404_of_goto_is_remembered(runs: Runs) -> None:
    person = runs.people()[0]["registrantKey"]
    runs.control.configure(faults=[Fault(kind="status", status=404, path=f"/{person}$")])
    assert runs.run("registrants", "registrant_details").exit_code == 0
    assert keys(runs.run("registrants", "registrant_details"), "registrant_details") == []
    assert runs.calls(f"/{person}$") == []


def test_a_token_endpoint_hidden_by_a_proxy_is_tried_again_and_named(
    runs: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    organizer_keys = [row["organizerKey"] for row in runs.control.expected_records()["organizers"]]
    runs.control.configure(faults=[foreign(403, "/oauth/token")])
    assert runs.run("webinars", organizer_keys=organizer_keys).exit_code == 1
    assert "answered 403; check auth_url" in caplog.text
    assert len(runs.calls("/oauth/token")) == 2
    runs.control.configure(faults=[foreign(404, "/oauth/token", '{"message": "This endpoint is no longer valid"}')])
    assert runs.run("webinars", organizer_keys=organizer_keys).exit_code == 1
    assert "(status 404, This endpoint is no longer valid): check auth_url" in caplog.text
    assert len(runs.calls("/oauth/token")) == 1

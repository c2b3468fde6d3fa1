"""The registrants of a webinar: one call for all streams, every person once, nobody lost to a cap or a bad answer."""

from collections.abc import Callable
from typing import Any

import pytest

from gotowebinar_sandbox import Fault, Sandbox
from tests.incremental_runs import keys
from tests.runs import FAST, Run, run_here
from tests.selection import selecting

LIST = "/registrants$"
LIST_TRIES = 2

pytestmark = pytest.mark.usefixtures("few_tries")


@pytest.fixture
def one_webinar(make_sandbox: Callable[..., Sandbox]) -> Callable[..., Sandbox]:
    """Start a sandbox with one webinar of so many registrants."""
    return lambda registrants, **options: make_sandbox(webinars=1, registrants=registrants, **options)


def run(sandbox: Sandbox, *streams: str, **changes: object) -> Run:
    return run_here({**sandbox.settings, **FAST, **changes}, catalog=selecting(*(streams or ("registrants",))))


def list_calls(sandbox: Sandbox) -> list[dict[str, str]]:
    """The queries of the calls to registrants lists."""
    return [call["query"] for call in sandbox.control.calls() if call["path"].endswith("/registrants")]


def all_keys(sandbox: Sandbox) -> list[str]:
    return [row["registrantKey"] for row in sandbox.control.expected_records()["registrants"]]


def person(key: int, **fields: object) -> dict[str, Any]:
    return {"registrantKey": key, "email": f"{key}@example.com", "registrationDate": "2026-02-20T08:15:30Z", **fields}


# One call


@pytest.mark.parametrize("streams", [("registrants", "registrant_details"), ("registrants",), ("registrant_details",)])
def test_the_list_is_asked_for_once_and_without_paging_whoever_reads_it(
    sandbox: Sandbox, streams: tuple[str, ...]
) -> None:
    done = run(sandbox, *streams)
    assert list_calls(sandbox) == [{}] * 5
    for stream in streams:
        assert sorted(keys(done, stream)) == sorted(all_keys(sandbox))


def test_a_refused_list_is_refused_to_both_streams_by_one_call(make_sandbox: Callable[..., Sandbox]) -> None:
    fault = Fault(kind="status", status=403, path=LIST, times=1)
    sandbox = make_sandbox(faults=(fault,))
    done = run(sandbox, "registrants", "registrant_details")
    assert done.exit_code == 1
    assert len(list_calls(sandbox)) == 5
    assert len({row["webinarKey"] for row in done.records("registrants")}) == len(
        {row["webinarKey"] for row in done.records("registrant_details")}
    )


def test_the_list_of_a_webinar_that_is_gone_is_empty(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(faults=(Fault(kind="status", status=404, path=LIST),))
    done = run(sandbox, "registrants", "registrant_details")
    assert done.exit_code == 0
    assert done.records("registrants") == done.records("registrant_details") == []


# The silent cap


@pytest.mark.parametrize("length", [0, 100, 199, 200, 201, 250, 300])
def test_a_list_of_any_length_is_believed_and_one_of_a_round_length_is_checked_from_200_on(
    one_webinar: Callable[..., Sandbox], length: int
) -> None:
    sandbox = one_webinar(length)
    done = run(sandbox)
    assert (done.exit_code, len(keys(done, "registrants"))) == (0, length)
    assert list_calls(sandbox) == [{}, *([{"page": "0", "limit": "1"}] if length in {200, 300} else [])]


@pytest.mark.parametrize(("cap", "length"), [(200, 201), (200, 650), (500, 501)])
def test_a_list_that_was_capped_silently_is_read_in_pages(
    one_webinar: Callable[..., Sandbox], cap: int, length: int
) -> None:
    sandbox = one_webinar(length, max_registrants_list=cap)
    done = run(sandbox)
    pages = -(-length // 200)
    assert sorted(keys(done, "registrants")) == sorted(all_keys(sandbox))
    assert len(all_keys(sandbox)) == length
    assert list_calls(sandbox) == [
        {},
        {"page": "0", "limit": "1"},
        *({"page": str(number), "limit": "200"} for number in range(pages)),
    ]


def test_a_server_that_knows_no_paging_is_believed(make_sandbox: Callable[..., Sandbox]) -> None:
    rows = [person(key) for key in range(1, 201)]
    sandbox = make_sandbox(webinars=1, faults=(Fault(kind="json", path=LIST, value=rows),))
    assert len(keys(run(sandbox), "registrants")) == 200
    assert len(list_calls(sandbox)) == 2


# When the whole list fails


@pytest.mark.parametrize("kind", ["status", "truncate", "html", "empty", "reset", "cut"])
def test_a_list_that_cannot_be_read_as_a_whole_is_read_in_pages(one_webinar: Callable[..., Sandbox], kind: str) -> None:
    fault = Fault(kind=kind, path=LIST, times=LIST_TRIES)  # type: ignore[arg-type]
    sandbox = one_webinar(450, faults=(fault,))
    done = run(sandbox)
    assert done.exit_code == 0
    assert sorted(keys(done, "registrants")) == sorted(all_keys(sandbox))
    assert list_calls(sandbox) == [{}, {}, *({"page": str(number), "limit": "200"} for number in range(3))]


def test_a_list_that_fails_in_pages_too_is_given_up_and_the_rest_is_read(
    make_sandbox: Callable[..., Sandbox], caplog: pytest.LogCaptureFixture
) -> None:
    sandbox = make_sandbox(faults=(Fault(kind="status", status=504, path=LIST, times=2 * LIST_TRIES),))
    done = run(sandbox, max_concurrency=1)
    assert done.exit_code == 1
    unread = next(call["path"].split("/")[-2] for call in sandbox.control.calls() if call["status"] == 504)
    people = [row for row in sandbox.control.expected_records()["registrants"] if row["webinarKey"] != unread]
    assert sorted(keys(done, "registrants")) == sorted(row["registrantKey"] for row in people)
    (error,) = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert "'registrants': 1 not read after several tries" in error
    assert unread in error


# Envelopes


def test_a_flat_answer_to_the_plain_question_is_taken_when_it_holds_everything(
    make_sandbox: Callable[..., Sandbox],
) -> None:
    body = {"data": [person(7), person(8)], "total": 2, "page": 0, "limit": 20, "pageSize": 2}
    sandbox = make_sandbox(webinars=1, faults=(Fault(kind="json", path=LIST, value=body),))
    assert keys(run(sandbox), "registrants") == ["7", "8"]
    assert list_calls(sandbox) == [{}]


def test_a_flat_answer_to_the_plain_question_is_paged_when_it_is_only_the_begin(
    make_sandbox: Callable[..., Sandbox],
) -> None:
    body = {"data": [person(7)], "total": 30, "page": 0, "limit": 1, "pageSize": 1}
    sandbox = make_sandbox(webinars=1, registrants=30, faults=(Fault(kind="json", path=LIST, value=body, times=1),))
    assert sorted(keys(run(sandbox), "registrants")) == sorted(all_keys(sandbox))
    assert list_calls(sandbox) == [{}, {"page": "0", "limit": "200"}]


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"data": [person(7)]},
        {"data": {"0": person(7)}, "total": 1},
        {"data": [], "total": 12, "page": 0, "limit": 200},
        {"errorCode": "Oops", "description": "of ada@example.com"},
        "text",
        None,
    ],
    ids=str,
)
def test_a_broken_answer_is_asked_for_again(make_sandbox: Callable[..., Sandbox], broken: object) -> None:
    fault = Fault(kind="json", path=LIST, value=broken, times=1)
    sandbox = make_sandbox(webinars=1, registrants=3, faults=(fault,))
    done = run(sandbox)
    assert done.exit_code == 0
    assert sorted(keys(done, "registrants")) == sorted(all_keys(sandbox))
    assert list_calls(sandbox) == [{}, {}]


def test_a_list_without_its_rows_is_never_taken_for_empty(
    make_sandbox: Callable[..., Sandbox], caplog: pytest.LogCaptureFixture
) -> None:
    sandbox = make_sandbox(webinars=1, faults=(Fault(kind="hidden", path=LIST),))
    done = run(sandbox)
    assert (done.exit_code, done.records("registrants"), done.states) == (1, [], [])
    assert "example" not in caplog.text


# Every person once


def test_a_person_that_is_twice_in_a_list_comes_once(make_sandbox: Callable[..., Sandbox]) -> None:
    rows = [person(7), person(8), person(7)]
    rows[2]["registrantKey"] = "7"
    sandbox = make_sandbox(webinars=1, faults=(Fault(kind="json", path=LIST, value=rows),))
    assert keys(run(sandbox), "registrants") == ["7", "8"]


def test_a_person_that_is_on_two_pages_comes_once(make_sandbox: Callable[..., Sandbox]) -> None:
    first, second, begin = (
        {"data": [person(key) for key in people], "total": 3, "page": page, "limit": 2, "pageSize": len(people)}
        for page, people in ((0, (7, 8)), (1, (8, 9)), (0, (7,)))
    )
    faults = tuple(Fault(kind="json", path=LIST, value=body, times=1) for body in (begin, first, second))
    sandbox = make_sandbox(webinars=1, faults=faults)
    done = run(sandbox)
    assert (done.exit_code, keys(done, "registrants")) == (0, ["7", "8", "9"])


def test_a_list_that_shrinks_while_it_is_paged_is_read_again(make_sandbox: Callable[..., Sandbox]) -> None:
    bodies = [
        {"data": [person(7)], "total": 3, "page": 0, "limit": 1},
        {"data": [person(7), person(8)], "total": 3, "page": 0, "limit": 2},
        {"data": [], "total": 2, "page": 1, "limit": 2},
        {"data": [person(8), person(9)], "total": 2, "page": 0, "limit": 2},
    ]
    faults = tuple(Fault(kind="json", path=LIST, value=body, times=1) for body in bodies)
    sandbox = make_sandbox(webinars=1, faults=faults)
    done = run(sandbox)
    assert (done.exit_code, keys(done, "registrants")) == (0, ["8", "9"])
    assert len(list_calls(sandbox)) == 4

"""How a run ends whose calls are under way, and what is said of people GoTo does not answer for."""

from __future__ import annotations

import functools
import io
import json
import re
import time
from typing import TYPE_CHECKING, Any

import pytest

from gotowebinar_sandbox import Fault
from tap_gotowebinar.api.client import ApiClient
from tap_gotowebinar.api.errors import GoToWebinarError
from tap_gotowebinar.singer.writer import MessageWriter
from target_gotowebinar.target import TargetGoToWebinar
from tests.talking import AT_ONCE, quick_budget
from tests.target.registering import ADA, GRACE, Message, Office, Spoken, lines, person, record, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

POST: dict[str, Any] = {"method": "POST", "path": "registrants"}
UNFIT: Message = schema("shoeSize")
"""What ends a run at once where `strict_fields` is set."""


class HastyTarget(TargetGoToWebinar):
    """A target that does not wait between tries."""

    @functools.cached_property
    def connection(self) -> ApiClient:
        whole = super().connection
        transport, authenticator = whole._transport, whole._authenticator
        return ApiClient(self.settings.connection.api_url, transport, authenticator, quick_budget(), waits=AT_ONCE)


def hasty(office: Office, **settings: object) -> tuple[HastyTarget, io.BytesIO]:
    output = io.BytesIO()
    return HastyTarget(config=office.config(**settings), message_writer=MessageWriter(output)), output


def ended_early(office: Office, people: list[Message], *, calls: int) -> Iterator[str]:
    """Yield messages, and one that ends the run as soon as so many calls are under way."""
    yield from lines([schema(), *people]).splitlines(keepends=True)
    until = time.monotonic() + 60
    while len(office.posts()) < calls:
        assert time.monotonic() < until
        time.sleep(0.005)
    yield lines([UNFIT])


def states(output: io.BytesIO) -> list[Any]:
    return [json.loads(line) for line in output.getvalue().splitlines()]


# The end comes early


def test_when_a_run_ends_early_who_is_under_way_is_answered_for_and_nobody_else_is_sent(
    make_office: Callable[..., Office],
) -> None:
    office = make_office(faults=(Fault(kind="slow", seconds=0.4, **POST),))
    target, output = hasty(office, strict_fields=True)
    people = [record(ADA), state(1), record(GRACE), state(2), record(person(1))]
    with pytest.raises(GoToWebinarError, match="fields that GoTo does not take"):
        target.run(Spoken(ended_early(office, people, calls=1)))
    assert [row["email"] for row in office.rows()] == [row["email"] for row in office.registered()] == [ADA["email"]]
    assert states(output) == [1]
    assert target.report.unsent == 2


def test_when_a_run_ends_early_nobody_is_waited_for_without_end(make_office: Callable[..., Office]) -> None:
    office = make_office(faults=(Fault(kind="slow", seconds=30, **POST),))
    target, output = hasty(office, strict_fields=True)
    people = [record(ADA), record(GRACE), state(1)]
    began = time.monotonic()
    with pytest.raises(GoToWebinarError, match="fields that GoTo does not take"):
        target.run(Spoken(ended_early(office, people, calls=1)))
    assert time.monotonic() - began < 15
    assert office.rows() == states(output) == []
    assert target.report.unsent == 2


def test_one_bad_answer_at_the_end_does_not_keep_the_others_from_being_answered_for(
    make_office: Callable[..., Office],
) -> None:
    office = make_office(latency=0.2)
    other = office.control.add_webinar()
    good = Fault(kind="slow", seconds=0.4, method="POST", path=f"{office.webinar}/registrants")
    bad = Fault(kind="redirect", status=302, value="/elsewhere", method="POST", path=f"{other}/registrants")
    office.control.configure(faults=(good, bad))
    target, _ = hasty(office, strict_fields=True)
    people = [record(ADA), record(GRACE, webinarKey=other)]
    with pytest.raises(GoToWebinarError):
        target.run(Spoken(ended_early(office, people, calls=2)))
    assert [row["email"] for row in office.rows()] == [ADA["email"]]


# People who are not answered for


@pytest.mark.parametrize("count", [4, 9])
def test_the_third_person_in_a_row_whom_goto_does_not_answer_for_ends_the_run(
    make_office: Callable[..., Office], count: int
) -> None:
    office = make_office(faults=(Fault(kind="status", status=503, skip=1, **POST),))
    target, output = hasty(office, max_concurrency=1)
    people = [record(person(number)) for number in range(count)]
    with pytest.raises(GoToWebinarError, match="GoTo does not answer, 3 times in a row; stopped"):
        target.run(io.StringIO(lines([schema(), people[0], state(1), *people[1:], state(9)])))
    outcomes = [row["outcome"] for row in office.rows()]
    assert outcomes[0] == "registered"
    assert outcomes[1:] == ["skipped"] * (len(outcomes) - 1)
    assert target.report.unanswered == len(outcomes) - 1
    assert len(outcomes) + target.report.unsent == len(people)
    assert states(output) == [1]


def test_two_in_a_row_and_then_an_answer_is_no_reason_to_stop(
    make_office: Callable[..., Office], caplog: pytest.LogCaptureFixture
) -> None:
    office = make_office()
    silent = [office.control.add_webinar() for _ in range(4)]
    office.control.configure(
        faults=tuple(Fault(kind="status", status=503, method="POST", path=f"{key}/registrants") for key in silent)
    )
    target, _ = hasty(office, max_concurrency=1)
    keys = [*silent[:2], office.webinar, *silent[2:], office.webinar]
    people = [record(person(number), webinarKey=key) for number, key in enumerate(keys)]
    assert target.run(io.StringIO(lines([schema(), *people]))) == 1
    assert [row["outcome"] for row in office.rows()] == [*["skipped", "skipped", "registered"] * 2]
    assert "not answered for after several tries: 4;" in caplog.text


@pytest.mark.parametrize("body", [{}, []])
def test_an_answer_of_success_that_names_nobody_is_told(make_office: Callable[..., Office], body: object) -> None:
    office = make_office(faults=(Fault(kind="json", value=body, **POST),))
    target, _ = hasty(office)
    assert target.run(io.StringIO(lines([schema(), record(ADA)]))) == 1
    (row,) = office.rows()
    assert row["outcome"] == "skipped"
    assert "the answer to a registration holds no registrantKey" in re.split(": |[()]", row["description"])


@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_a_proxy_that_says_no_again_and_again_rejects_nobody(make_office: Callable[..., Office], status: int) -> None:
    page = Fault(kind="raw", value="<html>Who are you?</html>", status=status, **POST)
    office = make_office(faults=(page,))
    people = [record(ADA), state(1), record(GRACE), state(2)]
    target, output = hasty(office)
    assert target.run(io.StringIO(lines([schema(), *people]))) == 1
    assert [row["outcome"] for row in office.rows()] == ["skipped", "skipped"]
    assert all(row["description"].endswith("check api_url, and any proxy on the way") for row in office.rows())
    assert states(output) == []
    office.control.configure(faults=())
    assert office.run(*people).outcomes == ["registered", "registered"]


@pytest.mark.parametrize("body", [{"registrantKey": 5}, {"errorCode": "DuplicateRegistrant"}])
def test_an_address_that_goto_knows_is_registered_already(make_office: Callable[..., Office], body: object) -> None:
    known = Fault(kind="raw", value=json.dumps(body), status=409, **POST)
    assert make_office(faults=(known,)).run(record(ADA)).outcomes == ["already_registered"]

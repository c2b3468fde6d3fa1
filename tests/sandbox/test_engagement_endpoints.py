"""The oddities of performance, polls, surveys and questions on the wire, and that their figures agree."""

from collections import Counter
from typing import Any

import pytest

from gotowebinar_sandbox import Control, Options, Sandbox

from .conftest import NOW, Caller
from .test_session_endpoints import attendees, moment, sessions

Row = dict[str, Any]


def of_session(api: Caller, session: Row, path: str) -> Any:  # noqa: ANN401 - JSON has no narrower type
    return api.get(api.webinar(session["webinarKey"], f"/sessions/{session['sessionKey']}{path}")).json()


def there(api: Caller, session: Row) -> list[Row]:
    return [row for row in attendees(api, session) if row["attendanceTimeInSeconds"]]


def given(api: Caller, session: Row, kind: str) -> list[Row]:
    """What all attendees of a session answered."""
    return [
        answer
        for who in attendees(api, session)
        for answer in of_session(api, session, f"/attendees/{who['registrantKey']}/{kind}")
    ]


@pytest.fixture
def quiet(control: Control) -> Row:
    """A session of three people who registered for a new webinar; nobody asks or answers but by control."""
    webinar = control.add_webinar()
    people = control.add_registrants(webinar, 3)
    session = control.hold_session(webinar, [])
    for who in people:
        control.attend(webinar, session, who)
    return {"webinarKey": webinar, "sessionKey": session, "people": people}


def test_a_session_says_how_many_polls_it_has_and_some_have_none(api: Caller) -> None:
    rows = sessions(api)
    assert [len(of_session(api, row, "/polls")) for row in rows] == [row["totalPollCount"] for row in rows]
    counts = Counter(row["totalPollCount"] for row in rows)
    assert counts[0]
    assert counts[1] + counts[2] == len(rows) - counts[0] > 0


@pytest.mark.parametrize("kind", ["polls", "surveys"])
def test_polls_and_surveys_are_what_the_attendees_answered(kind: str, api: Caller) -> None:
    for row in sessions(api):
        answers = given(api, row, kind)
        for question in {poll["question"] for poll in of_session(api, row, f"/{kind}")}:
            same = [poll for poll in of_session(api, row, f"/{kind}") if poll["question"] == question]
            texts = Counter(text for answer in answers if answer["question"] == question for text in answer["answers"])
            told = Counter[str]()
            for poll in same:
                for response in poll["responses"]:
                    told[response["text"]] += round(response["percentage"] * poll["numberOfResponses"] / 100)
            assert +told == texts
            assert sum(poll["numberOfResponses"] for poll in same) == sum(
                answer["question"] == question for answer in answers
            )


def test_two_polls_of_a_session_may_ask_the_same(control: Control) -> None:
    found = Counter((row["webinarKey"], row["sessionKey"], row["question"]) for row in control.truth("polls")["polls"])
    assert max(found.values()) > 1


def test_a_poll_of_several_answers_adds_up_to_more_than_everybody(control: Control) -> None:
    sums = [sum(response["percentage"] for response in row["responses"]) for row in control.truth("polls")["polls"]]
    assert max(sums) > 101


def test_questions_are_of_attendees_and_asked_during_the_session(api: Caller) -> None:
    for row in sessions(api):
        known = {str(who["registrantKey"]): who for who in there(api, row)}
        for asked in of_session(api, row, "/questions"):
            assert asked["askedBy"] == known[asked["askerKey"]]["email"]
            assert row["startTime"] <= asked["dateAsked"] <= row["endTime"]
            assert all(answer["answerTime"] > asked["dateAsked"] for answer in asked["answers"])


@pytest.fixture(scope="module")
def curious() -> list[Row]:
    """The questions of a world whose attendees all ask something."""
    with Sandbox(Options(seed=7, now=NOW, webinars=12, questions=1)) as sandbox:
        return sandbox.control.truth("questions")["questions"]


def test_some_questions_are_not_answered_and_some_twice(curious: list[Row]) -> None:
    assert {len(row["answers"]) for row in curious} == {0, 1, 2}


def test_someone_asks_the_same_twice_in_the_same_second(curious: list[Row]) -> None:
    found = Counter((row["sessionKey"], row["askerKey"], row["question"], row["dateAsked"]) for row in curious)
    assert max(found.values()) == 2


def test_performance_is_a_map_by_session_and_the_same_for_one_session(api: Caller) -> None:
    rows = sessions(api)
    for webinar in api.webinars():
        figures = api.get(api.webinar(webinar["webinarKey"], "/performance")).json()
        own = [row for row in rows if row["webinarKey"] == webinar["webinarKey"]]
        assert figures == {row["sessionKey"]: of_session(api, row, "/performance") for row in own}


def test_performance_agrees_with_the_lists(api: Caller) -> None:
    for row in sessions(api):
        figures = of_session(api, row, "/performance")
        present = there(api, row)
        seconds = [who["attendanceTimeInSeconds"] for who in present]
        attendance, engagement = figures["attendance"], figures["pollsAndSurveys"]
        assert attendance["registrantCount"] == row["registrantCount"]
        assert attendance["percentageAttendance"] == pytest.approx(
            100 * len(present) / max(1, row["registrantCount"]), abs=0.01
        )
        assert attendance["averageAttendanceTimeSeconds"] == pytest.approx(sum(seconds) / max(1, len(seconds)), abs=0.1)
        assert engagement["pollCount"] == row["totalPollCount"]
        assert engagement["questionsAsked"] == len(of_session(api, row, "/questions"))
        assert engagement["surveyCount"] == float(bool(of_session(api, row, "/surveys")))


def test_two_counts_of_performance_are_strings_and_one_is_a_float(api: Caller) -> None:
    row = next(row for row in sessions(api) if "numRegLinkClicks" in row and row["startTime"] > "2024")
    figures = of_session(api, row, "/performance")
    assert figures["sessionInfo"]["registrationLinkClickedCount"] == str(row["numRegLinkClicks"])
    assert figures["sessionInfo"]["registrationEmailOpenedCount"] == str(row["numOpenedInvitations"])
    assert isinstance(figures["pollsAndSurveys"]["surveyCount"], float)
    assert figures["sessionInfo"]["webinarId"] == row["webinarID"]


def test_the_performance_of_old_sessions_does_not_say_whose_it_is(api: Caller) -> None:
    told = {row["endTime"]: "sessionInfo" in of_session(api, row, "/performance") for row in sessions(api)}
    assert {there for end, there in told.items() if moment(end) < moment("2023-03-01T00:00:00Z")} == {False}
    assert {there for end, there in told.items() if moment(end) > moment("2023-04-01T00:00:00Z")} == {True}


def test_a_webinar_without_sessions_has_no_performance(api: Caller, control: Control) -> None:
    assert api.get(api.webinar(control.add_webinar(), "/performance")).json() == {}


@pytest.mark.parametrize("path", ["/polls", "/surveys"])
def test_who_did_not_attend_answers_404(path: str, api: Caller, quiet: Row, control: Control) -> None:
    [absent] = control.add_registrants(quiet["webinarKey"])
    where = f"/sessions/{quiet['sessionKey']}/attendees/{absent}{path}"
    assert api.get(api.webinar(quiet["webinarKey"], where)).status_code == 404


@pytest.mark.parametrize("kind", ["polls", "surveys"])
def test_a_poll_and_a_survey_are_answered_later(kind: str, api: Caller, quiet: Row, control: Control) -> None:
    where = (quiet["webinarKey"], quiet["sessionKey"])
    before = len(of_session(api, quiet, f"/{kind}"))
    add, answer = {
        "polls": (control.add_poll, control.answer_poll),
        "surveys": (control.add_survey_question, control.answer_survey),
    }[kind]
    add(*where, "Tea or coffee?", ["Tea", "Coffee"])
    [row] = of_session(api, quiet, f"/{kind}")[before:]
    nobody = [{"text": "Tea", "percentage": 0.0}, {"text": "Coffee", "percentage": 0.0}]
    assert row == {"question": "Tea or coffee?", "numberOfResponses": 0, "responses": nobody}
    answer(*where, quiet["people"][0], ["Tea"], before)
    answer(*where, quiet["people"][1], ["Coffee", "Cocoa"], before)
    [row] = of_session(api, quiet, f"/{kind}")[before:]
    assert row["numberOfResponses"] == 2
    assert [response["percentage"] for response in row["responses"]] == [50.0, 50.0, 50.0]
    [said] = of_session(api, quiet, f"/attendees/{quiet['people'][1]}/{kind}")[-1:]
    assert (said["question"], said["answers"], said["answer"]) == (
        "Tea or coffee?",
        ["Coffee", "Cocoa"],
        "Coffee, Cocoa",
    )


def test_a_question_is_asked_and_answered_later(api: Caller, quiet: Row, control: Control) -> None:
    where = (quiet["webinarKey"], quiet["sessionKey"])
    assert of_session(api, quiet, "/questions") == []
    for words in ("Why?", "Why?", "How?"):
        control.ask_question(*where, quiet["people"][0], words, dateAsked="2026-03-10T11:30:00Z")
    control.answer_question(*where, "Because.", 1)
    rows = of_session(api, quiet, "/questions")
    assert [(row["question"], row["dateAsked"]) for row in rows] == [
        (words, "2026-03-10T11:30:00Z") for words in ("Why?", "Why?", "How?")
    ]
    assert [[answer["answer"] for answer in row["answers"]] for row in rows] == [[], ["Because."], []]
    assert rows[1]["answers"][0]["answeredBy"] == api.organizer_key


def test_the_figures_of_a_session_change_later(api: Caller, quiet: Row, control: Control) -> None:
    control.follow_up(quiet["webinarKey"], quiet["sessionKey"], numRegLinkClicks=777)
    figures = of_session(api, quiet, "/performance")
    assert figures["sessionInfo"]["registrationLinkClickedCount"] == "777"

"""The formats of performance, polls, surveys and questions, and that their figures agree."""

from collections import Counter
from typing import Any

import pytest

from gotowebinar_sandbox import Control, Options, Sandbox

from .conftest import NOW, Caller
from .test_session_endpoints import attendees, sessions

Row = dict[str, Any]


def of_session(api: Caller, session: Row, path: str) -> Any:  # noqa: ANN401 - JSON has no narrower type
    return api.get(api.webinar(session["webinarKey"], f"/sessions/{session['sessionKey']}{path}")).json()


def present(api: Caller, session: Row) -> list[Row]:
    return [row for row in attendees(api, session) if row["attendanceTimeInSeconds"]]


def answers_of_all(api: Caller, session: Row, kind: str) -> list[Row]:
    return [
        answer
        for who in attendees(api, session)
        for answer in of_session(api, session, f"/attendees/{who['registrantKey']}/{kind}")
    ]


@pytest.fixture
def quiet(control: Control, webinar: str) -> Row:
    """A session of three people for a new webinar, without questions and answers."""
    people = control.add_registrants(webinar, 3)
    session = control.hold_session(webinar, [])
    for who in people:
        control.attend(webinar, session, who)
    return {"webinarKey": webinar, "sessionKey": session, "people": people}


@pytest.mark.parametrize("kind", ["polls", "surveys"])
def test_polls_and_surveys_are_the_sum_of_the_attendees_answers(kind: str, api: Caller) -> None:
    for row in sessions(api):
        answers, polls = answers_of_all(api, row, kind), of_session(api, row, f"/{kind}")
        for question in {poll["question"] for poll in polls}:
            same = [poll for poll in polls if poll["question"] == question]
            texts = Counter(text for answer in answers if answer["question"] == question for text in answer["answers"])
            counted = Counter[str]()
            for poll in same:
                for response in poll["responses"]:
                    counted[response["text"]] += round(response["percentage"] * poll["numberOfResponses"] / 100)
            assert +counted == texts
            given = sum(answer["question"] == question for answer in answers)
            assert sum(poll["numberOfResponses"] for poll in same) == given


def test_a_session_may_have_no_poll_the_same_one_twice_or_one_with_several_answers(
    api: Caller, control: Control
) -> None:
    rows, polls = sessions(api), control.expected_records("polls")["polls"]
    counts = [row["totalPollCount"] for row in rows]
    assert [len(of_session(api, row, "/polls")) for row in rows] == counts
    assert set(counts) == {0, 1, 2}
    asked = Counter((row["webinarKey"], row["sessionKey"], row["question"]) for row in polls)
    assert max(asked.values()) > 1
    assert max(sum(response["percentage"] for response in row["responses"]) for row in polls) > 101


def test_questions_are_of_attendees_and_asked_during_the_session(api: Caller) -> None:
    for row in sessions(api):
        known = {str(who["registrantKey"]): who for who in present(api, row)}
        for asked in of_session(api, row, "/questions"):
            assert asked["askedBy"] == known[asked["askerKey"]]["email"]
            assert row["startTime"] <= asked["dateAsked"] <= row["endTime"]
            assert all(answer["answerTime"] > asked["dateAsked"] for answer in asked["answers"])


def test_questions_have_up_to_two_answers_and_may_be_asked_twice_in_the_same_second() -> None:
    with Sandbox(Options(seed=7, now=NOW, webinars=12, questions=1)) as sandbox:
        rows = sandbox.control.expected_records("questions")["questions"]
    assert {len(row["answers"]) for row in rows} == {0, 1, 2}
    asked = Counter((row["sessionKey"], row["askerKey"], row["question"], row["dateAsked"]) for row in rows)
    assert max(asked.values()) == 2


def test_performance_is_a_map_by_session_and_agrees_with_the_lists(api: Caller, control: Control) -> None:
    rows = sessions(api)
    figures = {row["sessionKey"]: of_session(api, row, "/performance") for row in rows}
    for webinar in api.webinars():
        own = {row["sessionKey"] for row in rows if row["webinarKey"] == webinar["webinarKey"]}
        by_session = api.get(api.webinar(webinar["webinarKey"], "/performance")).json()
        assert by_session == {key: figures[key] for key in own}
    assert api.get(api.webinar(control.add_webinar(), "/performance")).json() == {}
    for row in rows:
        seconds = [who["attendanceTimeInSeconds"] for who in present(api, row)]
        attendance, engagement = (figures[row["sessionKey"]][name] for name in ("attendance", "pollsAndSurveys"))
        assert attendance["registrantCount"] == row["registrantCount"]
        share = 100 * len(seconds) / max(1, row["registrantCount"])
        assert attendance["percentageAttendance"] == pytest.approx(share, abs=0.01)
        assert attendance["averageAttendanceTimeSeconds"] == pytest.approx(sum(seconds) / max(1, len(seconds)), abs=0.1)
        assert engagement["pollCount"] == row["totalPollCount"]
        assert engagement["questionsAsked"] == len(of_session(api, row, "/questions"))
        assert engagement["surveyCount"] == float(bool(of_session(api, row, "/surveys")))


def test_two_counts_of_performance_are_strings_one_is_a_float_and_old_sessions_have_no_session_info(
    api: Caller, quiet: Row, control: Control
) -> None:
    row = next(row for row in sessions(api) if "numRegLinkClicks" in row and row["startTime"] > "2024")
    figures = of_session(api, row, "/performance")
    assert figures["sessionInfo"]["registrationLinkClickedCount"] == str(row["numRegLinkClicks"])
    assert figures["sessionInfo"]["registrationEmailOpenedCount"] == str(row["numOpenedInvitations"])
    assert isinstance(figures["pollsAndSurveys"]["surveyCount"], float)
    assert figures["sessionInfo"]["webinarId"] == row["webinarID"]
    info = {row["endTime"]: "sessionInfo" in of_session(api, row, "/performance") for row in sessions(api)}
    assert {there for end, there in info.items() if end < "2023-03-01"} == {False}
    assert {there for end, there in info.items() if end > "2023-04-01"} == {True}
    control.follow_up(quiet["webinarKey"], quiet["sessionKey"], numRegLinkClicks=777)
    assert of_session(api, quiet, "/performance")["sessionInfo"]["registrationLinkClickedCount"] == "777"


@pytest.mark.parametrize("path", ["/polls", "/surveys"])
def test_there_are_no_answers_of_an_absent_registrant(path: str, api: Caller, quiet: Row, control: Control) -> None:
    [absent] = control.add_registrants(quiet["webinarKey"])
    where = f"/sessions/{quiet['sessionKey']}/attendees/{absent}{path}"
    assert api.get(api.webinar(quiet["webinarKey"], where)).status_code == 404


def test_polls_are_added_and_answered(api: Caller, quiet: Row, control: Control) -> None:
    where = (quiet["webinarKey"], quiet["sessionKey"])
    before = len(of_session(api, quiet, "/polls"))
    control.add_poll(*where, "Tea or coffee?", ["Tea", "Coffee"])
    [row] = of_session(api, quiet, "/polls")[before:]
    nobody = [{"text": "Tea", "percentage": 0.0}, {"text": "Coffee", "percentage": 0.0}]
    assert row == {"question": "Tea or coffee?", "numberOfResponses": 0, "responses": nobody}
    control.answer_poll(*where, quiet["people"][0], ["Tea"], before)
    control.answer_poll(*where, quiet["people"][1], ["Coffee", "Cocoa"], before)
    [row] = of_session(api, quiet, "/polls")[before:]
    assert row["numberOfResponses"] == 2
    assert [response["percentage"] for response in row["responses"]] == [50.0, 50.0, 50.0]
    [answer] = of_session(api, quiet, f"/attendees/{quiet['people'][1]}/polls")[-1:]
    expected = {"question": "Tea or coffee?", "answers": ["Coffee", "Cocoa"], "answer": "Coffee, Cocoa"}
    assert expected.items() <= answer.items()


def test_questions_are_added(api: Caller, quiet: Row, control: Control) -> None:
    assert of_session(api, quiet, "/questions") == []
    for words in ("Why?", "Why?", "How?"):
        where = (quiet["webinarKey"], quiet["sessionKey"], quiet["people"][0])
        control.ask_question(*where, words, dateAsked="2026-03-10T11:30:00Z")
    rows = of_session(api, quiet, "/questions")
    assert [row["question"] for row in rows] == ["Why?", "Why?", "How?"]
    assert {row["dateAsked"] for row in rows} == {"2026-03-10T11:30:00Z"}

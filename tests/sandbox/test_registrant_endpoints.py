"""The oddities of registrants on the wire, and registering them."""

from typing import Any

import pytest
import requests

from gotowebinar_sandbox import Control

from .conftest import NOW, Caller

ADA = {"firstName": "Ada", "lastName": "Berg", "email": "ada.berg@example.com"}


@pytest.fixture
def webinar(control: Control) -> str:
    """The key of an empty webinar next week."""
    return control.add_webinar()


def test_without_page_and_limit_the_list_is_a_bare_array_of_everyone(api: Caller, busy: str) -> None:
    whole = api.registrants(busy)
    assert len(whole) > 20
    pages = [api.get(api.webinar(busy, "/registrants"), page=page, limit=7).json() for page in range(20)]
    assert [row for page in pages for row in page["data"]] == whole
    assert pages[1].keys() == {"data", "total", "page", "limit", "pageSize"}
    assert (pages[1]["total"], pages[1]["page"], pages[1]["limit"], pages[1]["pageSize"]) == (len(whole), 1, 7, 7)
    assert (pages[-1]["data"], pages[-1]["pageSize"]) == ([], 0)


def test_size_is_no_parameter_of_registrants(api: Caller, busy: str) -> None:
    assert isinstance(api.get(api.webinar(busy, "/registrants"), size=2).json(), list)


def test_an_empty_list_is_an_empty_array(api: Caller, webinar: str) -> None:
    assert api.registrants(webinar) == []
    page = api.get(api.webinar(webinar, "/registrants"), page=0, limit=10).json()
    assert page == {"data": [], "total": 0, "page": 0, "limit": 10, "pageSize": 0}


def test_the_bare_array_may_be_capped_silently_the_total_is_not(api: Caller, busy: str, control: Control) -> None:
    whole = len(api.registrants(busy))
    control.configure(max_registrants_list=10)
    assert len(api.registrants(busy)) == 10
    assert api.get(api.webinar(busy, "/registrants"), page=0, limit=1).json()["total"] == whole


def test_fields_is_not_taken_for_a_key(api: Caller, busy: str) -> None:
    assert api.get(api.webinar(busy, "/registrants/fields")).json().keys() == {"fields", "questions"}


def test_by_key_a_registrant_tells_more(api: Caller, busy: str) -> None:
    row = api.registrants(busy)[0]
    detailed = api.get(api.webinar(busy, f"/registrants/{row['registrantKey']}")).json()
    assert row.items() <= detailed.items()
    assert detailed.keys() - row.keys()


def test_responses_have_the_text_of_the_question(api: Caller, control: Control) -> None:
    answered = [row for row in control.truth()["registrants"] if row.get("responses")]
    owned = {row["webinarKey"] for row in api.webinars()}
    row = next(row for row in answered if row["webinarKey"] in owned)
    form = api.get(api.webinar(row["webinarKey"], "/registrants/fields")).json()
    assert {said["question"] for said in row["responses"]} <= {question["question"] for question in form["questions"]}
    assert row["responses"][0].keys() == {"question", "answer"}


def test_a_registration_is_in_the_list_and_by_key(api: Caller, webinar: str, control: Control) -> None:
    answer = api.register(webinar, **ADA, organization="Honey & Sons, Inc.")
    assert answer.status_code == 201
    created = answer.json()
    assert created.keys() == {"registrantKey", "joinUrl", "status", "asset"}
    [row] = api.registrants(webinar)
    assert row == {
        **ADA,
        "registrantKey": created["registrantKey"],
        "joinUrl": created["joinUrl"],
        "status": "APPROVED",
        "registrationDate": NOW,
        "timeZone": "Europe/Oslo",
    }
    detailed = api.get(api.webinar(webinar, f"/registrants/{created['registrantKey']}")).json()
    assert detailed == {**row, "organization": "Honey & Sons, Inc.", "type": "REGULAR"}
    assert control.state()["confirmations"] > 0


def test_the_vendor_type_takes_the_basic_fields_only(api: Caller, webinar: str) -> None:
    headers = {**api.session.headers, "Accept": "application/vnd.citrix.g2wapi-v1.1+json"}
    url = f"{api.sandbox.url}{api.webinar(webinar, '/registrants')}"
    created = requests.post(url, json={**ADA, "city": "Oslo"}, headers=headers, timeout=10).json()
    assert "city" not in api.get(api.webinar(webinar, f"/registrants/{created['registrantKey']}")).json()


def test_an_address_registered_already_answers_409_with_its_key(api: Caller, webinar: str, control: Control) -> None:
    created = api.register(webinar, **ADA).json()
    sent = control.state()["confirmations"]
    again = api.register(webinar, **{**ADA, "email": "ADA.Berg@example.com"})
    assert again.status_code == 409
    body = again.json()
    assert body["errorCode"] == "DuplicateRegistrant"
    assert (body["registrantKey"], body["joinUrl"]) == (created["registrantKey"], created["joinUrl"])
    assert len(api.registrants(webinar)) == 1
    assert control.state()["confirmations"] == sent


def test_a_repeated_registration_may_send_the_mail_again(api: Caller, webinar: str, control: Control) -> None:
    api.register(webinar, **ADA)
    sent = control.state()["confirmations"]
    url = f"{api.sandbox.url}{api.webinar(webinar, '/registrants')}?resendConfirmation=true"
    assert api.session.post(url, json=ADA, timeout=10).status_code == 409
    assert control.state()["confirmations"] == sent + 1
    mails = control.truth("confirmations")["confirmations"]
    assert mails[-2:] == [{"webinarKey": webinar, "email": ADA["email"]}] * 2
    assert api.session.post(url.replace("true", "perhaps"), json=ADA, timeout=10).status_code == 400


@pytest.mark.parametrize("name", ["firstName", "lastName", "email"])
@pytest.mark.parametrize("value", [None, "", "  ", 7])
def test_a_basic_field_is_required(name: str, value: object, api: Caller, webinar: str) -> None:
    answer = api.register(webinar, **{**ADA, name: value})
    assert answer.status_code == 400
    assert answer.json()["errorCode"] == "InvalidRequest"
    assert answer.json()["field"] == name


@pytest.mark.parametrize(
    "change",
    [{"email": "nobody"}, {"lastName": "x" * 129}, {"city": 7}, {"responses": [{"questionKey": 1}]}, {"responses": 3}],
)
def test_a_field_that_is_not_right_answers_400(change: dict[str, Any], api: Caller, webinar: str) -> None:
    answer = api.register(webinar, **{**ADA, **change})
    assert answer.status_code == 400
    assert answer.json()["field"] in change


@pytest.mark.parametrize("body", [b"{", b"[]", b"", b"\xff"])
def test_a_body_that_is_no_object_answers_400(body: bytes, api: Caller, webinar: str) -> None:
    url = f"{api.sandbox.url}{api.webinar(webinar, '/registrants')}"
    assert api.session.post(url, data=body, timeout=10).status_code == 400


def test_a_required_question_must_be_answered(api: Caller, control: Control) -> None:
    webinar = control.add_webinar(questions=["Why?"])
    form = api.get(api.webinar(webinar, "/registrants/fields")).json()
    question = next(question for question in form["questions"] if question["required"])
    assert api.register(webinar, **ADA).json()["field"] == "responses"
    unanswered = [{"questionKey": question["questionKey"]}]
    assert api.register(webinar, **ADA, responses=unanswered).status_code == 400
    answered = [{"questionKey": question["questionKey"], "responseText": "Bees."}]
    created = api.register(webinar, **ADA, responses=answered).json()
    detailed = api.get(api.webinar(webinar, f"/registrants/{created['registrantKey']}")).json()
    assert detailed["responses"] == [{"question": "Why?", "answer": "Bees."}]


def test_a_field_the_organizer_made_required_must_be_sent(api: Caller, control: Control) -> None:
    webinar = control.add_webinar(requiredFields=["organization"])
    assert api.register(webinar, **ADA).json()["field"] == "organization"
    assert api.register(webinar, **ADA, organization="Bees").status_code == 201


def test_a_choice_is_answered_by_its_key(api: Caller) -> None:
    for row in api.webinars():
        questions = api.get(api.webinar(row["webinarKey"], "/registrants/fields")).json()["questions"]
        for question in questions:
            if question["type"] == "multipleChoice":
                choice = question["answers"][1]
                said = [{"questionKey": question["questionKey"], "answerKey": choice["answerKey"]}]
                key = api.register(row["webinarKey"], **ADA, responses=said).json()["registrantKey"]
                detailed = api.get(api.webinar(row["webinarKey"], f"/registrants/{key}")).json()
                assert detailed["responses"] == [{"question": question["question"], "answer": choice["answer"]}]
                return
    pytest.fail("no webinar asks a multiple-choice question")


def test_manual_approval_lets_people_wait_without_a_link(api: Caller, control: Control) -> None:
    webinar = control.add_webinar(approvalType="MANUAL")
    created = api.register(webinar, **ADA).json()
    assert created["status"] == "WAITING"
    assert "joinUrl" not in created
    assert "joinUrl" not in api.register(webinar, **ADA).json()


def test_a_closed_webinar_takes_nobody_but_knows_who_is_registered(api: Caller, control: Control) -> None:
    webinar = control.add_webinar(registrationClosed=True)
    answer = api.register(webinar, **ADA)
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "RegistrationClosed")
    control.add_registrants(webinar, people=[{"email": ADA["email"]}])
    assert api.register(webinar, **ADA).status_code == 409


def test_a_full_webinar_takes_nobody(api: Caller, control: Control) -> None:
    webinar = control.add_webinar(registrationLimit=1)
    assert api.register(webinar, **ADA).status_code == 201
    answer = api.register(webinar, **{**ADA, "email": "grace@example.com"})
    assert (answer.status_code, answer.json()["errorCode"]) == (403, "WebinarFull")


def test_who_registers_after_the_end_is_late(api: Caller, webinar: str, control: Control) -> None:
    control.move_webinar(webinar, "2026-01-01T10:00:00Z")
    key = api.register(webinar, **ADA).json()["registrantKey"]
    assert api.get(api.webinar(webinar, f"/registrants/{key}")).json()["type"] == "LATE"

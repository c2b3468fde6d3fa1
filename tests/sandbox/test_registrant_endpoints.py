"""The formats of registrants, and registering them."""

from typing import Any

import pytest

from gotowebinar_sandbox import Control

from .conftest import NOW, Caller

ADA = {"firstName": "Ada", "lastName": "Berg", "email": "ada.berg@example.com"}


def page(api: Caller, webinar: str, **query: int) -> dict[str, Any]:
    body: dict[str, Any] = api.get(api.webinar(webinar, "/registrants"), **query).json()
    return body


def test_without_page_and_limit_the_list_is_an_array_of_everybody(api: Caller, busy: str) -> None:
    whole = api.registrants(busy)
    assert len(whole) > 20
    pages = [page(api, busy, page=number, limit=7) for number in range(20)]
    assert [row for body in pages for row in body.pop("data")] == whole
    assert pages[1] == {"total": len(whole), "page": 1, "limit": 7, "pageSize": 7}
    assert pages[-1]["pageSize"] == 0
    assert api.get(api.webinar(busy, "/registrants"), size=2).json() == whole, "size is not a parameter"


def test_an_empty_list_is_an_empty_array(api: Caller, webinar: str) -> None:
    assert api.registrants(webinar) == []
    assert page(api, webinar, page=0, limit=10) == {"data": [], "total": 0, "page": 0, "limit": 10, "pageSize": 0}


def test_the_array_may_be_cut_silently_the_total_is_not(api: Caller, busy: str, control: Control) -> None:
    whole = len(api.registrants(busy))
    control.configure(max_registrants_list=10)
    assert len(api.registrants(busy)) == 10
    assert page(api, busy, page=0, limit=1)["total"] == whole


def test_get_by_key_has_more_fields_and_responses_with_the_text_of_the_question(api: Caller, control: Control) -> None:
    owned = {row["webinarKey"] for row in api.webinars()}
    rows = (
        row for row in control.expected_records()["registrants"] if row.get("responses") and row["webinarKey"] in owned
    )
    expected = next(rows)
    webinar, key = expected["webinarKey"], expected["registrantKey"]
    listed = next(row for row in api.registrants(webinar) if str(row["registrantKey"]) == key)
    detailed = api.registrant(webinar, key)
    assert listed.items() <= detailed.items()
    form = api.registrant(webinar, "fields")
    assert form.keys() == {"fields", "questions"}
    assert {row["question"] for row in detailed["responses"]} <= {
        question["question"] for question in form["questions"]
    }
    assert detailed["responses"][0].keys() == {"question", "answer"}


def test_a_registration_is_in_the_list_and_by_key(api: Caller, webinar: str, control: Control) -> None:
    response = api.register(webinar, **ADA, organization="Honey & Sons, Inc.")
    assert response.status_code == 201
    created = response.json()
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
    detailed = api.registrant(webinar, created["registrantKey"])
    assert detailed == {**row, "organization": "Honey & Sons, Inc.", "type": "REGULAR"}
    assert control.state()["confirmations"] > 0


def test_the_vendor_type_takes_the_basic_fields_only(api: Caller, webinar: str) -> None:
    headers = {"Accept": "application/vnd.citrix.g2wapi-v1.1+json"}
    created = api.post_registrant(webinar, json={**ADA, "city": "Oslo"}, headers=headers).json()
    assert "city" not in api.registrant(webinar, created["registrantKey"])


def test_a_registered_address_gets_a_409_with_its_key_and_on_request_another_mail(
    api: Caller, webinar: str, control: Control
) -> None:
    created = api.register(webinar, **ADA).json()
    sent = control.state()["confirmations"]
    again = api.register(webinar, **{**ADA, "email": "ADA.Berg@example.com"})
    assert (again.status_code, again.json()["errorCode"]) == (409, "DuplicateRegistrant")
    assert all(again.json()[name] == created[name] for name in ("registrantKey", "joinUrl"))
    assert (len(api.registrants(webinar)), control.state()["confirmations"]) == (1, sent)
    resent, invalid = (
        api.post_registrant(webinar, json=ADA, params={"resendConfirmation": text}) for text in ("true", "perhaps")
    )
    assert (resent.status_code, invalid.status_code, control.state()["confirmations"]) == (409, 400, sent + 1)
    mails = control.expected_records("confirmations")["confirmations"]
    assert mails[-2:] == [{"webinarKey": webinar, "email": ADA["email"]}] * 2


@pytest.mark.parametrize(
    "change",
    [
        *({name: value} for name in ADA for value in (None, "", "  ", 7)),
        *({"email": "nobody"}, {"lastName": "x" * 129}, {"city": 7}),
        *({"responses": [{"questionKey": 1}]}, {"responses": 3}),
    ],
)
def test_an_invalid_field_gets_a_400_that_names_it(change: dict[str, Any], api: Caller, webinar: str) -> None:
    response = api.register(webinar, **{**ADA, **change})
    assert (response.status_code, response.json()["errorCode"]) == (400, "InvalidRequest")
    assert response.json()["field"] in change


@pytest.mark.parametrize("body", [b"{", b"[]", b"", b"\xff"])
def test_a_body_that_is_not_an_object_gets_a_400(body: bytes, api: Caller, webinar: str) -> None:
    assert api.post_registrant(webinar, data=body).status_code == 400


def test_a_choice_is_answered_by_its_key_and_not_by_nothing(api: Caller) -> None:
    webinar, question = next(
        (row["webinarKey"], question)
        for row in api.webinars()
        for question in api.registrant(row["webinarKey"], "fields")["questions"]
        if question["type"] == "multipleChoice"
    )
    choice = question["answers"][1]
    response = {"questionKey": question["questionKey"], "answerKey": choice["answerKey"]}
    without = {"questionKey": question["questionKey"]}
    assert api.register(webinar, **ADA, responses=[without]).json()["field"] == "responses"
    key = api.register(webinar, **ADA, responses=[response]).json()["registrantKey"]
    answer = {"question": question["question"], "answer": choice["answer"]}
    assert api.registrant(webinar, key)["responses"] == [answer]


def test_a_closed_or_full_webinar_rejects_new_people_only(api: Caller, control: Control) -> None:
    for fields, status, code in (
        ({"registrationClosed": True}, 400, "RegistrationClosed"),
        ({"registrationLimit": 1}, 403, "WebinarFull"),
    ):
        webinar = control.add_webinar(**fields)
        control.add_registrants(webinar, people=[{"email": ADA["email"]}])
        response = api.register(webinar, **{**ADA, "email": "grace@example.com"})
        assert (response.status_code, response.json()["errorCode"]) == (status, code)
        assert api.register(webinar, **ADA).status_code == 409


def test_a_registration_after_the_end_is_late(api: Caller, webinar: str, control: Control) -> None:
    control.move_webinar(webinar, "2026-01-01T10:00:00Z")
    key = api.register(webinar, **ADA).json()["registrantKey"]
    assert api.registrant(webinar, key)["type"] == "LATE"

"""Who is described by a record, and what of it is sent; what cannot be sent is in `test_registering.py`, too."""

from __future__ import annotations

from typing import Any

import pytest

from target_gotowebinar.payload import parse_registrant
from tests.target.registering import ADA


@pytest.mark.parametrize(("given", "key"), [("007", "7"), ("700", "700"), (7, "7"), ("0", "0"), ("00", "0")])
def test_a_key_is_the_same_with_zeros_before_it(given: object, key: str) -> None:
    person = parse_registrant({**ADA, "webinarKey": given, "organizerKey": given}, None, None)
    assert (person.webinar_key, person.organizer_key, person.problem) == (key, key, None)


@pytest.mark.parametrize("given", ["soon", "-3", "\N{SUPERSCRIPT TWO}", True])
def test_what_is_no_key_is_not_told_as_one(given: object) -> None:
    person = parse_registrant({**ADA, "webinarKey": given, "organizerKey": given}, "1", "2")
    assert (person.webinar_key, person.organizer_key) == (None, None)


@pytest.mark.parametrize("email", [7, ["ada.berg@example.com"]])
def test_what_is_no_address_is_not_told_as_one(email: object) -> None:
    assert parse_registrant({**ADA, "email": email}, "1", None).email is None


def test_keys_of_answers_are_sent_as_numbers_and_the_rest_as_texts() -> None:
    answers = [{"questionKey": "5", "answerKey": "8"}, {"questionKey": 6, "responseText": 7}]
    person = parse_registrant({**ADA, "zipCode": 150, "responses": answers}, "1", None)
    assert person.content == {
        **ADA,
        "zipCode": "150",
        "responses": [{"questionKey": 5, "answerKey": 8}, {"questionKey": 6, "responseText": "7"}],
    }


def test_problems_come_in_the_order_of_the_fields_of_the_schema() -> None:
    record: dict[str, Any] = {"webinarKey": "soon", "email": "ada", "firstName": "Ada", "lastName": 7, "city": True}
    assert parse_registrant(record, None, None).problem == (
        "webinarKey is not a key: keys are whole numbers of up to 19 digits; email is not an e-mail address; "
        "lastName must be text; city must be text"
    )


def test_responses_nested_too_deep_to_be_read_are_no_list() -> None:
    assert parse_registrant({**ADA, "responses": "[" * 100_000}, "1", None).problem == "responses must be a list"


@pytest.mark.parametrize("key", [0, "0", " 00 "])
def test_the_placeholder_of_gotos_own_example_answers_nothing(key: object) -> None:
    placeholder = {"questionKey": key, "responseText": "string", "answerKey": 0}
    answers = [placeholder, {"questionKey": 6, "responseText": "Bees."}]
    assert parse_registrant({**ADA, "responses": answers}, "1", None).content["responses"] == answers[1:]
    assert parse_registrant({**ADA, "responses": [placeholder]}, "1", None).content == ADA

"""The person in a record, what of it is sent, and why it cannot be sent: the reasons contain no values."""

from typing import Any

import pytest

from target_gotowebinar.payload import parse_registrant
from tests.target.registering import ADA, TargetHarness, record

NO_KEY = "is not a key: keys are whole numbers of up to 19 digits"
FRACTION = "is a number with a fraction or an exponent: send it as text"

BAD_RECORDS: list[tuple[dict[str, Any], str]] = [
    ({"email": None}, "email is missing"),
    ({"email": "  "}, "email is missing"),
    ({"email": "ada"}, "email is not an e-mail address"),
    ({"email": "ada berg@example.com"}, "email is not an e-mail address"),
    ({"email": 7}, "email must be text"),
    ({"email": ["ada.berg@example.com"]}, "email must be text"),
    ({"firstName": None, "lastName": ""}, "firstName is missing; lastName is missing"),
    ({"city": True}, "city must be text"),
    ({"city": {"name": "Oslo"}}, "city must be text"),
    ({"city": 1.5}, f"city {FRACTION}"),
    ({"webinarKey": "next week"}, f"webinarKey {NO_KEY}"),
    ({"webinarKey": -3}, f"webinarKey {NO_KEY}"),
    ({"webinarKey": "1" * 20}, f"webinarKey {NO_KEY}"),
    ({"webinarKey": 10**19}, f"webinarKey {NO_KEY}"),
    ({"webinarKey": "1" * 5000}, f"webinarKey {NO_KEY}"),
    ({"webinarKey": 8.1e18}, f"webinarKey {FRACTION}"),
    ({"webinarKey": True}, "webinarKey must be text"),
    ({"organizerKey": "me"}, f"organizerKey {NO_KEY}"),
    ({"responses": "yes"}, "responses must be a list"),
    ({"responses": "[" * 100_000}, "responses must be a list"),
    ({"responses": {"questionKey": 1}}, "responses must be a list"),
    ({"responses": ["yes"]}, "responses[0] must be an object"),
    ({"responses": ["yes"] * 20}, "; ".join(f"responses[{number}] must be an object" for number in range(20))),
    (
        {"responses": ["yes"] * 100_000},
        "; ".join([*(f"responses[{number}] must be an object" for number in range(20)), "and more"]),
    ),
    ({"responses": [{"responseText": "yes"}]}, "responses[0].questionKey is missing"),
    ({"responses": [{"questionKey": "one", "responseText": "yes"}]}, f"responses[0].questionKey {NO_KEY}"),
    ({"responses": [{"questionKey": 1.5, "responseText": "yes"}]}, f"responses[0].questionKey {FRACTION}"),
    (
        {"city": True, "lastName": 7, "email": "ada", "webinarKey": "soon"},
        f"webinarKey {NO_KEY}; email is not an e-mail address; lastName must be text; city must be text",
    ),
]


def test_a_record_that_cannot_be_sent_is_rejected_for_a_reason_without_values(shared: TargetHarness) -> None:
    done = shared.run(*(record({**ADA, **change}) for change, _ in BAD_RECORDS))
    assert [row["description"] for row in done.rows] == [reason for _, reason in BAD_RECORDS]
    assert {*done.outcomes} == {"rejected"}
    assert (done.exit_code, shared.posts()) == (1, [])


@pytest.mark.parametrize(
    ("given", "key"),
    [
        *(("007", "7"), ("700", "700"), (7, "7"), ("0", "0"), ("00", "0")),
        *((wrong, None) for wrong in ("soon", "-3", "\N{SUPERSCRIPT TWO}", True)),
    ],
)
def test_a_key_has_no_leading_zeros_and_other_values_are_no_key(given: object, key: str | None) -> None:
    person = parse_registrant({**ADA, "webinarKey": given, "organizerKey": given, "email": [given]}, "1", "2")
    assert (person.webinar_key, person.organizer_key, person.email) == (key, key, None)


def test_keys_of_answers_are_sent_as_numbers_and_the_rest_as_texts() -> None:
    answers = [{"questionKey": "5", "answerKey": "8"}, {"questionKey": 6, "responseText": 7}]
    person = parse_registrant({**ADA, "zipCode": 150, "responses": answers}, "1", None)
    assert person.content == {
        **ADA,
        "zipCode": "150",
        "responses": [{"questionKey": 5, "answerKey": 8}, {"questionKey": 6, "responseText": "7"}],
    }


@pytest.mark.parametrize("key", [0, "0", " 00 "])
def test_the_placeholder_of_gotos_own_example_answers_nothing(key: object) -> None:
    placeholder = {"questionKey": key, "responseText": "string", "answerKey": 0}
    answers = [placeholder, {"questionKey": 6, "responseText": "Bees."}]
    assert parse_registrant({**ADA, "responses": answers}, "1", None).content["responses"] == answers[1:]
    assert parse_registrant({**ADA, "responses": [placeholder]}, "1", None).content == ADA

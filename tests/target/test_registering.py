"""People in, registrations out: each record ends in one clear way."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from gotowebinar_sandbox import Fault, Options, Sandbox
from tap_gotowebinar.api.errors import AuthenticationError, GoToWebinarError, UnexpectedStatusError
from tap_gotowebinar.api.redaction import MAX_NAMES
from target_gotowebinar.report import MAX_REASONS, MAX_SHOWN_REASONS
from tests.schema_files import TARGET_SCHEMAS
from tests.talking import talk
from tests.target.registering import ADA, GRACE, Office, lines, person, record, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ROWS = Draft202012Validator(TARGET_SCHEMAS["registration_result"])


@pytest.fixture(autouse=True)
def _everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")


def test_a_person_is_registered_and_the_row_says_so(office: Office) -> None:
    done = office.run(record(ADA))
    (registrant,) = office.registered()
    assert done.exit_code == 0
    assert done.row == {
        "email": ADA["email"],
        "webinarKey": office.webinar,
        "outcome": "registered",
        "registrantKey": registrant["registrantKey"],
        "joinUrl": registrant["joinUrl"],
        "status": "APPROVED",
        "description": None,
    }


def test_everything_that_goto_takes_arrives(office: Office) -> None:
    office.webinar = office.control.add_webinar(questions=["Why?"])
    organizer = office.control.truth()["organizers"][0]["organizerKey"]
    (question,) = _questions(office, organizer)
    told: dict[str, Any] = {
        "city": " Oslo ",
        "zipCode": 150,
        "organization": "Honey & Sons",
        "country": None,
        "state": "",
    }
    answers = [{"questionKey": str(question), "responseText": "Bees.", "answerKey": None}, {"questionKey": "4"}]
    done = office.run(record(ADA, webinarKey=office.webinar, responses=answers, **told), webinar_key=None)
    assert done.outcomes == ["registered"]
    (registrant,) = office.registered()
    assert {name: registrant.get(name) for name in told} == {
        "city": "Oslo",
        "zipCode": "150",
        "organization": "Honey & Sons",
        "country": None,
        "state": None,
    }
    assert registrant["responses"] == [{"question": "Why?", "answer": "Bees."}]


def test_responses_may_come_as_json_in_a_text(office: Office) -> None:
    office.webinar = office.control.add_webinar(questions=["Why?"])
    (question,) = _questions(office, office.control.truth()["organizers"][0]["organizerKey"])
    answers = json.dumps([{"questionKey": question, "responseText": "Bees."}])
    assert office.run(record(ADA, webinarKey=office.webinar, responses=answers)).outcomes == ["registered"]


def _questions(office: Office, organizer: str) -> list[int]:
    path = f"/G2W/rest/v2/organizers/{organizer}/webinars/{office.webinar}/registrants/fields"
    with talk(office.sandbox) as talking:
        return [question["questionKey"] for question in talking.get(path)["questions"] if question["required"]]


@pytest.mark.parametrize("kind", [str, int])
def test_keys_may_be_texts_or_numbers(office: Office, kind: Callable[[str], Any]) -> None:
    organizer = office.control.truth()["organizers"][0]["organizerKey"]
    keys = {"webinarKey": kind(office.webinar), "organizerKey": kind(organizer)}
    assert office.run(record(ADA, **keys), webinar_key=None).row["webinarKey"] == office.webinar
    assert len(office.registered()) == 1
    # Nobody had to be asked whose token it is.
    assert {call["path"].split("/")[1] for call in office.control.calls()} == {"oauth", "G2W"}


@pytest.mark.parametrize("kind", [str, int])
def test_keys_of_settings_are_for_records_without_their_own(office: Office, kind: Callable[[str], Any]) -> None:
    other = office.control.add_webinar()
    organizer = office.control.truth()["organizers"][0]["organizerKey"]
    settings = {"webinar_key": kind(office.webinar), "organizer_key": kind(organizer)}
    office.run(record(ADA), record(GRACE, webinarKey=other), **settings)
    assert [row["email"] for row in office.registered()] == [ADA["email"]]
    assert [row["email"] for row in office.registered(other)] == [GRACE["email"]]


def test_the_organizer_of_the_token_is_looked_up_once(office: Office) -> None:
    office.run(*(record(person(number)) for number in range(5)))
    assert sum("identity" in call["path"] for call in office.control.calls()) == 1


def test_a_token_that_tells_nothing_needs_the_setting(make_office: Callable[..., Office]) -> None:
    office = make_office(identity="forbidden", admin="narrow")
    with pytest.raises(GoToWebinarError, match="set organizer_key, or give the OAuth client the scope"):
        office.run(record(ADA))
    organizer = office.control.truth()["organizers"][0]["organizerKey"]
    assert office.run(record(ADA), organizer_key=organizer).outcomes == ["registered"]


def test_fields_are_renamed_by_stream_maps(office: Office) -> None:
    maps = {"people": {"email": "mail", "firstName": "given", "lastName": "family.upper()", "mail": "__NULL__"}}
    row = {"mail": ADA["email"], "given": "Ada", "family": "Berg"}
    done = office.run(schema("mail", "given", "family"), record(row), stream_maps=maps)
    assert done.outcomes == ["registered"]
    assert office.registered()[0]["lastName"] == "BERG"


def test_who_is_registered_already_is_no_error(office: Office) -> None:
    office.run(record(ADA))
    done = office.run(record(ADA, email="ADA.Berg@example.com"))
    (registrant,) = office.registered()
    assert done.exit_code == 0
    assert done.row["outcome"] == "already_registered"
    assert (done.row["registrantKey"], done.row["joinUrl"]) == (registrant["registrantKey"], registrant["joinUrl"])
    assert done.row["description"] == "DuplicateRegistrant: The user is already registered for this webinar."


def test_who_has_to_wait_for_approval_is_registered_without_a_link(make_office: Callable[..., Office]) -> None:
    row = make_office(webinar={"approvalType": "MANUAL"}).run(record(ADA)).row
    assert (row["outcome"], row["status"], row["joinUrl"]) == ("registered", "WAITING", None)


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
    ({"city": 1.5}, "city is a number with a fraction or an exponent: send it as text"),
    ({"webinarKey": "next week"}, "webinarKey is not a key: keys are whole numbers of up to 19 digits"),
    ({"webinarKey": -3}, "webinarKey is not a key: keys are whole numbers of up to 19 digits"),
    ({"webinarKey": "1" * 20}, "webinarKey is not a key: keys are whole numbers of up to 19 digits"),
    ({"webinarKey": "1" * 5000}, "webinarKey is not a key: keys are whole numbers of up to 19 digits"),
    ({"webinarKey": 8.1e18}, "webinarKey is a number with a fraction or an exponent: send it as text"),
    ({"webinarKey": True}, "webinarKey must be text"),
    ({"organizerKey": "me"}, "organizerKey is not a key: keys are whole numbers of up to 19 digits"),
    ({"responses": "yes"}, "responses must be a list"),
    ({"responses": {"questionKey": 1}}, "responses must be a list"),
    ({"responses": ["yes"]}, "responses[0] must be an object"),
    (
        {"responses": ["yes"] * 100_000},
        "; ".join([*(f"responses[{number}] must be an object" for number in range(20)), "and more"]),
    ),
    ({"responses": [{"responseText": "yes"}]}, "responses[0].questionKey is missing"),
    (
        {"responses": [{"questionKey": "one", "responseText": "yes"}]},
        "responses[0].questionKey is not a key: keys are whole numbers of up to 19 digits",
    ),
    (
        {"responses": [{"questionKey": 1.5, "responseText": "yes"}]},
        "responses[0].questionKey is a number with a fraction or an exponent: send it as text",
    ),
]


@pytest.mark.parametrize(("change", "reason"), BAD_RECORDS, ids=lambda value: str(value)[:40])
def test_a_record_that_cannot_be_sent_is_rejected_for_a_reason_without_values(
    shared: Office, change: dict[str, Any], reason: str
) -> None:
    done = shared.run(record({**ADA, **change}))
    assert done.exit_code == 1
    assert (done.row["outcome"], done.row["description"]) == ("rejected", reason)
    assert shared.posts() == []


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with Sandbox(Options(seed=7, webinars=1, registrants=1)) as sandbox:
        yield Office(sandbox, tmp_path_factory.mktemp("office"))


def test_without_a_webinar_anywhere_nobody_is_sent(office: Office) -> None:
    done = office.run(record(ADA), webinar_key=None)
    assert done.row["description"] == "webinarKey is missing, and so is the setting webinar_key"


@pytest.mark.parametrize(
    ("webinar", "reason"),
    [
        ({"registrationClosed": True}, "RegistrationClosed: Registration for this webinar is closed."),
        ({"registrationLimit": 0}, "WebinarFull: This webinar is full."),
        ({"requiredFields": ["jobTitle"]}, "InvalidRequest: jobTitle is required."),
        ({"questions": ["Why?"]}, "InvalidRequest: An answer to question <number> is required. (field responses)"),
    ],
)
def test_what_goto_rejects_is_rejected_with_its_own_reason(
    make_office: Callable[..., Office], webinar: dict[str, Any], reason: str
) -> None:
    done = make_office(webinar=webinar).run(record(ADA))
    assert done.exit_code == 1
    assert (done.row["outcome"], done.row["description"]) == ("rejected", reason)


def test_a_webinar_that_is_not_there_is_asked_for_once(office: Office) -> None:
    done = office.run(*(record(person(number), webinarKey=17) for number in range(10)), record(ADA))
    assert done.outcomes.count("rejected") == 10
    assert {row["description"] for row in done.rows if row["outcome"] == "rejected"} == {
        "NoSuchWebinar: No webinar found for the webinar key 17."
    }
    assert sum("/webinars/17/" in call["path"] for call in office.posts()) == 1


def test_a_webinar_of_somebody_else_is_refused(office: Office) -> None:
    done = office.run(record(ADA, organizerKey=17))
    assert done.row["description"] == "AccessDenied: The user is not authorized to access this resource."


@pytest.mark.parametrize("status", [405, 422])
def test_another_refusal_rejects_with_its_status(make_office: Callable[..., Office], status: int) -> None:
    office = make_office(faults=(Fault(kind="status", status=status, path="registrants"),))
    row = office.run(record(ADA)).row
    assert row["outcome"] == "rejected"
    assert row["description"] == "PlantedError: Refused for <e-mail> see <url>"


def test_a_redirect_ends_the_run(make_office: Callable[..., Office]) -> None:
    redirect = Fault(kind="redirect", status=302, value="https://example.com/", path="registrants")
    with pytest.raises(UnexpectedStatusError, match=r"to \S+/registrants: status 302, a redirect.*: check api_url"):
        make_office(faults=(redirect,)).run(record(ADA))


def test_credentials_that_do_not_work_end_the_run_before_anybody_is_sent(office: Office) -> None:
    with pytest.raises(AuthenticationError, match="client_id and client_secret are not those"):
        office.run(record(ADA), state(1), client_secret="wrong")
    assert office.rows() == []


def test_rejections_may_be_accepted(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    line = (
        "rejected: 1, because of: email is missing; firstName is missing; lastName is missing; correct the records "
        "(results_path tells which), or set on_rejection to continue"
    )
    assert office.run(record({}), record(ADA), on_rejection="continue").exit_code == 0
    assert line not in caplog.messages
    assert office.run(record({}), on_rejection="fail").exit_code == 1
    assert caplog.messages[-1] == line


def test_the_last_line_is_the_reason_of_most_rejections(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    office.run(record({"email": "nobody"}), *(record({**ADA, "firstName": ""}) for _ in range(2)))
    assert caplog.messages[-1].startswith("rejected: 3, most often because of: firstName is missing; correct the")


@pytest.mark.parametrize(
    ("settings", "text", "reason"),
    [
        ({"client_secret": "mistyped"}, lines([schema(), record(ADA)]), "client_id and client_secret are not those of"),
        ({"strict_fields": True}, lines([schema("shoe")]), "drop or rename them with stream_maps, or leave"),
        ({}, "{", "nothing from there on was registered"),
        ({}, lines([schema(), record({})]), "email is missing; firstName is missing"),
        ({"webinar_key": "x"}, "", "webinar_key is not a key: keys are whole numbers of up to 19 digits"),
    ],
    ids=["secret", "fields", "input", "rejected", "setting"],
)
def test_whatever_fails_the_reason_is_the_last_line(
    office: Office, tmp_path: Path, settings: dict[str, Any], text: str, reason: str
) -> None:
    done = office.run_command(text, tmp_path, **settings)
    assert done.exit_code == 1
    assert reason in done.stderr.splitlines()[-1]


def test_a_refresh_token_that_cannot_be_stored_fails_the_run(
    make_office: Callable[..., Office], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "tokens.json"
    done = make_office(rotate_refresh_tokens=True).run(record(ADA), token_path=str(path))
    assert (done.exit_code, done.outcomes) == (1, ["registered"])
    assert sum("the new one cannot be stored in" in message for message in caplog.messages) == 2


def test_a_deleted_row_registers_nobody(office: Office) -> None:
    done = office.run(record(ADA, _sdc_deleted_at="2026-01-01T00:00:00Z"), record(GRACE, _sdc_deleted_at=None))
    assert [(row["email"], row["outcome"], row["description"]) for row in done.rows] == [
        (ADA["email"], "skipped", "the row was deleted where it came from"),
        (GRACE["email"], "registered", None),
    ]
    assert done.exit_code == 0
    assert [row["email"] for row in office.registered()] == [GRACE["email"]]


def test_a_deleted_row_is_known_even_when_stream_maps_leave_the_mark_out(office: Office) -> None:
    maps = {"people": {**{name: name for name in ADA}, "__else__": None}}
    done = office.run(record(ADA, _sdc_deleted_at="2026-01-01T00:00:00Z"), stream_maps=maps)
    assert done.outcomes == ["skipped"]


def test_a_new_version_of_a_table_says_nothing_about_people(office: Office) -> None:
    done = office.run(record(ADA), {"type": "ACTIVATE_VERSION", "stream": "people", "version": 1}, state(1))
    assert (done.outcomes, done.states) == (["registered"], [1])


def test_the_field_that_goto_misses_is_named(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    said = '{"errorCode": "RequestValidationError", "description": "Required field missing: questionsAndComments"}'
    office.control.configure(faults=(Fault(kind="raw", method="POST", path="/registrants", status=400, value=said),))
    done = office.run(record(ADA))
    reason = "RequestValidationError: Required field missing: questionsAndComments"
    assert done.row["description"] == reason
    assert f"rejected: 1: {reason}" in caplog.messages


def test_fields_that_goto_does_not_take_are_left_out_and_named_once(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    done = office.run(record(ADA, shoe=44, _sdc_sequence=1), record(GRACE, shoe=40, hat=1))
    assert done.outcomes == ["registered", "registered"]
    told = [entry.message for entry in caplog.records if "does not take" in entry.message]
    assert told == ["'people': values of fields that GoTo does not take were left out: 3 (hat, shoe)"]


def test_fields_that_are_named_after_data_do_not_fill_the_log(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    office.run(*(record({f"field {number}": number}) for number in range(3 * MAX_NAMES)))
    (told,) = (message for message in caplog.messages if "does not take" in message)
    assert f"left out: {3 * MAX_NAMES} (field 0, " in told
    assert told.count(",") == MAX_NAMES


def test_reasons_that_are_different_for_everybody_do_not_fill_the_log(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    fields = [name for name in TARGET_SCHEMAS["new_registrant"]["properties"] if name not in {*ADA, "responses"}]
    pairs = [dict.fromkeys(pair, True) for pair in itertools.combinations(fields, 2)]
    done = office.run(*(record({**ADA, **pair}) for pair in pairs), on_rejection="continue")
    assert len({row["description"] for row in done.rows}) > MAX_REASONS
    assert sum(message.startswith("rejected: ") for message in caplog.messages) == MAX_SHOWN_REASONS
    assert f"and {MAX_REASONS + 1 - MAX_SHOWN_REASONS} more reasons" in caplog.messages


def test_strict_fields_wants_every_declared_field_taken(office: Office) -> None:
    with pytest.raises(GoToWebinarError) as caught:
        office.run(schema(*ADA, "shoe", "hat"), record(ADA), strict_fields=True)
    assert str(caught.value) == (
        "'people' has fields that GoTo does not take (hat, shoe): drop or rename them with stream_maps, or leave "
        "strict_fields out"
    )
    assert office.posts() == []


def test_strict_fields_rejects_a_record_with_more_than_was_declared(office: Office) -> None:
    done = office.run(record(ADA, shoe=44, hat=1), record(GRACE, _sdc_sequence=1), strict_fields=True)
    assert [(row["outcome"], row["description"]) for row in done.rows] == [
        ("rejected", "fields that GoTo does not take: hat, shoe"),
        ("registered", None),
    ]


def test_names_of_fields_that_are_data_are_not_told(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    odd = {**ADA, "grace@example.com": 1, "x\ny": 2}
    done = office.run(record(odd), strict_fields=True)
    assert done.row["description"] == "fields that GoTo does not take: <e-mail>, x y"
    with pytest.raises(GoToWebinarError, match=r"does not take \(<e-mail>, x y\)"):
        office.run(schema(*odd), strict_fields=True)
    assert "grace@" not in caplog.text


def test_a_dry_run_says_what_would_be_sent_and_calls_nobody(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    done = office.run(record(ADA), record({}), record(GRACE, webinarKey=17), state(1), dry_run=True)
    assert [(row["outcome"], row["description"]) for row in done.rows] == [
        ("skipped", "dry run: would be sent"),
        ("rejected", "email is missing; firstName is missing; lastName is missing"),
        ("skipped", "dry run: would be sent"),
    ]
    assert office.control.calls() == []
    assert done.exit_code == 1
    assert f"dry run: would be sent to GoTo for webinar {office.webinar}: 1" in caplog.messages
    assert "dry run: with these fields: email, firstName, lastName" in caplog.messages
    # The next run has to get them all.
    assert done.states == []


def test_every_row_fits_its_schema(office: Office) -> None:
    office.control.add_registrants(office.webinar, people=[{"email": GRACE["email"]}])
    done = office.run(record(ADA), record(GRACE), record({}), record(ADA, _sdc_deleted_at="now"))
    assert sorted(done.outcomes) == ["already_registered", "registered", "rejected", "skipped"]
    assert [error.message for row in done.rows for error in ROWS.iter_errors(row)] == []


def test_each_stream_is_counted(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    office.run(schema(), schema(stream="staff"), record(ADA), record(GRACE, stream="staff"), record({}, stream="staff"))
    counted = {line.split()[0]: line.split()[1:] for line in caplog.messages if line.startswith(("people", "staff"))}
    assert counted == {"people": ["1", "0", "0", "0"], "staff": ["1", "0", "1", "0"]}


def test_no_person_gets_into_the_log(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    office.run(record(ADA), record({**GRACE, "city": 1.5}), record(ADA), state({"mail": GRACE["email"]}))
    text = caplog.text
    assert not any(value in text for value in [*ADA.values(), *GRACE.values(), "join/", "@"])

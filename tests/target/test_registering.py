"""People in, registrations out: each record ends in one clear way."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gotowebinar_sandbox import Fault
from tap_gotowebinar.api.errors import AuthenticationError, GoToWebinarError, UnexpectedStatusError
from tap_gotowebinar.api.redaction import MAX_NAMES
from target_gotowebinar.report import MAX_REASONS, MAX_SHOWN_REASONS, MAX_UNKNOWN
from tests.canned_server import talk
from tests.schema_files import TARGET_SCHEMAS
from tests.target.registering import ADA, GRACE, MakeHarness, TargetHarness, lines, person, record, schema, state


@pytest.fixture(autouse=True)
def _everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")


def test_a_person_is_registered_and_the_row_says_so(harness: TargetHarness) -> None:
    done = harness.run(record(ADA))
    (registrant,) = harness.registered()
    assert done.exit_code == 0
    assert done.row == {
        "email": ADA["email"],
        "webinarKey": harness.webinar,
        "outcome": "registered",
        "registrantKey": registrant["registrantKey"],
        "joinUrl": registrant["joinUrl"],
        "status": "APPROVED",
        "description": None,
    }


@pytest.mark.parametrize("written", [list, json.dumps])
def test_every_field_that_goto_takes_arrives(harness: TargetHarness, written: Callable[[object], object]) -> None:
    webinar = harness.control.add_webinar(questions=["Why?"])
    path = f"/G2W/rest/v2/organizers/{harness.organizer}/webinars/{webinar}/registrants/fields"
    with talk(harness.sandbox) as talking:
        (question,) = (it["questionKey"] for it in talking.get(path)["questions"] if it["required"])
    given: dict[str, Any] = {"city": " Oslo ", "zipCode": 150, "organization": "Honey", "country": None, "state": ""}
    answers = [{"questionKey": str(question), "responseText": "Bees.", "answerKey": None}, {"questionKey": "4"}]
    done = harness.run(record(ADA, webinarKey=webinar, responses=written(answers), **given), webinar_key=None)
    assert done.outcomes == ["registered"]
    (registrant,) = harness.registered(webinar)
    cleaned = {"city": "Oslo", "zipCode": "150", "organization": "Honey", "country": None, "state": None}
    assert {name: registrant.get(name) for name in given} == cleaned
    assert registrant["responses"] == [{"question": "Why?", "answer": "Bees."}]


@pytest.mark.parametrize("kind", [str, int])
def test_keys_of_records_go_before_those_of_settings_as_texts_or_numbers(
    harness: TargetHarness, kind: Callable[[str], Any]
) -> None:
    other = harness.control.add_webinar()
    organizer = kind(harness.organizer)
    keys = {"webinarKey": kind(other), "organizerKey": organizer}
    done = harness.run(record(ADA), record(GRACE, **keys), webinar_key=kind(harness.webinar), organizer_key=organizer)
    assert {row["webinarKey"] for row in done.rows} == {harness.webinar, other}
    assert [row["email"] for row in harness.registered()] == [ADA["email"]]
    assert [row["email"] for row in harness.registered(other)] == [GRACE["email"]]
    # Nobody had to be asked whose token it is.
    assert {call["path"].split("/")[1] for call in harness.control.calls()} == {"oauth", "G2W"}


def test_the_organizer_of_the_token_is_looked_up_once_if_no_setting_names_it(make_harness: MakeHarness) -> None:
    harness = make_harness()
    harness.run(*(record(person(number)) for number in range(5)))
    assert sum("identity" in call["path"] for call in harness.control.calls()) == 1
    harness.control.configure(identity="forbidden", admin="narrow")
    with pytest.raises(GoToWebinarError, match="set organizer_key, or give the OAuth client the scope"):
        harness.run(record(ADA))
    assert harness.run(record(ADA), organizer_key=harness.organizer).outcomes == ["registered"]


def test_fields_are_renamed_by_stream_maps(harness: TargetHarness) -> None:
    maps = {"people": {"email": "mail", "firstName": "given", "lastName": "family.upper()", "mail": "__NULL__"}}
    row = {"mail": ADA["email"], "given": "Ada", "family": "Berg"}
    done = harness.run(schema("mail", "given", "family"), record(row), stream_maps=maps)
    assert done.outcomes == ["registered"]
    assert harness.registered()[0]["lastName"] == "BERG"


def test_a_person_who_is_registered_already_is_no_error(harness: TargetHarness) -> None:
    registered = harness.run(record(ADA)).row
    done = harness.run(record(ADA, email="ADA.Berg@example.com"))
    assert (done.exit_code, done.row["outcome"]) == (0, "already_registered")
    assert all(done.row[name] == registered[name] for name in ("registrantKey", "joinUrl"))
    assert done.row["description"] == "DuplicateRegistrant: The user is already registered for this webinar."


def test_a_registrant_who_waits_for_approval_has_no_link(make_harness: MakeHarness) -> None:
    row = make_harness(webinar={"approvalType": "MANUAL"}).run(record(ADA)).row
    assert (row["outcome"], row["status"], row["joinUrl"]) == ("registered", "WAITING", None)


def test_without_a_webinar_anywhere_nobody_is_sent(harness: TargetHarness) -> None:
    done = harness.run(record(ADA), webinar_key=None)
    assert done.row["description"] == "webinarKey is missing, and so is the setting webinar_key"


def test_what_goto_rejects_is_rejected_with_its_own_reason(harness: TargetHarness) -> None:
    webinars: dict[str, dict[str, Any]] = {
        "RegistrationClosed: Registration for this webinar is closed.": {"registrationClosed": True},
        "WebinarFull: This webinar is full.": {"registrationLimit": 0},
        "InvalidRequest: jobTitle is required.": {"requiredFields": ["jobTitle"]},
        "InvalidRequest: An answer to question <number> is required. (field responses)": {"questions": ["Why?"]},
    }
    reasons = {harness.control.add_webinar(**options): reason for reason, options in webinars.items()}
    foreign = record(ADA, organizerKey=17)
    done = harness.run(*(record(ADA, webinarKey=webinar) for webinar in reasons), foreign)
    reasons[harness.webinar] = "AccessDenied: The user is not authorized to access this resource."
    assert {row["webinarKey"]: row["description"] for row in done.rows} == reasons
    assert (done.exit_code, {*done.outcomes}) == (1, {"rejected"})


def test_a_webinar_that_is_not_there_is_asked_for_once(harness: TargetHarness) -> None:
    done = harness.run(*(record(person(number), webinarKey=17) for number in range(10)), record(ADA))
    assert done.outcomes.count("rejected") == 10
    assert {row["description"] for row in done.rows if row["outcome"] == "rejected"} == {
        "NoSuchWebinar: No webinar found for the webinar key 17."
    }
    assert sum("/webinars/17/" in call["path"] for call in harness.posts()) == 1


@pytest.mark.parametrize("status", [405, 422])
def test_another_refusal_rejects_with_its_status(make_harness: MakeHarness, status: int) -> None:
    harness = make_harness(faults=(Fault(kind="status", status=status, path="registrants"),))
    row = harness.run(record(ADA)).row
    assert row["outcome"] == "rejected"
    assert row["description"] == "PlantedError: Refused for <e-mail> see <url>"


def test_a_redirect_ends_the_run(make_harness: MakeHarness) -> None:
    redirect = Fault(kind="redirect", status=302, value="https://example.com/", path="registrants")
    with pytest.raises(UnexpectedStatusError, match=r"to \S+/registrants: status 302, a redirect.*: check api_url"):
        make_harness(faults=(redirect,)).run(record(ADA))


def test_credentials_that_do_not_work_end_the_run_before_anybody_is_sent(harness: TargetHarness) -> None:
    with pytest.raises(AuthenticationError, match="client_id and client_secret are not those"):
        harness.run(record(ADA), state(1), client_secret="wrong")
    assert harness.rows() == []


def test_rejections_may_be_accepted_else_the_last_line_is_the_most_frequent_reason(
    harness: TargetHarness, caplog: pytest.LogCaptureFixture
) -> None:
    reason = "email is missing; firstName is missing; lastName is missing; correct the records (results_path tells "
    line = f"rejected: 1, because of: {reason}which), or set on_rejection to continue"
    assert harness.run(record({}), record(ADA), on_rejection="continue").exit_code == 0
    assert line not in caplog.messages
    assert harness.run(record({}), on_rejection="fail").exit_code == 1
    assert caplog.messages[-1] == line
    harness.run(record({"email": "nobody"}), *(record({**ADA, "firstName": ""}) for _ in range(2)))
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
    harness: TargetHarness, tmp_path: Path, settings: dict[str, Any], text: str, reason: str
) -> None:
    done = harness.run_command(text, tmp_path, **settings)
    assert done.exit_code == 1
    assert reason in done.stderr.splitlines()[-1]


def test_a_refresh_token_that_cannot_be_stored_fails_the_run(
    make_harness: MakeHarness, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "tokens.json"
    done = make_harness(rotate_refresh_tokens=True).run(record(ADA), token_path=str(path))
    assert (done.exit_code, done.outcomes) == (1, ["registered"])
    assert sum("the new one cannot be stored in" in message for message in caplog.messages) == 2


@pytest.mark.parametrize("maps", [{}, {"people": {**{name: name for name in ADA}, "__else__": None}}])
def test_a_deleted_row_registers_nobody_even_when_stream_maps_leave_the_mark_out(
    harness: TargetHarness, maps: dict[str, Any]
) -> None:
    deleted, there = record(ADA, _sdc_deleted_at="2026-01-01T00:00:00Z"), record(GRACE, _sdc_deleted_at=None)
    done = harness.run(deleted, there, stream_maps=maps)
    assert [(row["email"], row["outcome"], row["description"]) for row in done.rows] == [
        (ADA["email"], "skipped", "the row was deleted at its source"),
        (GRACE["email"], "registered", None),
    ]
    assert done.exit_code == 0
    assert [row["email"] for row in harness.registered()] == [GRACE["email"]]


def test_a_new_version_of_a_table_says_nothing_about_people(harness: TargetHarness) -> None:
    done = harness.run(record(ADA), {"type": "ACTIVATE_VERSION", "stream": "people", "version": 1}, state(1))
    assert (done.outcomes, done.states) == (["registered"], [1])


def test_the_field_that_goto_misses_is_named(harness: TargetHarness, caplog: pytest.LogCaptureFixture) -> None:
    said = '{"errorCode": "RequestValidationError", "description": "Required field missing: questionsAndComments"}'
    harness.control.configure(faults=(Fault(kind="raw", method="POST", path="/registrants", status=400, value=said),))
    done = harness.run(record(ADA))
    reason = "RequestValidationError: Required field missing: questionsAndComments"
    assert done.row["description"] == reason
    assert f"rejected: 1: {reason}" in caplog.messages


def test_fields_that_goto_does_not_take_are_left_out_and_named_once_even_if_their_names_are_data(
    harness: TargetHarness, caplog: pytest.LogCaptureFixture
) -> None:
    done = harness.run(record(ADA, shoe=44, _sdc_sequence=1), record(GRACE, shoe=40, hat=1))
    assert done.outcomes == ["registered", "registered"]
    harness.run(*(record({f"field {part} {number}": 1 for number in range(MAX_UNKNOWN)}) for part in range(2)))
    named, cut_off = (message for message in caplog.messages if "does not take" in message)
    assert named == "'people': values of fields that GoTo does not take were left out: 3 (hat, shoe)"
    assert f"left out: {2 * MAX_UNKNOWN} (field 0 0, " in cut_off
    assert cut_off.endswith(f", and {MAX_UNKNOWN + 1 - MAX_NAMES} more)")


def test_reasons_that_are_different_for_everybody_do_not_fill_the_log(
    harness: TargetHarness, caplog: pytest.LogCaptureFixture
) -> None:
    fields = [name for name in TARGET_SCHEMAS["new_registrant"]["properties"] if name not in {*ADA, "responses"}]
    pairs = [dict.fromkeys(pair, True) for pair in itertools.combinations(fields, 2)]
    done = harness.run(*(record({**ADA, **pair}) for pair in pairs), on_rejection="continue")
    assert len({row["description"] for row in done.rows}) > MAX_REASONS
    assert sum(message.startswith("rejected: ") for message in caplog.messages) == MAX_SHOWN_REASONS
    assert f"and {MAX_REASONS + 1 - MAX_SHOWN_REASONS} more reasons" in caplog.messages


def test_strict_fields_rejects_declared_fields_at_once_and_others_with_their_record(harness: TargetHarness) -> None:
    with pytest.raises(GoToWebinarError) as caught:
        harness.run(schema(*ADA, "shoe", "hat"), record(ADA), strict_fields=True)
    advice = "drop or rename them with stream_maps, or leave strict_fields out"
    assert str(caught.value) == f"'people' has fields that GoTo does not take (hat, shoe): {advice}"
    assert harness.posts() == []
    done = harness.run(record(ADA, shoe=44, hat=1), record(GRACE, _sdc_sequence=1), strict_fields=True)
    assert [(row["outcome"], row["description"]) for row in done.rows] == [
        ("rejected", "fields that GoTo does not take: hat, shoe"),
        ("registered", None),
    ]


def test_names_of_fields_that_are_data_are_not_told(harness: TargetHarness, caplog: pytest.LogCaptureFixture) -> None:
    odd = {**ADA, "grace@example.com": 1, "x\n2026 | ERROR | \x1b[31my\u202e": 2}
    done = harness.run(record(odd), strict_fields=True)
    assert done.row["description"] == "fields that GoTo does not take: <e-mail>, x 2026 | ERROR | [31my"
    with pytest.raises(GoToWebinarError, match=r"does not take \(<e-mail>, x 2026 \| ERROR \| \[31my\)"):
        harness.run(schema(*odd), strict_fields=True)
    assert "grace@" not in caplog.text


def test_a_dry_run_says_what_would_be_sent_and_calls_nobody(
    harness: TargetHarness, caplog: pytest.LogCaptureFixture
) -> None:
    done = harness.run(record(ADA), record({}), record(GRACE, webinarKey=17), state(1), dry_run=True)
    assert [(row["outcome"], row["description"]) for row in done.rows] == [
        ("skipped", "dry run: would be sent"),
        ("rejected", "email is missing; firstName is missing; lastName is missing"),
        ("skipped", "dry run: would be sent"),
    ]
    assert harness.control.calls() == []
    assert done.exit_code == 1
    assert f"dry run: would be sent to GoTo for webinar {harness.webinar}: 1" in caplog.messages
    assert "dry run: with these fields: email, firstName, lastName" in caplog.messages
    # The next run has to get them all.
    assert done.states == []


def test_each_stream_is_counted(harness: TargetHarness, caplog: pytest.LogCaptureFixture) -> None:
    harness.run(
        schema(), schema(stream="staff"), record(ADA), record(GRACE, stream="staff"), record({}, stream="staff")
    )
    counted = {line.split()[0]: line.split()[1:] for line in caplog.messages if line.startswith(("people", "staff"))}
    assert counted == {"people": ["1", "0", "0", "0"], "staff": ["1", "0", "1", "0"]}


def test_no_person_gets_into_the_log(harness: TargetHarness, caplog: pytest.LogCaptureFixture) -> None:
    harness.run(record(ADA), record({**GRACE, "city": 1.5}), record(ADA), state({"mail": GRACE["email"]}))
    text = caplog.text
    assert not any(value in text for value in [*ADA.values(), *GRACE.values(), "join/", "@"])

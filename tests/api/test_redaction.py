"""What may be said of an answer: never a person, a link or a secret, however it is wrapped."""

import base64
import json
import re
import string
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gotowebinar_sandbox import Fault, Sandbox
from tap_gotowebinar.api.redaction import (
    MAX_LENGTH,
    MAX_NAMES,
    READ_AT_MOST,
    error_code,
    error_text,
    is_from_goto,
    mask,
    mask_names,
    without_secrets,
)
from tests.forkserver import run_command
from tests.runs import FAST, run_here
from tests.schema_files import STREAM_SCHEMAS, TARGET_SCHEMAS
from tests.sources import ROOT

LETTERS = string.ascii_letters
TOKEN_LETTERS = f"{LETTERS}0123456789_-.+/=~"

# Text around a secret: anything, but no letters of the secret itself, which would look as if it had survived.
AROUND = st.text(st.characters(blacklist_categories=["L", "N"], blacklist_characters="<>"), max_size=40)
NAMES = st.text(LETTERS, min_size=5, max_size=20).map(lambda name: f"Q{name}")
EMAILS = st.tuples(NAMES, st.sampled_from(["@", "%40", "&#64;", "\uff20"]), NAMES).map(
    lambda it: f"{it[0]}{it[1]}{it[2]}.com"
)
URLS = st.tuples(NAMES, NAMES).map(lambda it: f"https://global.{it[0]}.com/join?k={it[1]}")
TOKENS = st.tuples(
    st.text(TOKEN_LETTERS, min_size=8, max_size=150),
    st.text(string.digits, min_size=5, max_size=9),
    st.text(TOKEN_LETTERS, min_size=8, max_size=150),
).map("".join)
"""More digits than a name has: letters alone can happen to be words."""


def in_base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


BYTES = st.binary(min_size=16, max_size=64)
OPAQUE = (
    BYTES.map(bytes.hex)
    | BYTES.map(in_base64)
    | BYTES.map(lambda content: base64.b64encode(content).decode())
    | BYTES.map(lambda content: base64.b32encode(content).decode())
    | st.uuids().map(str)
    | st.text(LETTERS + string.digits, min_size=24, max_size=64).filter(lambda text: sum(map(str.isdigit, text)) > 4)
    | st.lists(BYTES.map(in_base64), min_size=3, max_size=3).map(lambda parts: "eyJ" + ".".join(parts))
)
"""Secrets in the forms in which services hand them out."""

VOCABULARY = re.findall(
    r"[a-z]+",
    """
    account answer attendee campaign city click comment company consent contact country created custom date email event
    first industry is job last lead marketing name newsletter of opt order organization owner phone poll preferred
    question referral registrant region score session source status subscribed survey timestamp title updated value
    """,
)
WORDS = st.lists(st.sampled_from(VOCABULARY), min_size=3, max_size=6).filter(
    lambda words: sum(map(len, words)) >= max(20, 4 * len(words))
)
IDENTIFIERS = st.tuples(
    WORDS,
    st.sampled_from(
        [
            "_".join,
            "-".join,
            lambda words: "_".join(words).upper(),
            lambda words: "".join(map(str.title, words)),
            lambda words: words[0] + "".join(map(str.title, words[1:])),
            lambda words: "_".join(map(str.title, words)) + "__c",
            lambda words: "_".join(words) + "_2026",
        ]
    ),
).map(lambda it: it[1](it[0]))
NUMBERS = st.integers(10**6, 10**40).map(str)


def without_marks(said: str) -> str:
    return re.sub("<(e-mail|url|token|number)>", "", said)


@given(before=AROUND, secret=EMAILS | URLS | NUMBERS, after=AROUND)
def test_no_address_of_any_kind_and_no_long_number_survives(before: str, secret: str, after: str) -> None:
    said = mask(f"{before}{secret}{after}")

    assert not any(map(str.isalnum, without_marks(said)))


@given(before=AROUND, secret=TOKENS | OPAQUE, after=AROUND)
def test_no_secret_survives_in_the_forms_that_services_use(before: str, secret: str, after: str) -> None:
    said = mask(f"{before} {secret} {after}")

    assert not any(map(str.isalnum, without_marks(said)))


@given(IDENTIFIERS)
def test_names_of_fields_and_errors_are_shown(name: str) -> None:
    assert mask(f"Required field missing: '{name}'.") == f"Required field missing: '{name}'."
    assert error_text({"errorCode": name, "description": "No."}) == f"{name}: No."
    assert mask_names([name]) == name


def declared(schema: object) -> set[str]:
    if not isinstance(schema, dict):
        return set()
    return set(schema.get("properties") or ()).union(*map(declared, schema.values()))


def documented(node: object) -> set[str]:
    if isinstance(node, list):
        return set().union(*map(documented, node))
    if not isinstance(node, dict):
        return set()
    name = node.get("name")
    return ({name} if isinstance(name, str) else set()).union(*map(documented, node.values()))


def test_every_name_of_the_schemas_and_of_gotos_documentation_is_shown() -> None:
    endpoints = json.loads((ROOT / "tests/fixtures/gotowebinar-endpoints.json").read_text(encoding="utf-8"))
    fields = set().union(*map(declared, [*STREAM_SCHEMAS.values(), *TARGET_SCHEMAS.values()]))
    names = fields | documented(endpoints)

    assert {"questionsAndComments", "attendance.averageAttendanceTimeSeconds"} <= names
    assert {name for name in names if mask(name) != name} == set()
    # As databases have them that fold the names of columns.
    folded = {fold(name) for name in fields for fold in (str.upper, str.lower)}
    assert {name for name in folded if mask(name) != name} == set()


@pytest.mark.parametrize(
    "name",
    [
        "RequestValidationError",
        "MethodArgumentNotValidException",
        "HttpMessageNotReadableException",
        "REGISTRATION_NOT_ALLOWED_FOR_WEBINAR",
        "registrant.questionsAndComments",
        "/registrant/questionsAndComments",
        "marketing_opt_in_timestamp",
        "utm_campaign_content_id",
        "hs_analytics_first_visit_timestamp",
        "first-touch-utm-campaign",
        "Marketing_Opt_In_Timestamp__c",
        "address_line_2_of_company",
        "BillingAddressPostalCode",
        "_sdc_table_version_number",
    ],
)
def test_a_name_that_is_as_long_as_a_token_is_shown(name: str) -> None:
    assert mask(f"{name}: unknown") == f"{name}: unknown"


@pytest.mark.parametrize(
    "text",
    [
        "attendee.gotowebinar.com",
        "global.gotowebinar.com/join/theHive",
        "abcdefghijklmnopqrstuvwxyz",
        "aaaa_aaaa_aaaa_aaaa_aaaa",
        "dead-beef-0123-4567-89ab",
        "token=questionsAndComments",
        "Q2hlZXNlIGFuZCBob25leQ",
        "order_20261131_of_somebody",
    ],
)
def test_what_only_looks_like_a_name_is_masked(text: str) -> None:
    assert mask(text) in {"<token>", "<url>"}


def test_a_column_whose_words_are_run_together_is_shown_among_columns_only() -> None:
    assert mask_names(["marketingoptintimestamp", "MARKETINGOPTINTIMESTAMP", "ada@example.com", "x" * 30]) == (
        "marketingoptintimestamp, MARKETINGOPTINTIMESTAMP, <e-mail>, <token>"
    )
    assert mask("marketingoptintimestamp") == "<token>"


def test_names_have_an_end() -> None:
    names = mask_names(f"field_{number}" for number in range(MAX_NAMES + 5))

    assert names.endswith(f"field_{MAX_NAMES - 1}, and 5 more")


@given(st.text() | st.text(st.characters(categories=["Zl", "Zp", "Zs", "Cc", "Cf"])) | TOKENS.map(lambda it: it * 30))
def test_whatever_comes_becomes_one_short_printable_line(text: str) -> None:
    said = mask(text)

    assert len(said) <= MAX_LENGTH
    assert said.isprintable()
    assert len(said.splitlines()) <= 1
    assert mask(said) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("The webinar is full.", "The webinar is full."),
        ("  two\r\n\tlines\u2028and\x85more ", "two lines and more"),
        ("\x1b[31mred\x1b[0m and \u202ereversed", "[31mred[0m and reversed"),
        ("no webinar 8114402279905634571", "no webinar <number>"),
        ("line 123456 of 1234567", "line 123456 of <number>"),
        ("field 'phone' (max 128)", "field 'phone' (max 128)"),
        ("for ada.berg@example.com: denied", "for <e-mail> denied"),
        ('{"email":"ada@example.com","id":7}', "<e-mail>"),
        ("ada\u200b.berg\x00@example.com", "<e-mail>"),
        ("mail=ada%40example.com", "<e-mail>"),
        ("mail ada&#64;example.com", "mail <e-mail>"),
        ("mail ada&#0064;example.com", "mail <e-mail>"),
        ("mail ada&#x40;example.com", "mail <e-mail>"),
        ("mail ada&#X0040;example.com", "mail <e-mail>"),
        ("mail ada&commat;example.com", "mail <e-mail>"),
        ("mail ada\uff20example.com", "mail <e-mail>"),
        ("mail ada\ufe6bexample.com", "mail <e-mail>"),
        ("see https://example.com/a?b=ada@example.com,c", "see <url>"),
        ("see https:\\/\\/example.com\\/join\\/1", "see <url>"),
        ("token eyJraWQiOi12345678901.eyJz!", "token <token>!"),
        ("key 0a1b2c3d45678901ef2a", "key <token>"),
        ("key 0a1b2c3d%2F45ef67ab%3D", "key <token>"),
        ("half \ud83d a face", "half a face"),
        ("", ""),
    ],
)
def test_messages_stay_readable(text: str, said: str) -> None:
    assert mask(text) == said


def test_a_long_message_is_cut() -> None:
    assert mask("word " * 100) == ("word " * 40)[:197] + "..."


def test_of_what_is_too_long_to_be_looked_at_the_last_word_goes_for_it_may_be_half_a_secret() -> None:
    blanks = " " * READ_AT_MOST
    assert mask(f"one two three{blanks}four") == "one two ..."
    assert mask(f"one two three{blanks}"[:READ_AT_MOST]) == "one two three"


def test_a_message_that_just_fits_is_shown_whole() -> None:
    text = "word " * 39 + "words"
    assert mask(text) == text
    assert mask(f"{text}.") == f"{text[:197]}..."


@pytest.mark.parametrize("filler", ["x", "word ", "\u20ac", "\ud83d", "7", "@", "a@", "://", ":", "<", " ", "%4"])
def test_a_message_of_megabytes_costs_next_to_nothing(filler: str) -> None:
    text = filler * (5_000_000 // len(filler))
    started = time.process_time()

    mask(text)

    assert time.process_time() - started < 0.1


@pytest.mark.parametrize("cut", range(1, 30))
def test_a_secret_at_the_end_of_what_is_read_does_not_survive_in_half(cut: int) -> None:
    secret = "ada.berg.and.some.more@example.com"
    text = ("\x00" * (READ_AT_MOST - cut - 1) + " " + secret).rjust(READ_AT_MOST)

    assert mask(text + " and more") == "..."


# Error bodies --------------------------------------------------------------------------------------------------------


def test_a_message_and_a_code_are_found_under_each_of_their_names() -> None:
    for field in ("description", "message", "msg", "error_description", "errorMessage"):
        assert error_text({field: "Not allowed.", "other": "x"}) == "Not allowed."
        assert is_from_goto({field: "Not allowed."})
    for field in ("errorCode", "int_err_code", "error"):
        assert error_code({field: "AccessDenied", "msg": "x"}) == "AccessDenied"
        assert error_text({field: "AccessDenied", "msg": "Not allowed."}) == "AccessDenied: Not allowed."
        assert is_from_goto({field: "AccessDenied"})


def test_of_several_messages_and_codes_the_one_under_the_best_known_name_is_told() -> None:
    body = {"errorMessage": "D", "error_description": "C", "msg": "no", "message": "B", "description": "A"}
    assert error_text(body) == "A"
    assert error_text({"errorMessage": "D", "message": "B"}) == "B"
    assert error_code({"error": "third", "int_err_code": "second", "errorCode": "first"}) == "first"
    assert error_code({"error": "third", "int_err_code": "second"}) == "second"


@pytest.mark.parametrize(
    "body", [None, [], "text", 7, {}, {"message": 7, "error": {"code": "x"}}, {"message": " ", "error": ""}]
)
def test_a_body_without_a_message_says_nothing(body: object) -> None:
    assert error_text(body) == error_code(body) == ""
    assert not is_from_goto(body)


def test_the_field_that_an_error_is_about_is_named_once() -> None:
    assert error_text({"description": "Not allowed.", "field": "timeZone"}) == "Not allowed. (field timeZone)"
    assert error_text({"description": "timeZone is not allowed.", "field": "timeZone"}) == "timeZone is not allowed."
    assert error_text({"field": "timeZone"}) == ""


def test_fields_that_are_no_message_are_never_shown() -> None:
    assert error_text({"description": "Denied", "email": "ada@example.com", "firstName": "Ada"}) == "Denied"


@given(st.dictionaries(st.sampled_from(["errorCode", "description", "msg", "error"]), st.text(max_size=1000)))
def test_code_and_message_together_are_one_short_line(body: dict[str, str]) -> None:
    assert len(error_text(body)) <= MAX_LENGTH
    assert error_text(body).isprintable()


@pytest.mark.parametrize(
    ("secrets", "said", "shown"),
    [
        (["honeycomb", "honeycomb-two", ""], "honeycomb-two is no honeycomb", "<secret> is no <secret>"),
        (["12345678"], "x12345678x", "x<secret>x"),
        (["1234567"], "x1234567x, 1234567", "x1234567x, <secret>"),
    ],
)
def test_the_longest_secret_is_masked_and_a_short_one_where_it_is_a_word(
    secrets: list[str], said: str, shown: str
) -> None:
    assert without_secrets({"description": said}, secrets) == {"description": shown}


# A whole run at DEBUG ------------------------------------------------------------------------------------------------


def private(sandbox: Sandbox) -> set[str]:
    """Everything of a sandbox that must not be told: secrets, people, their addresses and links."""
    truth = sandbox.control.expected_records()
    people = [*truth["registrants"], *truth["organizers"]]
    fields = ("email", "joinUrl", "phone", "address", "questionsAndComments")
    told = {person[field] for person in people for field in fields if isinstance(person.get(field), str)}
    names = {f"{person['firstName']} {person['lastName']}" for person in people if "lastName" in person}
    return {text.casefold() for text in told | names | set(sandbox.credentials.values()) if text}


FAULTS = (
    Fault(kind="html", path="/oauth/", times=1),
    Fault(kind="status", status=500, path="/registrants", times=1),
    Fault(kind="status", status=403, path=r"/registrants/\d+", times=1),
    Fault(kind="status", status=404, path=r"/registrants/\d+", times=1),
    Fault(kind="status", status=429, path="/registrants", times=1, retry_after=0.5),
    Fault(kind="invalid_token", path="/registrants", times=1, skip=3),
    Fault(kind="reset", path="/registrants", times=1),
    Fault(kind="truncate", path="/registrants", times=1),
)
FATAL = Fault(kind="status", status=409, path=r"/registrants/\d+", skip=10)


@pytest.mark.parametrize(
    ("options", "exit_code"),
    [
        ({"faults": FAULTS, "rotate_refresh_tokens": True}, 1),
        ({"faults": (FATAL,), "rotate_refresh_tokens": True}, 1),
        ({}, 0),
    ],
    ids=["many stumbles", "a fatal answer", "all well"],
)
def test_not_even_a_run_at_debug_tells_anything_private(
    make_sandbox: Callable[..., Sandbox], tmp_path: Path, options: Mapping[str, Any], exit_code: int
) -> None:
    sandbox = make_sandbox(**options)

    # One call after the other: the first ones are answered, whichever thread is quick.
    settings = {**sandbox.settings, **FAST, "max_concurrency": 1}
    run = run_command(settings, tmp_path, env={"TAP_GOTOWEBINAR_LOGLEVEL": "DEBUG"}, hurries=True)

    told = f"{run.stderr}{json.dumps(run.states, ensure_ascii=False)}".casefold()
    assert run.exit_code == exit_code
    assert "| debug " in told
    assert run.records("registrant_details")
    assert sorted(text for text in private(sandbox) if text in told) == []
    assert [line for line in told.splitlines() if "@example" in line or "access-" in line or "refresh-" in line] == []
    assert "planted" not in told.replace("plantederror", "")


@pytest.mark.parametrize("name", ["client_id", "client_secret", "refresh_token", "personal_access_token"])
@pytest.mark.parametrize("secret", ["registrants", "webinarKey", "correct-horse-battery-staple", "bee"])
def test_a_configured_secret_is_never_shown_even_if_it_is_a_word(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture, name: str, secret: str
) -> None:
    said = {"errorCode": "InvalidClient", "description": f"'{secret}' ({secret.upper()}) may not."}
    faults = (
        Fault(kind="json", path="/oauth/token", value={"access_token": "good", "expires_in": 3600}),
        Fault(kind="raw", status=400, value=json.dumps(said)),
    )
    sandbox.control.configure(faults=faults)

    run = run_here({**sandbox.settings, **FAST, name: secret})

    assert run.exit_code == 1
    assert "InvalidClient: '<secret>' (<secret>) may not." in caplog.text


def test_a_token_that_goto_repeats_is_never_shown_even_if_it_is_a_word(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    faults = (
        Fault(kind="json", path="/oauth/token", value={"access_token": "honeycomb", "expires_in": 3600}),
        Fault(kind="raw", status=400, value='{"description": "honeycomb is no good honey."}'),
    )
    sandbox.control.configure(faults=faults)

    run_here({**sandbox.settings, **FAST})

    assert "<secret> is no good honey." in caplog.text


def test_refused_credentials_are_not_told_at_debug(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = {**sandbox.settings, "client_secret": "mistyped-secret", "refresh_token": "mistyped-refresh"}

    run = run_command({**settings, **FAST}, tmp_path, env={"TAP_GOTOWEBINAR_LOGLEVEL": "DEBUG"})

    assert run.exit_code == 1
    assert len(run.errors) == 1
    assert "mistyped" not in run.stderr
    assert settings["client_id"] not in run.stderr

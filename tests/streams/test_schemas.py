"""The schemas declare what GoTo and the connector reference document, and nothing else without a reason."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tap_gotowebinar.api.client import API
from tap_gotowebinar.streams import STREAMS as STREAM_CLASSES
from tests.schema_files import SCHEMA_FOLDER
from tests.schema_files import STREAM_SCHEMAS as SCHEMAS
from tests.sources import ROOT

FIXTURES = ROOT / "tests" / "fixtures"
STREAMS = list(SCHEMAS)

PRIMARY_KEYS = {stream.name: list(stream.primary_keys) for stream in STREAM_CLASSES}
"""The README's table says them, too."""

ENDPOINTS = {
    endpoint["id"]: endpoint
    for endpoint in json.loads((FIXTURES / "gotowebinar-endpoints.json").read_text())["endpoints"]
}
"""By id; without the identity services of `organizers`."""

FURTHER_ENDPOINTS = {
    "attendees": ["webinar_attendees"],
    "session_performance": ["webinar_performance"],
    "sessions": ["webinar_sessions"],
    "webinars": ["account_webinars"],
}
"""Those that a stream takes rows from beside the one that its path names."""

COMPARED = {"registrant_removals", "webinar_removals"}
"""Streams that no endpoint sends."""


def endpoints_of(stream: str) -> list[str]:
    path = next(known.path for known in STREAM_CLASSES if known.name == stream).removeprefix(API)
    own = [name for name, found in ENDPOINTS.items() if found["path"] == path and found.get("method", "GET") == "GET"]
    return [] if stream in COMPARED else own + FURTHER_ENDPOINTS.get(stream, [])


ENDPOINTS_OF = {stream: endpoints_of(stream) for stream in PRIMARY_KEYS}

FOUND_OUT = "not sent by GoTo: the tap finds it out by comparing lists"
PARENT_KEY = "carried over from the parent webinar"
CONNECTOR_ONLY = "the connector reference lists it, v2 sends it elsewhere"
IDENTITY = "from the identity services, which the endpoint table leaves out"
MADE = "GoTo gives no key: the tap makes one"
SEEN = "seen in live answers, not documented"
PARENT_KEYS = ("organizerKey", "webinarKey", "sessionKey", "registrantKey")
OWN_FIELDS: dict[str, dict[str, str]] = {
    "attendee_polls": {"pollKey": MADE},
    "attendee_surveys": {"surveyKey": MADE},
    "organizers": dict.fromkeys(
        [
            *("organizerKey", "accountKey", "email", "firstName", "lastName", "displayName", "userName", "locale"),
            *("timeZone", "accounts", "accounts.accountKey", "accounts.name"),
        ],
        IDENTITY,
    ),
    "polls": {"pollKey": MADE},
    "questions": {"questionKey": MADE},
    "registrant_removals": {"registrantKey": FOUND_OUT, "removedAt": FOUND_OUT},
    "surveys": {"surveyKey": MADE},
    "webinar_details": {
        **dict.fromkeys(["numberOfRegistrationLinkClicks", "numberOfOpenedInvitations"], CONNECTOR_ONLY),
        **dict.fromkeys(
            [
                *("breakoutsAllowed", "broadcast", "deniedRegistrants", "hasDisclaimer", "isMainOrganizerActive"),
                *("isOndemand", "name", "pendingRegistrants", "replyTo", "replyTo.name", "replyTo.email"),
                *("verifyHumanRegistrant", "webinarSchedulingContext"),
            ],
            SEEN,
        ),
    },
    "webinar_removals": {"webinarKey": FOUND_OUT, "removedAt": FOUND_OUT},
    "webinars": {
        **dict.fromkeys(["numberOfRegistrants", "inSession"], CONNECTOR_ONLY),
        **dict.fromkeys(["breakoutsAllowed", "recurrenceKey", "registrationSettingsKey"], SEEN),
    },
}

LEFT_OUT = {
    "co_organizers": {"joinLink": "lets whoever has it into the webinar, with rights"},
    "panelists": {"joinLink": "lets whoever has it into the webinar, with rights"},
    "recordings": {
        "mp4DownloadUrl": "lets whoever has it download the recording, and presumably differs each time",
        "transcriptDownloadUrl": "lets whoever has it download the transcript, and presumably differs each time",
    },
}
"""Documented fields that are not declared, with the reason."""

STREAM_OF_OBJECT = {
    "Registrant": "registrant_details",
    "RegistrantSummary": "registrants",
    "Webinar": "webinar_details",
    "WebinarSummary": "webinars",
}
MEMBER_OF_LIST = {"Registrants": "RegistrantSummary", "Webinars": "WebinarSummary"}
STREAM_OF_OPERATION = {
    "GetRegistrant": "registrant_details",
    "GetWebinar": "webinar_details",
    "ListRegistrations": "registrants",
    "ListWebinars": "webinars",
    "OnNewRegistration": "registrants",
    "OnNewWebinar": "webinars",
}
WRITING_OPERATIONS = {"AddRegistrant"}

REFERENCE = (FIXTURES / "connector-reference.md").read_text()


def properties_by_path(schema: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every declared property with its dotted path, those of nested objects and of array items too."""
    for name, declared in schema.get("properties", {}).items():
        path = f"{prefix}{name}"
        yield path, declared
        yield from properties_by_path(declared.get("items", declared), f"{path}.")


DECLARED = {stream: dict(properties_by_path(schema)) for stream, schema in SCHEMAS.items()}
EVERY_PROPERTY = [
    pytest.param(stream, path, declared, id=f"{stream}.{path}")
    for stream, declarations in DECLARED.items()
    for path, declared in declarations.items()
]


def documented_fields(stream: str) -> dict[str, dict[str, Any]]:
    """The fields of the stream's endpoints by dotted path, `webinarId` under the one spelling that comes out."""
    return {
        path: field
        for endpoint in ENDPOINTS_OF[stream]
        for field in ENDPOINTS[endpoint]["fields"]
        if (path := path_of(field["name"])) not in LEFT_OUT.get(stream, {})
    }


def beyond_the_endpoints(stream: str) -> dict[str, str]:
    """The declared fields that the endpoints do not document, and why they are there."""
    missing = DECLARED[stream].keys() - documented_fields(stream).keys()
    parents = {name: PARENT_KEY for name in PARENT_KEYS if name in missing}
    return {**parents, **OWN_FIELDS.get(stream, {})}


def there_because(reason: str) -> list[tuple[str, str]]:
    """The fields, with their streams, that are declared for this reason."""
    return [(stream, path) for stream, reasons in OWN_FIELDS.items() for path, why in reasons.items() if why == reason]


def path_of(name: str) -> str:
    """The path of a documented field among declared ones; a map by sessionKey comes out as rows."""
    return re.sub(r"\bwebinarId\b", "webinarID", name).replace("[]", "").removeprefix("*.")


def is_key(path: str) -> bool:
    """Whether the field is an identifier, which comes out as text whatever the wire sends."""
    return re.search(r"(Key|I[Dd]|\bomid)$", path) is not None


def declaration_of(path: str, wire_type: str, wire_format: str | None = None) -> tuple[str, str | None]:
    """The JSON type and format a documented field has to be declared with."""
    if wire_format == "date-time":
        return "string", "date-time"
    if wire_format == "integer as digits":
        return "integer", None
    if wire_type == "array of string":
        return "array", None
    return ("string" if is_key(path) else wire_type), None


def type_and_format(declared: dict[str, Any]) -> tuple[str, str | None]:
    """The one JSON type of a property beside null, and its format."""
    types = declared["type"] if isinstance(declared["type"], list) else [declared["type"]]
    (kind,) = [name for name in types if name != "null"]
    return kind, declared.get("format")


def reference_object(name: str) -> dict[str, str]:
    """Path and type of each field in one object table of the connector reference."""
    section = re.split(r"^##+ ", REFERENCE.split(f"\n### {name}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    return {path: kind for _, kind, _, path in rows[2:]}


def reference_operations() -> dict[str, str]:
    """Operation id of every action and trigger of the connector reference, with the object it returns."""
    found = re.findall(r"\*\*Operation Id:\*\* (\w+).*?#### Returns.*?\| \[(\w+)\]\(#", REFERENCE, re.DOTALL)
    return dict(found)


@pytest.mark.parametrize("stream", STREAMS)
def test_a_schema_is_valid_json_schema_of_an_object(stream: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[stream])
    assert SCHEMAS[stream]["type"] == "object"
    assert SCHEMAS[stream]["properties"]


@pytest.mark.parametrize("stream", STREAMS)
def test_a_schema_file_is_indented_by_two_with_its_types_on_one_line(stream: str) -> None:
    expanded = json.dumps(SCHEMAS[stream], indent=2, ensure_ascii=False) + "\n"
    expected = re.sub(r'\[\s+"(\w+)",\s+"null"\s+\]', r'["\1", "null"]', expanded)
    assert (SCHEMA_FOLDER / f"{stream}.json").read_text() == expected


def test_there_is_a_schema_for_each_stream_and_no_other() -> None:
    assert set(STREAMS) == set(PRIMARY_KEYS)


@pytest.mark.parametrize(("stream", "path", "declared"), EVERY_PROPERTY)
def test_a_property_is_described_in_one_sentence(stream: str, path: str, declared: dict[str, Any]) -> None:
    sentence = declared["description"]
    assert re.fullmatch(r"[A-Z][^\n]{14,}[^.]\.", sentence), f"{stream}.{path}"
    assert not re.search(r"\. [A-Z]", sentence), f"{stream}.{path}"


@pytest.mark.parametrize(("stream", "path", "declared"), EVERY_PROPERTY)
def test_only_primary_keys_are_never_null(stream: str, path: str, declared: dict[str, Any]) -> None:
    if path in PRIMARY_KEYS[stream]:
        assert declared["type"] == "string"
    else:
        assert isinstance(declared["type"], list)
        assert declared["type"][1:] == ["null"]


@pytest.mark.parametrize("stream", STREAMS)
def test_primary_keys_come_first(stream: str) -> None:
    keys = PRIMARY_KEYS[stream]
    assert list(SCHEMAS[stream]["properties"])[: len(keys)] == keys


@pytest.mark.parametrize(("stream", "path", "declared"), EVERY_PROPERTY)
def test_a_property_has_one_type_and_arrays_declare_their_items(
    stream: str, path: str, declared: dict[str, Any]
) -> None:
    kind, _ = type_and_format(declared)
    assert kind in {"array", "boolean", "integer", "number", "object", "string"}, f"{stream}.{path}"
    items = declared.get("items", {})
    assert (kind == "array") == bool(items.get("properties") or items == {"type": "string"}), f"{stream}.{path}"
    assert (kind == "object") == bool(declared.get("properties")), f"{stream}.{path}"


@pytest.mark.parametrize(("stream", "path", "declared"), EVERY_PROPERTY)
def test_a_new_wire_value_or_spelling_cannot_break_a_load(stream: str, path: str, declared: dict[str, Any]) -> None:
    assert declared.keys() <= {"type", "format", "description", "items", "properties"}, f"{stream}.{path}"
    assert not path.endswith("webinarId"), "webinarID is the one spelling that comes out"


@pytest.mark.parametrize(("stream", "path", "declared"), EVERY_PROPERTY)
def test_every_key_is_text(stream: str, path: str, declared: dict[str, Any]) -> None:
    assert not is_key(path) or type_and_format(declared) == ("string", None), f"{stream}.{path}"


@pytest.mark.parametrize("stream", ["registrants", "registrant_details"])
def test_registrants_have_a_date_to_replicate_by_and_the_keys_of_their_webinar(stream: str) -> None:
    declarations = DECLARED[stream]
    assert type_and_format(declarations["registrationDate"]) == ("string", "date-time")
    assert {"webinarKey", "organizerKey"} <= declarations.keys()


def test_both_registrant_streams_declare_their_common_fields_alike() -> None:
    listed, detailed = (SCHEMAS[stream]["properties"] for stream in ("registrants", "registrant_details"))
    assert {name: detailed.get(name) for name in listed} == listed


@pytest.mark.parametrize("stream", [stream for stream, endpoints in ENDPOINTS_OF.items() if endpoints])
def test_every_field_of_the_endpoint_is_declared_with_a_type_that_fits(stream: str) -> None:
    documented = {
        path: declaration_of(path, field["wire_type"], field["format"])
        for path, field in documented_fields(stream).items()
    }
    declared = {path: type_and_format(DECLARED[stream][path]) for path in documented if path in DECLARED[stream]}
    assert declared == documented


@pytest.mark.parametrize("stream", STREAMS)
def test_a_field_no_endpoint_documents_is_declared_for_a_reason(stream: str) -> None:
    assert DECLARED[stream].keys() - documented_fields(stream).keys() == beyond_the_endpoints(stream).keys()


@pytest.mark.parametrize("stream", LEFT_OUT)
def test_a_field_that_is_left_out_is_documented_by_goto(stream: str) -> None:
    (endpoint,) = ENDPOINTS_OF[stream]
    assert LEFT_OUT[stream].keys() <= {field["name"] for field in ENDPOINTS[endpoint]["fields"]}
    assert not LEFT_OUT[stream].keys() & DECLARED[stream].keys()


@pytest.mark.parametrize("stream", STREAMS)
def test_a_value_the_wire_documents_is_named_in_the_description(stream: str) -> None:
    for path, field in documented_fields(stream).items():
        description = DECLARED[stream][path]["description"].lower()
        assert [value for value in field["enum"] or [] if value.lower() not in description] == [], path


@pytest.mark.parametrize(("stream", "path"), there_because(CONNECTOR_ONLY))
def test_a_field_v2_never_sends_says_where_its_value_is(stream: str, path: str) -> None:
    description = DECLARED[stream][path]["description"]
    assert re.search(r"v2 does not send it .*\b(sessions|webinar_details)\.\w+\.$", description)


@pytest.mark.parametrize(("stream", "path"), [found for found in there_because(SEEN) if "." not in found[1]])
def test_a_field_that_is_only_seen_in_live_answers_says_so(stream: str, path: str) -> None:
    assert DECLARED[stream][path]["description"].endswith(f"; {SEEN}.")


@pytest.mark.parametrize(("name", "stream"), STREAM_OF_OBJECT.items())
def test_every_field_of_a_connector_object_is_in_its_stream(name: str, stream: str) -> None:
    wire_types = {
        "array of object": ("array", None),
        "boolean": ("boolean", None),
        "date-time": ("string", "date-time"),
        "int32": ("integer", None),
        "string": ("string", None),
    }
    promised = {path: declaration_of(path, *wire_types[kind]) for path, kind in reference_object(name).items()}
    declared = {path: type_and_format(DECLARED[stream][path]) for path in promised if path in DECLARED[stream]}
    assert promised
    assert declared == promised


def test_every_action_and_trigger_reads_a_stream_but_the_one_that_writes() -> None:
    operations = reference_operations().keys()
    assert operations == STREAM_OF_OPERATION.keys() | WRITING_OPERATIONS
    assert len(operations) == REFERENCE.count("**Operation Id:**")


@pytest.mark.parametrize(("operation", "stream"), STREAM_OF_OPERATION.items())
def test_the_stream_of_an_operation_holds_the_object_the_operation_returns(operation: str, stream: str) -> None:
    returned = reference_operations()[operation]
    assert STREAM_OF_OBJECT[MEMBER_OF_LIST.get(returned, returned)] == stream
    assert stream in STREAMS

"""Every response of the sandbox is what the table of documented endpoints says, and what its control says it has."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from gotowebinar_sandbox import Control

from .conftest import EVER, PRODUCT, TABLE, Caller
from .contract import as_text, unwrap, violations
from .test_session_endpoints import attendees, sessions

ENDPOINTS: dict[str, dict[str, Any]] = {endpoint["id"]: endpoint for endpoint in TABLE["endpoints"]}
SERVED = [
    "account_webinars",
    "organizer_webinars",
    "organizer_sessions",
    "webinar_attendees",
    "session_attendees",
    "webinar_performance",
    "session_performance",
    "session_polls",
    "session_questions",
    "session_surveys",
    "attendee_polls",
    "attendee_surveys",
    "panelists",
    "coorganizers",
    "meeting_times",
    "webinar_recording_assets",
    "webinar",
    "registrants",
    "registrant",
    "registration_fields",
    "create_registrant",
]
# The schema spells it webinarID, the wire webinarId (API reference, section 5.1); the others are in live answers.
LISTED = frozenset({"webinarId", "recurrenceKey", "registrationSettingsKey", "breakoutsAllowed"})
DETAILED = frozenset(
    {"name", "replyTo", "isOndemand", "broadcast", "pendingRegistrants", "deniedRegistrants", "breakoutsAllowed"}
    | {"isMainOrganizerActive", "hasDisclaimer", "verifyHumanRegistrant", "webinarSchedulingContext"}
)
UNDOCUMENTED = {"account_webinars": LISTED, "organizer_webinars": LISTED, "webinar": DETAILED}
PRODUCT_ERROR = [
    {"name": "errorCode", "wire_type": "string", "format": None, "enum": None, "required": True},
    {"name": "description", "wire_type": "string", "format": None, "enum": None, "required": True},
    {"name": "incident", "wire_type": "integer", "format": None, "enum": None, "required": True},
    {"name": "field", "wire_type": "string", "format": None, "enum": None, "required": False},
]
served = pytest.mark.parametrize("endpoint", [ENDPOINTS[name] for name in SERVED], ids=SERVED)


Row = dict[str, Any]
Keys = dict[str, str]


class Examples:
    """Existing keys to fill the placeholders of a path."""

    def __init__(self, api: Caller) -> None:
        self.api = api
        self.organizer = {"accountKey": api.account_key, "organizerKey": api.organizer_key}

    def keys_of(self, path: str) -> Iterator[Keys]:
        """Yield the keys that a path needs, for all there is of the organizer."""
        if "{webinarKey}" not in path:
            yield self.organizer
        for row in self.api.webinars() if "{webinarKey}" in path else ():
            webinar = {**self.organizer, "webinarKey": row["webinarKey"]}
            if "{sessionKey}" in path:
                yield from self._keys_in_sessions(path, webinar)
            elif "{registrantKey}" in path:
                people = self.api.registrants(row["webinarKey"])
                yield from ({**webinar, "registrantKey": str(person["registrantKey"])} for person in people)
            else:
                yield webinar

    def _keys_in_sessions(self, path: str, webinar: Keys) -> Iterator[Keys]:
        for row in sessions(self.api, webinar["webinarKey"]):
            keys = {**webinar, "sessionKey": row["sessionKey"]}
            people = attendees(self.api, row) if "{registrantKey}" in path else [{"registrantKey": ""}]
            yield from ({**keys, "registrantKey": str(who["registrantKey"])} for who in people)

    def live_keys(self) -> Keys:
        """Return keys of an upcoming webinar that has registrants, and attendees of a session that is over."""
        every = self.keys_of("{webinarKey}{sessionKey}{registrantKey}")
        upcoming = {row["webinarKey"] for row in self.api.webinars() if row["times"][-1]["endTime"] > "2026-03-11"}
        keys = next(keys for keys in every if keys["webinarKey"] in upcoming)
        return {**keys, "webhookKey": "hook", "userSubscriptionsKey": "subscription"}


@pytest.fixture(scope="module")
def examples(api: Caller) -> Examples:
    return Examples(api)


def call(api: Caller, endpoint: Row, keys: Keys, **query: str | int | None) -> requests.Response:
    """Call an endpoint with all its required parameters, and a body if it takes one."""
    required = {name: text for name, text in EVER.items() if name in _required(endpoint)}
    body = {field["name"]: "new@example.com" for field in endpoint["request_body"] or () if "[" not in field["name"]}
    body.pop("responses", None)
    url = f"{api.sandbox.url}{PRODUCT}{endpoint['path'].format(**keys)}"
    sent = body or None
    return api.session.request(endpoint["method"], url, params={**required, **query}, json=sent, timeout=10)


def _required(endpoint: Row) -> list[str]:
    return [parameter["name"] for parameter in endpoint["query_params"] if parameter["required"]]


def fetch_records(api: Caller, name: str, keys: Keys) -> list[Row]:
    """Return what an endpoint lists, whatever the envelope."""
    endpoint = ENDPOINTS[name]
    response = call(api, endpoint, keys, size=200)
    assert response.status_code == endpoint["success_status"]
    return unwrap(response.json(), (endpoint["alternative_envelope"] or endpoint)["items_key"])


def departures(endpoint: Row, records: list[Row]) -> list[str]:
    """Return how records depart from the table; only a registrant not approved may lack the join link."""
    also = UNDOCUMENTED.get(endpoint["id"], frozenset())
    fields = [{**field, "name": field["name"].removeprefix("*.")} for field in endpoint["fields"]]
    return [
        text
        for record in records
        for text in violations(record, fields, also=also)
        if not (text == "$: 'joinUrl' is a required property" and record.get("status") != "APPROVED")
    ]


def test_exactly_the_endpoints_named_here_are_served(api: Caller, examples: Examples) -> None:
    webinar_key = api.sandbox.control.add_webinar()
    [registrant_key] = api.sandbox.control.add_registrants(webinar_key)
    keys = {**examples.live_keys(), "webinarKey": webinar_key, "registrantKey": registrant_key}
    responses = {name: call(api, endpoint, keys) for name, endpoint in ENDPOINTS.items()}
    edge = {
        name
        for name, response in responses.items()
        if response.status_code == 404 and response.json()["errorCode"] == "NOT_FOUND"
    }
    assert ENDPOINTS.keys() - edge == set(SERVED)


@pytest.mark.parametrize("name", [name for name in SERVED if ENDPOINTS[name]["method"] == "GET"])
def test_every_record_has_the_documented_fields_and_types(name: str, api: Caller, examples: Examples) -> None:
    of_each_webinar = {keys.get("webinarKey"): keys for keys in examples.keys_of(ENDPOINTS[name]["path"])}
    records = [record for keys in of_each_webinar.values() for record in fetch_records(api, name, keys)]
    assert records
    assert departures(ENDPOINTS[name], records) == []


@pytest.mark.parametrize(
    ("name", "query"),
    [
        *(("registrants", query) for query in ({"page": "0"}, {"limit": "3"}, {"page": "1", "limit": "2"})),
        ("webinar_recording_assets", {}),
    ],
)
def test_a_flat_page_has_the_documented_envelope(
    name: str, query: dict[str, str], api: Caller, examples: Examples
) -> None:
    endpoint = ENDPOINTS[name]
    body = call(api, endpoint, examples.live_keys(), **query).json()
    assert violations(body, endpoint["envelope_fields"], also=frozenset({"data"})) == []
    assert departures(endpoint, body["data"]) == []


@pytest.mark.parametrize("name", [name for name in SERVED if ENDPOINTS[name]["envelope"] == "hal"])
def test_a_hal_page_has_the_documented_envelope(name: str, api: Caller, examples: Examples) -> None:
    body = call(api, ENDPOINTS[name], examples.live_keys()).json()
    assert violations(body, TABLE["hal_page"], also=frozenset({"_embedded"})) == []
    assert body["_embedded"].keys() == {ENDPOINTS[name]["items_key"].removeprefix("_embedded.")}


def test_a_registration_gets_the_documented_response(api: Caller, examples: Examples) -> None:
    endpoint = ENDPOINTS["create_registrant"]
    keys = {**examples.live_keys(), "webinarKey": api.sandbox.control.add_webinar()}
    response = call(api, endpoint, keys)
    assert response.status_code == endpoint["success_status"]
    assert departures(endpoint, [response.json()]) == []


@served
def test_a_required_parameter_left_out_gets_a_400(endpoint: Row, api: Caller, examples: Examples) -> None:
    for name in _required(endpoint):
        response = call(api, endpoint, examples.live_keys(), **{name: None})
        assert (response.status_code, response.json()["field"]) == (400, name)


@served
def test_a_missing_token_gets_403_invalid_token(endpoint: Row, api: Caller, examples: Examples) -> None:
    url = f"{api.sandbox.url}{PRODUCT}{endpoint['path'].format(**examples.live_keys())}"
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic abc"}):
        response = requests.request(endpoint["method"], url, headers=headers, timeout=10)
        assert response.status_code == 403
        assert response.json() == {"int_err_code": "InvalidToken", "msg": "Invalid token passed"}


@served
def test_a_wrong_key_gets_a_documented_error(endpoint: Row, api: Caller, examples: Examples, control: Control) -> None:
    keys = examples.live_keys()
    for name in (parameter["name"] for parameter in endpoint["path_params"]):
        unknown = 404 if name in {"webinarKey", "registrantKey", "sessionKey"} else 403
        assert unknown in endpoint["documented_errors"]
        cases: list[tuple[str, int, tuple[str, ...]]] = [(key, 400, ()) for key in ("a-1", "9" * 20, "-5")]
        cases.append(("1", unknown, ()))
        if name not in {"registrantKey", "sessionKey"}:
            cases.append((keys[name], 403, (keys[name],)))
        for key, status, forbidden in cases:
            control.configure(forbidden=forbidden)
            response = call(api, endpoint, {**keys, name: key})
            assert response.status_code == status
            assert violations(response.json(), PRODUCT_ERROR) == []


@pytest.mark.parametrize(
    ("damage", "violation"),
    [
        ({"registrantKey": "12"}, "$.registrantKey: '12' is not of type 'integer'"),
        ({"registrantKey": True}, "$.registrantKey: True is not of type 'integer'"),
        ({"status": "PENDING"}, "$.status: 'PENDING' does not match '^(?i:"),
        ({"registrationDate": "yesterday"}, "$.registrationDate: 'yesterday' does not match "),
        ({"shoeSize": 43}, "$: Additional properties are not allowed ('shoeSize' was unexpected)"),
        ({"responses": [{"question": 1}]}, "$.responses[0].question: 1 is not of type 'string'"),
        ({"responses": [{"mood": "fine"}]}, "$.responses[0]: Additional properties are not allowed ('mood' was"),
        ({"email": None}, "$: 'email' is a required property"),
    ],
)
def test_the_comparison_finds_violations(
    damage: dict[str, Any], violation: str, api: Caller, examples: Examples
) -> None:
    endpoint = ENDPOINTS["registrant"]
    right = call(api, endpoint, examples.live_keys()).json()
    assert departures(endpoint, [right]) == []
    damaged = {name: value for name, value in {**right, **damage}.items() if value is not None}
    (said,) = departures(endpoint, [damaged])
    assert said.startswith(violation)


# What the sandbox says that it has


OF_STREAMS = {
    **{name: name for name in ("panelists", "session_performance", "attendee_polls", "attendee_surveys")},
    "co_organizers": "coorganizers",
    "registration_fields": "registration_fields",
    "recordings": "webinar_recording_assets",
    "sessions": "organizer_sessions",
    "attendees": "session_attendees",
    **{name: f"session_{name}" for name in ("polls", "questions", "surveys")},
}
"""The endpoint of each stream whose records are the rows of a list."""


@pytest.mark.parametrize("stream", OF_STREAMS)
def test_the_records_of_a_list_are_its_rows(stream: str, api: Caller, examples: Examples) -> None:
    name = OF_STREAMS[stream]
    listed = [
        {**{key: value for key, value in keys.items() if value and key != "accountKey"}, **as_text(row)}
        for keys in examples.keys_of(ENDPOINTS[name]["path"])
        for row in fetch_records(api, name, keys)
    ]
    mine = {row["webinarKey"] for row in api.webinars()}
    expected = [row for row in api.sandbox.control.expected_records(stream)[stream] if row["webinarKey"] in mine]
    assert [{"organizerKey": api.organizer_key, **row} for row in expected] == listed != []


def test_the_record_of_a_webinar_has_the_fields_of_list_and_get_by_key(api: Caller, examples: Examples) -> None:
    expected = {row["webinarKey"]: row for row in api.sandbox.control.expected_records()["webinars"]}
    for row in as_text(fetch_records(api, "organizer_webinars", examples.organizer)):
        (by_key,) = as_text(fetch_records(api, "webinar", {**examples.organizer, "webinarKey": row["webinarKey"]}))
        assert row.pop("webinarId") == by_key["webinarID"]
        assert expected[row["webinarKey"]] == {**by_key, **row}


def test_the_record_of_a_registrant_has_the_details(api: Caller, examples: Examples) -> None:
    rows = api.sandbox.control.expected_records()["registrants"]
    expected = {(row["webinarKey"], row["registrantKey"]): row for row in rows}
    for keys in examples.keys_of(ENDPOINTS["registrant"]["path"]):
        (detailed,) = as_text(fetch_records(api, "registrant", keys))
        webinar = keys["webinarKey"]
        assert expected[webinar, keys["registrantKey"]] == {"webinarKey": webinar, **detailed}

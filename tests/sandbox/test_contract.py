"""Every response of the sandbox is what the table of documented endpoints says it is."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from gotowebinar_sandbox import Control

from .conftest import EVER, PRODUCT, TABLE, Caller
from .contract import violations

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


class Examples:
    """Existing keys to fill the placeholders of a path."""

    def __init__(self, api: Caller) -> None:
        self.api = api
        expected = api.sandbox.control.expected_records("webinars", "registrants", "attendees")
        self.webinars = [row for row in expected["webinars"] if row["organizerKey"] == api.organizer_key]
        self.registrants = {row["webinarKey"]: row for row in expected["registrants"]}
        self.attendees = {row["webinarKey"]: row for row in expected["attendees"] if row["attendance"]}

    def every_key(self) -> Iterator[dict[str, str]]:
        """Yield keys of every webinar of the organizer, with one of its registrants, an attendee if there is one."""
        names = ("sessionKey", "registrantKey")
        for webinar in self.webinars:
            key = webinar["webinarKey"]
            known = {**self.registrants.get(key, {}), **self.attendees.get(key, {})}
            yield {
                "accountKey": self.api.account_key,
                "organizerKey": self.api.organizer_key,
                "webinarKey": key,
                **{name: known.get(name, "") for name in names},
                "webhookKey": "hook",
                "userSubscriptionsKey": "subscription",
            }

    def live_keys(self) -> dict[str, str]:
        """Return keys of an upcoming webinar that has registrants, and attendees of a session that is over."""
        upcoming = {row["webinarKey"] for row in self.webinars if row["times"][-1]["endTime"] > "2026-03-11"}
        return next(keys for keys in self.every_key() if keys["webinarKey"] in upcoming and keys["sessionKey"])


@pytest.fixture(scope="module")
def examples(api: Caller) -> Examples:
    return Examples(api)


def call(api: Caller, endpoint: dict[str, Any], keys: dict[str, str], **query: str | None) -> requests.Response:
    """Call an endpoint with all its required parameters, and a body if it takes one."""
    required = {name: text for name, text in EVER.items() if name in _required(endpoint)}
    body = {field["name"]: "new@example.com" for field in endpoint["request_body"] or () if "[" not in field["name"]}
    body.pop("responses", None)
    url = f"{api.sandbox.url}{PRODUCT}{endpoint['path'].format(**keys)}"
    sent = body or None
    return api.session.request(endpoint["method"], url, params={**required, **query}, json=sent, timeout=10)


def _required(endpoint: dict[str, Any]) -> list[str]:
    return [parameter["name"] for parameter in endpoint["query_params"] if parameter["required"]]


def unwrap(body: Any, items_key: str | None) -> list[dict[str, Any]]:  # noqa: ANN401
    """Return the records of an answer; of a map its values."""
    if items_key == "*":
        return list(body.values())
    for name in (items_key or "").split(".") if items_key else ():
        body = body[name]
    return body if isinstance(body, list) else [body]


def departures(endpoint: dict[str, Any], records: list[dict[str, Any]]) -> list[str]:
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
    endpoint = ENDPOINTS[name]
    records = []
    for keys in examples.every_key():
        if any(f"{{{name}}}" in endpoint["path"] and not key for name, key in keys.items()):
            continue
        response = call(api, endpoint, keys)
        assert response.status_code == endpoint["success_status"]
        other = endpoint["alternative_envelope"]
        if endpoint["envelope"] == "hal" and "_embedded" not in response.json():
            continue
        records += unwrap(response.json(), other["items_key"] if other else endpoint["items_key"])
    assert records
    assert departures(endpoint, records) == []


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
def test_a_required_parameter_left_out_gets_a_400(endpoint: dict[str, Any], api: Caller, examples: Examples) -> None:
    for name in _required(endpoint):
        response = call(api, endpoint, examples.live_keys(), **{name: None})
        assert (response.status_code, response.json()["field"]) == (400, name)


@served
def test_a_missing_token_gets_403_invalid_token(endpoint: dict[str, Any], api: Caller, examples: Examples) -> None:
    url = f"{api.sandbox.url}{PRODUCT}{endpoint['path'].format(**examples.live_keys())}"
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic abc"}):
        response = requests.request(endpoint["method"], url, headers=headers, timeout=10)
        assert response.status_code == 403
        assert response.json() == {"int_err_code": "InvalidToken", "msg": "Invalid token passed"}


@served
def test_a_wrong_key_gets_a_documented_error(
    endpoint: dict[str, Any], api: Caller, examples: Examples, control: Control
) -> None:
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

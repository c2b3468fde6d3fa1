"""`Control.expected_records` returns what the API returns, with every key as text."""

from collections.abc import Iterator
from typing import Any

import pytest

from .conftest import EVER, PRODUCT, Caller

WEBINAR = "/organizers/{organizerKey}/webinars/{webinarKey}"
SESSION = f"{WEBINAR}/sessions/{{sessionKey}}"
ATTENDEE = f"{SESSION}/attendees/{{registrantKey}}"
Row = dict[str, Any]


def as_text(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return JSON with every key as text."""
    if isinstance(value, list):
        return [as_text(item) for item in value]
    if isinstance(value, dict):
        return {
            name: str(item) if name.endswith(("Key", "panelistId")) else as_text(item) for name, item in value.items()
        }
    return value


def rows(api: Caller, path: str, **keys: str) -> list[Row]:
    """Return what an endpoint lists, whatever the envelope."""
    body = api.get(PRODUCT + path.format(**keys), size=200, **EVER).json()
    if isinstance(body, dict) and "page" in body:
        (body,) = [body["data"]] if "data" in body else body.get("_embedded", {"": []}).values()
    found: list[Row] = as_text(body if isinstance(body, list) else [body])
    return found


def parents(api: Caller, path: str) -> Iterator[dict[str, str]]:
    """Yield the keys that a path needs, for all there is of the organizer."""
    organizer = {"organizerKey": api.organizer_key}
    if "{sessionKey}" in path:
        for session in rows(api, "/organizers/{organizerKey}/sessions", **organizer):
            keys = {**organizer, "webinarKey": session["webinarKey"], "sessionKey": session["sessionKey"]}
            people = rows(api, f"{SESSION}/attendees", **keys) if "{registrantKey}" in path else [{}]
            yield from ({**keys, **({"registrantKey": who["registrantKey"]} if who else {})} for who in people)
    elif "{webinarKey}" in path:
        webinars = rows(api, "/organizers/{organizerKey}/webinars", **organizer)
        yield from ({**organizer, "webinarKey": row["webinarKey"]} for row in webinars)
    else:
        yield organizer


@pytest.mark.parametrize(
    ("stream", "path"),
    [
        ("panelists", f"{WEBINAR}/panelists"),
        ("co_organizers", f"{WEBINAR}/coorganizers"),
        ("registration_fields", f"{WEBINAR}/registrants/fields"),
        ("recordings", "/webinars/{webinarKey}/recordingAssets"),
        ("sessions", "/organizers/{organizerKey}/sessions"),
        ("attendees", f"{SESSION}/attendees"),
        ("session_performance", f"{SESSION}/performance"),
        ("polls", f"{SESSION}/polls"),
        ("questions", f"{SESSION}/questions"),
        ("surveys", f"{SESSION}/surveys"),
        ("attendee_polls", f"{ATTENDEE}/polls"),
        ("attendee_surveys", f"{ATTENDEE}/surveys"),
    ],
)
def test_the_records_of_a_list_are_its_rows(stream: str, path: str, api: Caller) -> None:
    listed = [{**keys, **row} for keys in parents(api, path) for row in rows(api, path, **keys)]
    mine = {row["webinarKey"] for row in api.webinars()}
    expected = [row for row in api.sandbox.control.expected_records(stream)[stream] if row["webinarKey"] in mine]
    assert [{"organizerKey": api.organizer_key, **row} for row in expected] == listed != []


def test_the_record_of_a_webinar_has_the_fields_of_list_and_get_by_key(api: Caller) -> None:
    expected = {row["webinarKey"]: row for row in api.sandbox.control.expected_records()["webinars"]}
    for row in rows(api, "/organizers/{organizerKey}/webinars", organizerKey=api.organizer_key):
        (by_key,) = rows(api, WEBINAR, organizerKey=api.organizer_key, webinarKey=row["webinarKey"])
        assert row.pop("webinarId") == by_key["webinarID"]
        assert expected[row["webinarKey"]] == {**by_key, **row}


def test_the_record_of_a_registrant_has_the_details(api: Caller) -> None:
    expected = {
        (row["webinarKey"], row["registrantKey"]): row for row in api.sandbox.control.expected_records()["registrants"]
    }
    for keys in parents(api, WEBINAR):
        for row in rows(api, f"{WEBINAR}/registrants", **keys):
            key = row["registrantKey"]
            (detailed,) = rows(api, f"{WEBINAR}/registrants/{key}", **keys)
            assert expected[keys["webinarKey"], key] == {"webinarKey": keys["webinarKey"], **detailed}

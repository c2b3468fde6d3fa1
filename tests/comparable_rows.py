"""Rows compared by what they tell, however the tap and the wire write it."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from gotowebinar_sandbox import Control
from tests.schema_files import STREAM_SCHEMAS

Row = dict[str, Any]

OF_SESSIONS: Final = (
    *("sessions", "session_performance", "attendees", "polls", "questions", "surveys"),
    *("attendee_polls", "attendee_surveys"),
)
KINDS: Final = (*OF_SESSIONS, "panelists", "co_organizers", "registration_fields", "recordings")
"""What the sandbox is asked for beside organizers, webinars and registrants."""

SOURCES: Final = {
    **{kind: kind for kind in ("organizers", "webinars", "registrants", *KINDS)},
    "webinar_details": "webinars",
    "registrant_details": "registrants",
}
"""Which truth each stream is about."""

NOT_COMPARED: Final = {
    # What the identity of an organizer says beside names and addresses.
    "organizers": {"accounts", "displayName", "locale", "timeZone", "userName"},
    # The list does not send it.
    "webinars": {"inSession", "numberOfRegistrants"},
    # Only the times to come are sent there, and the other in small letters.
    "webinar_details": {"times", "experienceType"},
    # Becomes another when the webinar is moved, which nothing but another look at everybody's details would show.
    "registrant_details": {"type"},
}

NOT_ON_THE_WIRE: Final = frozenset({"organizerKey", "pollKey", "questionKey", "surveyKey"})
"""Keys that the tap makes, or takes from the parent."""


def told(row: Row) -> Row:
    """What a row says: no nulls, no keys that are not on the wire, times without their fractions."""
    whole: Row = plain(row)
    return {name: value for name, value in whole.items() if name not in NOT_ON_THE_WIRE}


def without_nulls(row: Row) -> Row:
    """What GoTo sent of a row; the rest of its fields are null."""
    return {name: value for name, value in row.items() if value is not None}


def plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        sent = without_nulls(value).items()
        return {"webinarID" if name == "webinarId" else name: plain(item) for name, item in sent}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"\d{1,6}", value) else re.sub(r"(\d\d:\d\d:\d\d)(\.\d+)?Z$", r"\1Z", value)
    return value


def bag(rows: Iterable[Row]) -> Counter[str]:
    """Rows without their order."""
    return Counter(json.dumps(told(row), sort_keys=True) for row in rows)


def truth_of(control: Control) -> dict[str, list[Row]]:
    """All that the sandbox knows."""
    return {**control.expected_records(), **control.expected_records(*KINDS)}


def comparable(stream: str, rows: Iterable[Row]) -> Counter[str]:
    """Rows of a stream, as stored or in the truth, by what the columns of the stream tell."""
    columns = STREAM_SCHEMAS[stream]["properties"].keys() - NOT_COMPARED.get(stream, set())
    return bag({name: row.get(name) for name in columns} for row in rows)

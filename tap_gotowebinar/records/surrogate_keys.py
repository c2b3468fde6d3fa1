"""Keys for rows that GoTo gives none; they depend neither on the run nor on the order of the rows."""

import hashlib
from collections import defaultdict

import msgspec
from singer_sdk.helpers.types import Record


def add_surrogate_keys(rows: list[Record], name: str, *identity: str) -> list[Record]:
    """Return all rows of a session, or of an attendee of one, with a key `name` made of fields that never change.

    Rows with the same identity are numbered by their content, not by their place: first by the choices of a poll, which
    do not change, then by everything else.
    """
    alike: defaultdict[bytes, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        alike[msgspec.json.encode([row.get(field) for field in identity])].append(place)
    keys: dict[int, str] = {}
    for identified, places in alike.items():
        for number, place in enumerate(sorted(places, key=lambda place: _content(rows[place])), start=1):
            keys[place] = hashlib.sha256(b"%d %b" % (number, identified)).hexdigest()[:32]
    return [{name: keys[place], **row} for place, row in enumerate(rows)]


def _content(row: Record) -> tuple[list[str], bytes]:
    choices = sorted(str(response.get("text")) for response in row.get("responses") or ())
    return choices, msgspec.json.encode(sorted(row.items()))

"""Keys for rows that GoTo gives none; they depend neither on the run nor on the order of the rows."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import Any

import msgspec

Row = dict[str, Any]


def add_surrogate_keys(rows: list[Row], name: str, *identity: str) -> list[Row]:
    """Return rows with a key made of the fields that identify them.

    Rows with the same identity are numbered by their content, not by their place: first by the choices of a poll, which
    do not change, then by everything else.

    Args:
        rows: All rows of a session, or of an attendee of one.
        name: The key's name.
        identity: Fields that never change.
    """
    alike: defaultdict[bytes, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        alike[msgspec.json.encode([row.get(field) for field in identity])].append(place)
    keys: dict[int, str] = {}
    for identified, places in alike.items():
        for number, place in enumerate(sorted(places, key=lambda place: _content(rows[place])), start=1):
            keys[place] = hashlib.sha256(b"%d %b" % (number, identified)).hexdigest()[:32]
    return [{name: keys[place], **row} for place, row in enumerate(rows)]


def _content(row: Row) -> tuple[list[str], bytes]:
    choices = sorted(str(response.get("text")) for response in row.get("responses") or ())
    return choices, msgspec.json.encode(sorted(row.items()))

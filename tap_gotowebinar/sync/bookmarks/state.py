"""The form of the state: how rosters are packed, and what of a state from outside can be believed.

State looks like `{"bookmarks": {"registrants": {"version": 1, "webinars": {"<webinarKey>": {entry}}}}}`, and with
`organizers` by organizerKey where sessions are remembered: maps, because Meltano merges maps and replaces lists. Beside
the bookmarks stands `origin`: whose data they are about. What cannot be understood is refused with the place where it
stands: to take it for nothing would be a full reload without a word.
"""

from __future__ import annotations

import base64
import binascii
import struct
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tap_gotowebinar.api.errors import GoToWebinarError
from tap_gotowebinar.api.redaction import mask
from tap_gotowebinar.api.responses import is_key
from tap_gotowebinar.records.timestamps import canonical_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

VERSION: Final = 1
"""Version of the state's form; a later one is refused rather than misread."""

Entry = dict[str, Any]
"""What is remembered of one webinar, or of the sessions of one organizer."""

KNOWN_FIELDS: Final = {"version", "partitions", "replication_key_signpost", "starting_replication_value"}
"""Fields that a stream's state may have beside the entries: ours, and what the SDK leaves there."""

_ROW: Final = struct.Struct(">QI")
"""A roster row: the key (up to 19 digits fit 64 bits) and the hash. 12 bytes, 16 characters in base64."""


class StateError(GoToWebinarError):
    """A state that cannot be understood; reading everything again without a word would be worse than stopping."""

    def __init__(self, *, where: str, what: str) -> None:
        """Say what is wrong, where, and what to do about it."""
        super().__init__(
            f"the state is damaged: {where} {what}; restore an earlier state, or remove that entry to read it anew"
        )


class Origin(NamedTuple):
    """Who was read, in fingerprints: another login, token or client of the same user changes nothing.

    Attributes:
        owner: The user whom the token belongs to; None: GoTo has not told.
        keys: The organizers and accounts that were read.
    """

    owner: str | None = None
    keys: frozenset[str] = frozenset()

    @classmethod
    def of(cls, value: object) -> Origin:
        """Return what a state says of its origin; None, as earlier releases leave it, says nothing.

        Raises:
            StateError: it cannot be understood.
        """
        entry = mapping({} if value is None else value, "origin")
        owner, keys = entry.get("owner"), entry.get("keys") or []
        if not isinstance(keys, list) or not all(isinstance(item, str) for item in [owner or "", *keys]):
            raise StateError(where="origin", what="cannot be what was written there")
        return cls(owner or None, frozenset(keys))

    def entry(self) -> dict[str, Any]:
        """Return it as it stands in the state."""
        return {"owner": self.owner, "keys": sorted(self.keys)}


def pack(roster: Mapping[int, int]) -> str:
    """Return a roster as text, 16 characters a row."""
    return base64.b64encode(b"".join(_ROW.pack(*row) for row in sorted(roster.items()))).decode()


def unpack(text: str) -> dict[int, int]:
    """Return the roster that `pack` made a text of.

    Raises:
        ValueError: it is none.
    """
    data = base64.b64decode(text, validate=True)
    if len(data) % _ROW.size:
        msg = "half a row"
        raise ValueError(msg)
    return dict(_ROW.iter_unpack(data))


def stream_states(state: object) -> Mapping[str, object]:
    """Return what a state says of each stream; no state, and an empty one, say nothing.

    Raises:
        StateError: it is no state.
    """
    if state is None or state == {}:
        return {}
    whole = mapping(state, "all of it")
    if "bookmarks" not in whole:
        # The envelope of another tool, perhaps, with the state inside.
        raise StateError(where="all of it", what="has no bookmarks")
    return mapping(whole["bookmarks"], "bookmarks")


def loaded_entries(value: object, where: str, parents: str = "webinars") -> dict[str, Entry]:
    """Return the entries of a stream's state by webinarKey, or by organizerKey.

    Partitions, as a tap without rosters leaves them, become entries that hold a bookmark only.

    Args:
        value: What the state says of the stream.
        where: Its place, for errors.
        parents: What the entries are about: `webinars` or `organizers`.

    Raises:
        StateError: it cannot be understood.
    """
    stream_state = mapping(value, where)
    if stream_state.get("version", VERSION) != VERSION:
        raise StateError(where=where, what=f"has another version than {VERSION}, the one that this release reads")
    if "replication_key_value" in stream_state:
        raise StateError(where=where, what=f"has one bookmark for all {parents}, which says nothing of each of them")
    if unknown := sorted(stream_state.keys() - KNOWN_FIELDS - {parents}):
        raise StateError(where=where, what=f"has a field '{mask(unknown[0])}', which means nothing")
    entries = _from_partitions(stream_state.get("partitions", []), f"{where}.partitions")
    for key, entry in mapping(stream_state.get(parents, {}), f"{where}.{parents}").items():
        if not is_key(key):
            kind = f"{parents.removesuffix('s')}Key"
            raise StateError(where=f"{where}.{parents}", what=f"has the name '{mask(str(key))}', which is no {kind}")
        entries[key] = _checked(entry, f"{where}.{parents}.{key}")
    return entries


def mapping(value: object, where: str) -> Mapping[str, Any]:
    """Return a JSON object of the state.

    Raises:
        StateError: it is something else.
    """
    if not isinstance(value, dict):
        raise StateError(where=where, what="is not a JSON object")
    return value


def _from_partitions(partitions: object, where: str) -> dict[str, Entry]:
    if not isinstance(partitions, list):
        raise StateError(where=where, what="is not a list")
    entries: dict[str, Entry] = {}
    for number, item in enumerate(partitions):
        place = f"{where}[{number}]"
        partition = mapping(item, place)
        key = str(mapping(partition.get("context"), f"{place}.context").get("webinarKey"))
        if not is_key(key):
            raise StateError(where=f"{place}.context", what="has no webinarKey")
        bookmark = partition.get("replication_key_value")
        if bookmark is not None:
            entry = _checked({"replication_key_value": bookmark}, place)
            # Of a webinar that has two, under two organizers, the earlier one loses nothing.
            entries[key] = min(entry, entries.get(key, entry), key=_bookmark)
    return entries


def _bookmark(entry: Entry) -> str:
    return canonical_time(entry["replication_key_value"]) or ""


def _checked(value: object, where: str) -> Entry:
    entry = mapping(value, where)
    for name, item in entry.items():
        if name not in _USABLE:
            raise StateError(where=where, what=f"has '{mask(name)}', which no release writes")
        if item is not None and not _USABLE[name](item):
            raise StateError(where=f"{where}.{name}", what="cannot be what was written there")
    return {name: item for name, item in entry.items() if item is not None}


def _is_time(value: object) -> bool:
    return canonical_time(value) is not None


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_key(value: object) -> bool:
    return is_key(value)


def _are_sessions(value: object) -> bool:
    return isinstance(value, dict) and all(
        is_key(key)
        and isinstance(entry, dict)
        and entry.keys() <= _USABLE_OF_A_SESSION.keys()
        and all(_USABLE_OF_A_SESSION[name](item) for name, item in entry.items())
        for key, entry in value.items()
    )


def _is_roster(value: object) -> bool:
    try:
        return isinstance(value, str) and unpack(value) is not None
    except (binascii.Error, ValueError):
        return False


_USABLE: Final[dict[str, Callable[[object], bool]]] = {
    "replication_key_value": _is_time,
    "count": _is_count,
    "read_at": _is_time,
    "roster": _is_roster,
    "hash": _is_hash,
    "start": _is_time,
    "account": _is_key,
    "sessions": _are_sessions,
}
"""The names in an entry, and what tells a value that may stand there."""

_USABLE_OF_A_SESSION: Final[dict[str, Callable[[object], bool]]] = {
    "read_at": _is_time,
    "hash": _is_hash,
    "roster": _is_roster,
    "upto": _is_key,
}
"""The same of an entry of one session."""

"""The form of the state: how rosters are packed, and which states are accepted.

A state looks like `{"bookmarks": {"registrants": {"version": 1, "webinars": {"<webinarKey>": {entry}}}}}`, with
`organizers` and organizerKeys where sessions are remembered: maps, because Meltano merges maps and replaces lists.
Beside the bookmarks stands `origin`: whose data they are about. A state that cannot be understood is an error that
names the place: to ignore it would cause a silent full reload.
"""

import base64
import struct
from collections.abc import Mapping
from typing import Annotated, Any, Final, NamedTuple, Self

import msgspec

from tap_gotowebinar.api.errors import GoToWebinarError
from tap_gotowebinar.api.redaction import mask
from tap_gotowebinar.api.responses import is_key
from tap_gotowebinar.records.timestamps import canonical_time

VERSION: Final = 1
"""Version of the state's form."""

Entry = dict[str, Any]
"""What is remembered of one webinar or organizer."""

_ROW: Final = struct.Struct(">QI")
"""A roster row: the key (up to 19 digits fit 64 bits) and the hash. 12 bytes, 16 characters in base64."""


class StateError(GoToWebinarError):
    """The state cannot be understood."""

    def __init__(self, *, where: str, what: str) -> None:
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
    def of(cls, value: object) -> Self:
        """Return what a state says of its origin, nothing if it is None, as in earlier releases; raises StateError."""
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
    """Return the roster of a text that `pack` made; raises ValueError for any other text."""
    try:
        return dict(_ROW.iter_unpack(base64.b64decode(text, validate=True)))
    except struct.error as error:
        raise ValueError(str(error)) from None


def stream_states(state: object) -> Mapping[str, object]:
    """Return the state of each stream by its name, none for an empty state; raises StateError for what is no state."""
    if state is None or state == {}:
        return {}
    whole = mapping(state, "all of it")
    if "bookmarks" not in whole:
        # The envelope of another tool, perhaps, with the state inside.
        raise StateError(where="all of it", what="has no bookmarks")
    return mapping(whole["bookmarks"], "bookmarks")


def loaded_entries(value: object, where: str, parents: str = "webinars") -> dict[str, Entry]:
    """Return the entries of a stream's state by webinarKey or organizerKey; `where` it stands is told in errors.

    Partitions, as an SDK tap leaves them, become entries that hold a bookmark only.

    Raises:
        StateError: it cannot be understood.
    """
    stream_state = mapping(value, where)
    if stream_state.get("version", VERSION) != VERSION:
        raise StateError(where=where, what=f"has another version than {VERSION}, the one that this release reads")
    if "replication_key_value" in stream_state:
        raise StateError(where=where, what=f"has one bookmark for all {parents}, which says nothing of each of them")
    known = {"version", "partitions", "replication_key_signpost", "starting_replication_value", parents}
    if unknown := sorted(stream_state.keys() - known):
        raise StateError(where=where, what=f"has an unknown field '{mask(unknown[0])}'")
    entries = _from_partitions(stream_state.get("partitions", []), f"{where}.partitions")
    for key, entry in mapping(stream_state.get(parents, {}), f"{where}.{parents}").items():
        if not is_key(key):
            kind = f"{parents.removesuffix('s')}Key"
            raise StateError(where=f"{where}.{parents}", what=f"has the name '{mask(str(key))}', which is no {kind}")
        entries[key] = _checked(entry, f"{where}.{parents}.{key}")
    return entries


def mapping(value: object, where: str) -> Mapping[str, Any]:
    """Return a JSON object of the state; raises StateError for anything else."""
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


class _Time:
    """A time in any ISO 8601 form."""


class _Roster:
    """A packed roster."""


class _Key:
    """A key, as text."""


_Hash = Annotated[str, msgspec.Meta(min_length=1)]


class _SessionEntry(msgspec.Struct, forbid_unknown_fields=True):
    read_at: _Time | msgspec.UnsetType = msgspec.UNSET
    hash: _Hash | msgspec.UnsetType = msgspec.UNSET
    roster: _Roster | msgspec.UnsetType = msgspec.UNSET
    upto: _Key | msgspec.UnsetType = msgspec.UNSET


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    replication_key_value: _Time | None = None
    count: Annotated[int, msgspec.Meta(ge=0)] | None = None
    read_at: _Time | None = None
    roster: _Roster | None = None
    hash: _Hash | None = None
    start: _Time | None = None
    account: _Key | None = None
    sessions: dict[Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,20}\Z")], _SessionEntry] | None = None


def _checked(value: object, where: str) -> Entry:
    entry = mapping(value, where)
    try:
        msgspec.convert(entry, _Entry, dec_hook=_marker)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at ")
        place = place.rpartition("$")[2].strip("`")
        raise StateError(where=where + place, what=f"cannot have been written there: {mask(what)}") from None
    return {name: item for name, item in entry.items() if item is not None}


def _marker(kind: type[object], value: object) -> object:
    """Check a value whose type JSON does not have; the result is thrown away."""
    is_valid = {_Time: canonical_time, _Key: is_key, _Roster: _is_roster}[kind]
    if not is_valid(value):
        msg = f"Expected a {kind.__name__.strip('_').lower()}"
        raise ValueError(msg)
    return kind()


def _is_roster(value: object) -> bool:
    try:
        return isinstance(value, str) and unpack(value) is not None
    except ValueError:
        return False

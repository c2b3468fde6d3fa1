"""What has been emitted: one memory per stream and webinar, and the state it is kept in between runs.

A row is emitted when this stream has not emitted it before, or when it has changed since. For that, a webinar's
entry holds a `roster`: the key of every row emitted with a short hash of the list row as emitted. Order, equal
instants, late or odd dates and the clocks of others do not matter then.

State looks like `{"bookmarks": {"registrants": {"version": 1, "webinars": {"<webinarKey>": {entry}}}}}`: a map, because
Meltano merges maps and replaces lists. The identity is the webinarKey alone: a webinar that moves keeps its memory.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tap_gotowebinar.errors import GoToWebinarError
from tap_gotowebinar.records import canonical_time

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION: Final = 1
"""Version of the roster's form; a later one is refused rather than misread."""

HASHED_FIELDS: Final = (
    "email",
    "firstName",
    "joinUrl",
    "lastName",
    "registrationDate",
    "status",
    "timeZone",
)
"""Fields of a list row whose change makes it a changed row. Fixed: one more would make every row of every user new."""

_ROW: Final = struct.Struct(">QI")
"""A roster row: the key (up to 19 digits fit 64 bits) and the hash. 12 bytes, 16 characters in base64."""


class StateError(GoToWebinarError):
    """A state that cannot be understood; reading everything again without a word would be worse than stopping."""


def row_hash(row: Mapping[str, Any]) -> int:
    """Return 32 bits that differ (but for one in four thousand million times) when a list row has changed."""
    return zlib.crc32(msgspec.json.encode([row.get(name) for name in HASHED_FIELDS]))


class WebinarBookmark:
    """What one stream has emitted of one webinar."""

    __slots__ = ("_roster", "newest", "packed")

    def __init__(self, entry: Mapping[str, Any] | None = None) -> None:
        """Start empty, or from an entry of the state; its roster is unpacked when it is first needed."""
        entry = entry or {}
        self.newest: str | None = canonical_time(entry.get("replication_key_value"))
        self.packed: str | None = entry.get("roster") or None
        self._roster: dict[int, int] | None = None

    @property
    def roster(self) -> dict[int, int]:
        """Key of every row emitted, and its hash."""
        if self._roster is None:
            self._roster = _unpack(self.packed) if self.packed else {}
        return self._roster

    def is_due(self, row: Mapping[str, Any]) -> bool:
        """Whether a list row is new or changed."""
        return self.roster.get(int(row["registrantKey"])) != row_hash(row)

    def remember(self, row: Mapping[str, Any], *, not_after: str) -> None:
        """Note that a list row has been emitted.

        Args:
            row: The list row.
            not_after: Start of the run; a date later than this never becomes the bookmark.
        """
        self.roster[int(row["registrantKey"])] = row_hash(row)
        self.packed = None
        date = row.get("registrationDate")
        if date:
            self.newest = max(self.newest or "", min(date, not_after))

    def entry(self) -> dict[str, Any]:
        """Return the entry for the state."""
        if self.packed is None and self._roster:
            self.packed = _pack(self._roster)
        entry: dict[str, Any] = {}
        if self.newest:
            entry |= {"replication_key": "registrationDate", "replication_key_value": self.newest}
        if self.packed:
            entry["roster"] = self.packed
        return entry


class StreamBookmarks:
    """The bookmarks of one stream, by webinarKey."""

    def __init__(self, stream_state: Mapping[str, Any] | None = None) -> None:
        """Start empty, or from a stream's part of the state."""
        self._entries: dict[str, Mapping[str, Any]] = dict((stream_state or {}).get("webinars", {}))
        self._open: dict[str, WebinarBookmark] = {}
        self.changes = 0

    def of(self, webinar_key: str) -> WebinarBookmark:
        """Return the bookmark of a webinar."""
        if webinar_key not in self._open:
            self._open[webinar_key] = WebinarBookmark(self._entries.get(webinar_key))
        return self._open[webinar_key]

    def remember(self, webinar_key: str, row: Mapping[str, Any], *, not_after: str) -> None:
        """Note that a list row of a webinar has been emitted."""
        self.of(webinar_key).remember(row, not_after=not_after)
        self.changes += 1

    def state(self) -> dict[str, Any]:
        """Return the stream's part of the state."""
        for key, bookmark in self._open.items():
            if entry := bookmark.entry():
                self._entries[key] = entry
        return {"version": VERSION, "webinars": dict(self._entries)}


class Bookmarks:
    """The bookmarks of all streams, and their state."""

    def __init__(self, state: object = None) -> None:
        """Start empty, or from what an earlier run printed.

        Raises:
            StateError: `state` is not what this tap, or an SDK tap, prints.
        """
        self._streams: dict[str, StreamBookmarks] = {}
        self._foreign: dict[str, Any] = {}
        for name, stream_state in _mapping(_mapping(state, "the state").get("bookmarks"), "bookmarks").items():
            self._load(name, _mapping(stream_state, f"bookmarks.{name}"))

    def of(self, stream: str) -> StreamBookmarks:
        """Return the bookmarks of a stream."""
        return self._streams.setdefault(stream, StreamBookmarks())

    @property
    def changes(self) -> int:
        """How many rows have been remembered in this run."""
        return sum(stream.changes for stream in self._streams.values())

    def state(self) -> dict[str, Any]:
        """Return the state as it is to be printed."""
        streams = {name: stream.state() for name, stream in self._streams.items()}
        return {"bookmarks": self._foreign | {name: state for name, state in streams.items() if state["webinars"]}}

    def _load(self, name: str, stream_state: Mapping[str, Any]) -> None:
        if "webinars" not in stream_state:
            # Partitions of a tap that kept no roster say nothing about single rows: they are passed on unread.
            self._foreign[name] = dict(stream_state)
            return
        version = stream_state.get("version", VERSION)
        if version != VERSION:
            msg = (
                f"bookmarks.{name} of the state has version {version!r}, and this release reads version {VERSION}: "
                "use the release that wrote it, or remove that entry to read the stream anew"
            )
            raise StateError(msg)
        webinars = _mapping(stream_state["webinars"], f"bookmarks.{name}.webinars")
        for key, entry in webinars.items():
            _check_entry(_mapping(entry, f"bookmarks.{name}.webinars.{key}"), f"bookmarks.{name}.webinars.{key}")
        self._streams[name] = StreamBookmarks(stream_state)


def _check_entry(entry: Mapping[str, Any], where: str) -> None:
    newest = entry.get("replication_key_value")
    if newest is not None and canonical_time(newest) is None:
        raise StateError(_DAMAGED.format(where=where, what="a replication_key_value that is no time"))
    roster = entry.get("roster")
    if roster is not None and not (isinstance(roster, str) and _is_packed(roster)):
        raise StateError(_DAMAGED.format(where=where, what="a damaged roster"))


_DAMAGED: Final = "{where} of the state has {what}: restore an earlier state, or remove that entry to read it anew"


def _mapping(value: object, where: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        msg = f"{where} is not a JSON object: restore an earlier state, or start without one"
        raise StateError(msg)
    return value


def _is_packed(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) % _ROW.size == 0
    except (binascii.Error, ValueError):
        return False


def _pack(roster: Mapping[int, int]) -> str:
    return base64.b64encode(b"".join(_ROW.pack(*row) for row in sorted(roster.items()))).decode()


def _unpack(text: str) -> dict[int, int]:
    return dict(_ROW.iter_unpack(base64.b64decode(text)))

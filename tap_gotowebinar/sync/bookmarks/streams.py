"""What has been emitted: one memory per stream and webinar (or organizer), and the state it is kept in between runs.

A row is emitted when its stream has not emitted it before, or when it has changed since. The identity is the webinarKey
alone: a webinar that moves keeps its memory. Nothing here asks for the time; it is always passed in.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import msgspec

from tap_gotowebinar.records.timestamps import to_iso_seconds
from tap_gotowebinar.sync.bookmarks.state import VERSION, Origin, loaded_entries, mapping, stream_states, unpack

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from tap_gotowebinar.sync.bookmarks.state import Entry
    from tap_gotowebinar.sync.schedule import WebinarTiming

Row = dict[str, Any]
"""A record as it comes out."""


class RecordBookmark:
    """The one record that was emitted of a webinar, as a hash.

    Attributes:
        read_at: When it was last read; only while the webinar is settled.
    """

    __slots__ = ("_hash", "read_at")

    def __init__(self, entry: Mapping[str, Any]) -> None:
        """Start from an entry of the state."""
        self._hash: str | None = entry.get("hash")
        self.read_at: str | None = entry.get("read_at")

    @property
    def is_known(self) -> bool:
        """Whether the record has been emitted."""
        return self._hash is not None

    def is_due(self, record: Row) -> bool:
        """Whether a record is new or changed."""
        return not is_hash_of(self._hash, [record])

    def remember(self, record: Row) -> None:
        """Note that a record has been emitted."""
        self._hash = rows_hash([record])

    def mark_read(self, timing: WebinarTiming, *, settled: bool) -> bool:
        """Note that the webinar has been read.

        Returns:
            Whether anything changed.
        """
        before, self.read_at = self.read_at, to_iso_seconds(timing.now) if settled else None
        return before != self.read_at

    def entry(self) -> dict[str, Any]:
        """Return the entry for the state."""
        entry = {"hash": self._hash, "read_at": self.read_at}
        return {name: value for name, value in entry.items() if value is not None}


class RowsBookmark:
    """The rows that were emitted of a webinar, as one hash.

    Attributes:
        read_at: When they were last read.
    """

    __slots__ = ("_hash", "read_at")

    def __init__(self, entry: Mapping[str, Any]) -> None:
        """Start from an entry of the state."""
        self._hash: str | None = entry.get("hash")
        self.read_at: str | None = entry.get("read_at")

    def is_due(self, rows: Sequence[Row]) -> bool:
        """Whether rows are new or changed; their order does not matter."""
        return not is_hash_of(self._hash, rows)

    def mark_read(self, rows: Sequence[Row], now: dt.datetime | None) -> None:
        """Note that rows have been emitted if they were due, and when all of them were read; None: some are missing."""
        self._hash = rows_hash(rows)
        if now is not None:
            self.read_at = to_iso_seconds(now)

    def entry(self) -> dict[str, Any]:
        """Return the entry for the state."""
        entry = {"hash": self._hash, "read_at": self.read_at}
        return {name: value for name, value in entry.items() if value is not None}


class Bookmark(Protocol):
    """What the bookmarks of all streams have in common."""

    def __init__(self, entry: Mapping[str, Any]) -> None:
        """Start from an entry of the state."""

    def entry(self) -> dict[str, Any]:
        """Return the entry for the state."""


B = TypeVar("B", bound=Bookmark)


class StreamBookmarks(Generic[B]):
    """The bookmarks of one stream, by webinarKey or organizerKey.

    Attributes:
        changes: How often one of them has changed in this run.
    """

    def __init__(self, kind: Callable[[Mapping[str, Any]], B], entries: dict[str, dict[str, Any]]) -> None:
        """Start from the entries of the state.

        Args:
            kind: Makes a bookmark of an entry.
            entries: Entries by key; kept up to date by `state`.
        """
        self._kind = kind
        self._entries = entries
        self._open: dict[str, B] = {}
        self.changes = 0

    def get(self, key: str) -> B:
        """Return the bookmark of a webinar or organizer."""
        if key not in self._open:
            self._open[key] = self._kind(self._entries.get(key, {}))
        return self._open[key]

    def all(self) -> dict[str, B]:
        """Return all bookmarks by key."""
        return {key: self.get(key) for key in self._entries.keys() | self._open.keys()}

    def changed(self) -> None:
        """Note that a bookmark is no longer what the last STATE said."""
        self.changes += 1

    def state(self) -> dict[str, dict[str, Any]]:
        """Return the entries by key."""
        for key, bookmark in self._open.items():
            if entry := bookmark.entry():
                self._entries[key] = entry
            else:
                self._entries.pop(key, None)
        return self._entries


class Bookmarks:
    """The bookmarks of all streams, and the state they come from and go to.

    Attributes:
        origin: Whose data they are about.
    """

    def __init__(
        self,
        state: object = None,
        kinds: Mapping[str, type[Bookmark]] | None = None,
        organizer_keyed: Collection[str] = (),
    ) -> None:
        """Start empty, or from what an earlier run printed.

        Args:
            state: What was printed.
            kinds: How each stream remembers, by its name. What the state says of others, a later release's perhaps, is
                printed again as it came.
            organizer_keyed: Names of those that remember by organizerKey; the others do by webinarKey.

        Raises:
            StateError: `state` is not what this tap, or an SDK tap, prints.
        """
        states = stream_states(state)
        self.origin = Origin.of(mapping(state or {}, "all of it").get("origin"))
        self._origin_changes = 0
        self._streams: dict[str, StreamBookmarks[Any]] = {}
        self._loaded = {name for name, value in states.items() if value}
        self._kinds = dict(kinds or {})
        self._parents = dict.fromkeys(self._kinds, "webinars") | dict.fromkeys(organizer_keyed, "organizers")
        self._foreign = {name: value for name, value in states.items() if name not in self._parents}
        self._entries: dict[str, dict[str, Entry]] = {
            name: loaded_entries(value, f"bookmarks.{name}", self._parents[name])
            for name, value in states.items()
            if name in self._parents
        }

    def has_state_for(self, stream: str) -> bool:
        """Whether an earlier run has remembered anything of a stream."""
        return stream in self._loaded

    def get(self, stream: str, kind: Callable[[Mapping[str, Any]], B]) -> StreamBookmarks[B]:
        """Return the bookmarks of a stream."""
        if stream not in self._streams:
            self._streams[stream] = StreamBookmarks(kind, self._entries.setdefault(stream, {}))
        return self._streams[stream]

    def all_of_kind(self, kind: type[B]) -> list[StreamBookmarks[B]]:
        """Return the bookmarks of all streams that remember in a certain way."""
        return [self.get(stream, kind) for stream, found in self._kinds.items() if found is kind]

    def webinars(self) -> set[int]:
        """Return the webinars that the state knows."""
        known: set[int] = set()
        for name, entries in self._entries.items():
            if self._parents[name] == "webinars":
                known.update(map(int, entries))
            else:
                known.update(*(unpack(entry.get("roster", "")) for entry in entries.values()))
        return known

    def note_origin(self, origin: Origin) -> None:
        """Note whose data the bookmarks are about."""
        # A state that knows nothing need not be printed for this.
        self._origin_changes += origin != self.origin and any(self._entries.values())
        self.origin = origin

    @property
    def changes(self) -> int:
        """How often any bookmark has changed in this run."""
        return self._origin_changes + sum(stream.changes for stream in self._streams.values())

    def state(self) -> dict[str, Any]:
        """Return the state as it is to be printed, streams that were not read this time included."""
        for stream in self._streams.values():
            stream.state()
        streams = {name: entries for name, entries in self._entries.items() if entries}
        ours = {
            name: {"version": VERSION, self._parents.get(name, "webinars"): entries}
            for name, entries in streams.items()
        }
        origin = {"origin": self.origin.entry()} if self.origin != Origin() else {}
        return {"bookmarks": {**self._foreign, **ours}, **origin}


def rows_hash(rows: Iterable[Row]) -> str:
    """Return 32 bits that differ when rows have changed, whatever order they came in; null is the same as absent."""
    return _joined_hash(map(_line_without_nulls, rows))


def is_hash_of(known: str | None, rows: Sequence[Row]) -> bool:
    """Whether a hash from the state is that of rows; earlier releases told null from absent."""
    return known is not None and (known == rows_hash(rows) or known == _joined_hash(map(_line, rows)))


def without_nulls(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return JSON without the fields that are null, at whatever depth."""
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def _joined_hash(lines: Iterable[bytes]) -> str:
    return f"{zlib.crc32(b','.join(sorted(lines))):08x}"


def _line(row: Row) -> bytes:
    return msgspec.json.encode(sorted(row.items()))


def _line_without_nulls(row: Row) -> bytes:
    line = _line(row)
    # Few rows hold any, and to look into each would take longer than to encode it.
    return _line(without_nulls(row)) if b"null" in line else line

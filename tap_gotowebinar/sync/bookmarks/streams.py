"""What has been emitted: one bookmark per stream and webinar (or organizer), and the state that keeps them.

A row is emitted when its stream has not emitted it before, or when it has changed since. Bookmarks are found by
webinarKey alone, so that a webinar whose organizer changes keeps its own. Nothing here reads the clock.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import msgspec
from singer_sdk.helpers.types import Record

from tap_gotowebinar.sync.bookmarks.state import VERSION, Entry, Origin, loaded_entries, mapping, stream_states, unpack


class Bookmark(Protocol):
    """What one stream has emitted of one webinar, or of the sessions or webinars of one organizer."""

    parents: ClassVar[str]
    """`webinars` or `organizers`: what the state calls the entries, and whose keys they have."""

    def __init__(self, entry: Mapping[str, Any]) -> None:
        """Start from an entry of the state."""

    def entry(self) -> Entry:
        """Return the entry for the state; an empty one is not printed."""


class HashBookmark:
    """The rows that were emitted of a webinar, as one hash, and when they were last read."""

    __slots__ = ("_hash", "read_at")
    parents: ClassVar[str] = "webinars"

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self._hash: str | None = entry.get("hash")
        self.read_at: str | None = entry.get("read_at")

    @property
    def is_known(self) -> bool:
        """Whether rows have been emitted."""
        return self._hash is not None

    def is_due(self, rows: Sequence[Record]) -> bool:
        """Return whether a row is new or changed; their order does not matter."""
        return not is_hash_of(self._hash, rows)

    def remember(self, rows: Sequence[Record]) -> None:
        """Note that rows have been emitted."""
        self._hash = rows_hash(rows)

    def entry(self) -> Entry:
        """Return the entry for the state."""
        entry = {"hash": self._hash, "read_at": self.read_at}
        return {name: value for name, value in entry.items() if value is not None}


B = TypeVar("B", bound=Bookmark)


class StreamBookmarks(Generic[B]):
    """The bookmarks of one stream by webinarKey or organizerKey."""

    def __init__(self, kind: type[B], entries: dict[str, Entry]) -> None:
        self.kind = kind
        self.entries = entries
        self._open: dict[str, B] = {}

    def get(self, key: str) -> B:
        """Return the bookmark of a webinar or organizer."""
        if key not in self._open:
            self._open[key] = self.kind(self.entries.get(key, {}))
        return self._open[key]

    def all(self) -> dict[str, B]:
        """Return all bookmarks by key."""
        return {key: self.get(key) for key in self.entries.keys() | self._open.keys()}

    def state(self) -> dict[str, Entry]:
        """Return the entries by key, brought up to date."""
        for key, bookmark in self._open.items():
            if entry := bookmark.entry():
                self.entries[key] = entry
            else:
                self.entries.pop(key, None)
        return self.entries


class Bookmarks:
    """The bookmarks of all streams, for each the kind that `kinds` names, and whose data they are about.

    The state of other streams, those of a later release perhaps, is printed again as it came.

    Raises:
        StateError: `state` was not printed by this tap or an SDK tap.
    """

    def __init__(self, kinds: Mapping[str, type[Bookmark]], state: object = None) -> None:
        states = stream_states(state)
        self.origin = Origin.of(mapping(state or {}, "all of it").get("origin"))
        self._with_state = {name for name, value in states.items() if value}
        self._foreign = {name: value for name, value in states.items() if name not in kinds}
        self._streams: dict[str, StreamBookmarks[Any]] = {
            name: StreamBookmarks(kind, loaded_entries(states.get(name, {}), f"bookmarks.{name}", kind.parents))
            for name, kind in kinds.items()
        }

    def has_state_for(self, stream: str) -> bool:
        """Return whether an earlier run has remembered anything of a stream."""
        return stream in self._with_state

    def get(self, stream: str) -> StreamBookmarks[Any]:
        """Return the bookmarks of a stream."""
        return self._streams[stream]

    def all_of_kind(self, *kinds: type[Bookmark]) -> list[StreamBookmarks[Any]]:
        """Return the bookmarks of all streams that remember in these ways."""
        return [stream for stream in self._streams.values() if stream.kind in kinds]

    def organizers(self) -> set[str]:
        """Return the organizers that the state knows."""
        found = (stream.entries for stream in self._streams.values() if stream.kind.parents == "organizers")
        return set[str]().union(*found)

    def webinars(self) -> set[int]:
        """Return the webinars that the state knows."""
        known: set[int] = set()
        for stream in self._streams.values():
            if stream.kind.parents == "webinars":
                known.update(map(int, stream.entries))
            else:
                known.update(*(unpack(entry.get("roster", "")) for entry in stream.entries.values()))
        return known

    def state(self) -> dict[str, Any]:
        """Return the state to print, with the streams that this run does not read."""
        ours = {
            name: {"version": VERSION, stream.kind.parents: entries}
            for name, stream in self._streams.items()
            if (entries := stream.state())
        }
        bookmarks = {**self._foreign, **ours}
        # A state that knows nothing need not say whose data it is about.
        origin = {"origin": self.origin.entry()} if any(bookmarks.values()) and self.origin != Origin() else {}
        return {"bookmarks": bookmarks, **origin}


def rows_hash(rows: Iterable[Record]) -> str:
    """Return 32 bits, in hexadecimal, of rows in any order; null and absent are the same."""
    return _joined_hash(map(_line_without_nulls, rows))


def is_hash_of(known: str | None, rows: Sequence[Record]) -> bool:
    """Return whether a hash from the state is that of rows; release 0.1.0 told null from absent."""
    return known is not None and (known == rows_hash(rows) or known == _joined_hash(map(_line, rows)))


def without_nulls(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return JSON without the fields that are null, at any depth."""
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def _joined_hash(lines: Iterable[bytes]) -> str:
    return f"{zlib.crc32(b','.join(sorted(lines))):08x}"


def _line(row: Record) -> bytes:
    return msgspec.json.encode(sorted(row.items()))


def _line_without_nulls(row: Record) -> bytes:
    line = _line(row)
    # Few rows hold any, and to look into each would take longer than to encode it.
    return _line(without_nulls(row)) if b"null" in line else line

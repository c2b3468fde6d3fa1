"""What has been emitted: one memory per stream and webinar, and the state it is kept in between runs.

A row is emitted when its stream has not emitted it before, or when it has changed since. While a webinar is alive its
entry holds a `roster`: the key of every row emitted with a short hash of the list row as emitted. Order, equal
instants, late or odd dates and the clocks of others do not matter then. Once a webinar is settled (read to the end and
quiet for a while) its entry shrinks to a bookmark, a count and the time of the last reading.

The identity is the webinarKey alone: a webinar that moves keeps its memory. Nothing here asks for the time; it is
always passed in.
"""

from __future__ import annotations

import datetime as dt
import operator
import zlib
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, Protocol, TypeVar

import msgspec

from tap_gotowebinar.records import canonical_time
from tap_gotowebinar.state import VERSION, loaded_entries, pack, stream_states, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from tap_gotowebinar.state import Entry

HASHED_FIELDS: Final = ("email", "firstName", "joinUrl", "lastName", "registrationDate", "status", "timeZone")
"""Fields of a list row whose change makes it a changed row. Fixed: one more would make every row of every user new."""

_hashed_values: Final = operator.itemgetter(*HASHED_FIELDS)
_ENCODER: Final = msgspec.json.Encoder()

Row = dict[str, Any]
"""A registrant as the list shows it."""


class Moment(NamedTuple):
    """What is known about a webinar at the start of a run.

    Attributes:
        now: Start of the run.
        ends_at: End of the webinar's last occurrence; None when GoTo gives no usable times.
        settle: How long a webinar has to be quiet until it counts as settled.
    """

    now: dt.datetime
    ends_at: dt.datetime | None
    settle: dt.timedelta

    def is_settled(self, newest: str | None) -> bool:
        """Whether the webinar has been quiet for long enough.

        Args:
            newest: Latest registration known.
        """
        since = quiet_since(self.ends_at, newest)
        return since is not None and self.now - since >= self.settle


def quiet_since(ends_at: dt.datetime | None, newest: str | None) -> dt.datetime | None:
    """Return since when nothing is known to have happened: the end or the last registration, whichever is later."""
    moments = [moment for moment in (ends_at, parse_time(newest)) if moment is not None]
    return max(moments, default=None)


def parse_time(text: str | None) -> dt.datetime | None:
    """Return the moment of a time of any ISO 8601 form."""
    canonical = canonical_time(text)
    return dt.datetime.fromisoformat(canonical) if canonical else None


def row_hash(row: Mapping[str, Any]) -> int:
    """Return 32 bits that differ (but for one in four thousand million times) when a list row has changed."""
    try:
        values: Sequence[Any] = _hashed_values(row)
    except KeyError:
        values = [row.get(name) for name in HASHED_FIELDS]
    return zlib.crc32(_ENCODER.encode(values))


def row_key(row: Mapping[str, Any]) -> int:
    """Return the key of a list row as the number it is."""
    return int(row["registrantKey"])


class RosterBookmark:
    """What one stream has emitted of the registrants of one webinar.

    Attributes:
        newest: Latest registrationDate emitted, never later than the run that emitted it.
        count: Rows of the list when it was last read to the end; only while settled.
        read_at: When that was; only while settled.
    """

    __slots__ = ("_entry", "_hashed", "_packed", "_roster", "count", "newest", "read_at")

    def __init__(self, entry: Mapping[str, Any]) -> None:
        """Start from an entry of the state; its roster is unpacked when it is first needed."""
        self.newest = canonical_time(entry.get("replication_key_value"))
        self._packed: str | None = entry.get("roster")
        self._roster: dict[int, int] | None = None
        self._hashed: tuple[Row | None, int] = (None, 0)
        # Merged states may hold a roster and a count: the roster is the safer witness.
        self.count: int | None = None if "roster" in entry else entry.get("count")
        self.read_at: str | None = None if "roster" in entry else entry.get("read_at")
        self._entry: dict[str, Any] | None = dict(entry)

    @property
    def is_known(self) -> bool:
        """Whether anything of the webinar has been read."""
        return bool(self.entry())

    @property
    def people(self) -> int:
        """How many registrants are known."""
        return len(self._known()) if self._has_roster else self.count or 0

    def begin(self, rows: Sequence[Row], *, whole_list: bool) -> None:
        """Prepare for the rows of a complete list; a bookmark without a roster gets one of the rows dealt with earlier.

        Args:
            rows: The complete list.
            whole_list: Whether to emit all of it when the count says that the past has changed too.
        """
        if self._has_roster:
            return
        past = [row for row in rows if not self._is_newer(row)] if self.is_known else []
        if whole_list and self.count is not None and self.count != len(past):
            past = []
        self._roster = {row_key(row): row_hash(row) for row in past}

    def is_due(self, row: Row) -> bool:
        """Whether a list row is new or changed."""
        known = self._known().get(row_key(row))
        return known is None or known != self._hash(row)

    def remember(self, row: Row, *, not_after: str) -> None:
        """Note that a list row has been emitted.

        Args:
            row: The list row.
            not_after: Start of the run; a date later than this never becomes the bookmark.
        """
        self._known()[row_key(row)] = self._hash(row)
        if date := row.get("registrationDate"):
            self.newest = max(self.newest or "", min(date, not_after))
        self._changed(count=None, read_at=None)

    def complete(self, rows: Iterable[Row], moment: Moment) -> bool:
        """Note that all rows of a complete list have been dealt with.

        Returns:
            Whether anything changed.
        """
        roster, present = self._known(), {row_key(row): row.get("registrationDate") or "" for row in rows}
        newest = max(present.values(), default="")
        # A bookmark tells old rows from new ones only when it is not behind any of them.
        if moment.is_settled(self.newest) and newest <= canonical(moment.now):
            self.newest = max(self.newest or "", newest) or None
            self._changed(count=len(present), read_at=seconds(moment.now))
            self._roster = None
            return True
        gone = roster.keys() - present.keys()
        for key in gone:
            # Who comes back after having vanished is new again.
            del roster[key]
        has_changed = bool(gone) or not self.is_known or self.read_at is not None
        if has_changed:
            self._changed(count=None, read_at=None)
        # Its turn is over; as text the roster takes a tenth of the memory.
        self._packed, self._roster = self.entry()["roster"], None
        return has_changed

    def entry(self) -> dict[str, Any]:
        """Return the entry for the state."""
        if self._entry is None:
            roster = None if self._roster is None else pack(self._roster)
            entry = {
                "replication_key_value": self.newest,
                "count": self.count,
                "read_at": self.read_at,
                "roster": roster,
            }
            self._entry = {name: value for name, value in entry.items() if value is not None}
        return self._entry

    @property
    def _has_roster(self) -> bool:
        return self._packed is not None or self._roster is not None

    def _known(self) -> dict[int, int]:
        if self._roster is None:
            self._roster = unpack(self._packed) if self._packed else {}
            self._packed = None
        return self._roster

    def _hash(self, row: Row) -> int:
        # A row is looked at several times in a row.
        if self._hashed[0] is not row:
            self._hashed = row, row_hash(row)
        return self._hashed[1]

    def _is_newer(self, row: Row) -> bool:
        date = row.get("registrationDate")
        if self.count is not None:
            return date is not None and date > (self.newest or "")
        # Without a count nothing else would tell of a row that shares the bookmark's instant, or has no date.
        return date is None or date >= (self.newest or "")

    def _changed(self, *, count: int | None, read_at: str | None) -> None:
        self._entry, self.count, self.read_at = None, count, read_at


class KeysBookmark:
    """Which registrants of one webinar were seen last; kept only while the webinar is alive."""

    __slots__ = ("_entry", "_seen")

    def __init__(self, entry: Mapping[str, Any]) -> None:
        """Start from an entry of the state."""
        self._entry: dict[str, Any] | None = dict(entry)
        self._seen: set[int] | None = None

    @property
    def people(self) -> int:
        """How many registrants were seen."""
        return len(self._known())

    def expect(self, rows: Iterable[Row]) -> bool:
        """Remember who is on a list, beside those who were.

        Returns:
            Whether anything changed.
        """
        new = {row_key(row) for row in rows} - self._known()
        if new:
            self._seen, self._entry = self._known() | new, None
        return bool(new)

    def missing(self, rows: Iterable[Row]) -> list[int]:
        """Return the keys that a complete list no longer has."""
        return sorted(self._known() - {row_key(row) for row in rows})

    def forget(self, key: int) -> None:
        """Note that a removal has been emitted."""
        self._known().discard(key)
        self._entry = None

    def complete(self, rows: Iterable[Row], *, settled: bool) -> bool:
        """Remember who is on a complete list; nobody once the webinar is settled.

        Returns:
            Whether anything changed.
        """
        seen = set() if settled else {row_key(row) for row in rows}
        if seen == self._known():
            return False
        self._seen, self._entry = seen, None
        return True

    @property
    def is_known(self) -> bool:
        """Whether somebody is remembered."""
        return bool(self.entry())

    def entry(self) -> dict[str, Any]:
        """Return the entry for the state."""
        if self._entry is None:
            self._entry = {"roster": pack(dict.fromkeys(self._seen, 0))} if self._seen else {}
        return self._entry

    def _known(self) -> set[int]:
        if self._seen is None:
            self._seen = set(unpack((self._entry or {}).get("roster", "")))
        return self._seen


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
        return self._hash != _record_hash(record)

    def remember(self, record: Row) -> None:
        """Note that a record has been emitted."""
        self._hash = _record_hash(record)

    def complete(self, moment: Moment, *, settled: bool) -> bool:
        """Note that the webinar has been read.

        Returns:
            Whether anything changed.
        """
        before, self.read_at = self.read_at, seconds(moment.now) if settled else None
        return before != self.read_at

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
    """The bookmarks of one stream, by webinarKey.

    Attributes:
        changes: How often one of them has changed in this run.
    """

    def __init__(self, kind: Callable[[Mapping[str, Any]], B], entries: dict[str, dict[str, Any]]) -> None:
        """Start from the entries of the state.

        Args:
            kind: Makes a bookmark of an entry.
            entries: Entries by webinarKey; kept up to date by `state`.
        """
        self._kind = kind
        self._entries = entries
        self._open: dict[str, B] = {}
        self.changes = 0

    def of(self, webinar_key: str) -> B:
        """Return the bookmark of a webinar."""
        if webinar_key not in self._open:
            self._open[webinar_key] = self._kind(self._entries.get(webinar_key, {}))
        return self._open[webinar_key]

    def changed(self) -> None:
        """Note that a bookmark is no longer what the last STATE said."""
        self.changes += 1

    def state(self) -> dict[str, dict[str, Any]]:
        """Return the entries by webinarKey."""
        for key, bookmark in self._open.items():
            if entry := bookmark.entry():
                self._entries[key] = entry
            else:
                self._entries.pop(key, None)
        return self._entries


class Bookmarks:
    """The bookmarks of all streams, and the state they come from and go to."""

    def __init__(self, state: object = None, streams: Collection[str] = ()) -> None:
        """Start empty, or from what an earlier run printed.

        Args:
            state: What was printed.
            streams: Names of the streams that have bookmarks. What the state says of others, a later release's
                perhaps, is printed again as it came.

        Raises:
            StateError: `state` is not what this tap, or an SDK tap, prints.
        """
        states = stream_states(state)
        self._streams: dict[str, StreamBookmarks[Any]] = {}
        self._foreign = {name: value for name, value in states.items() if name not in streams}
        self._entries: dict[str, dict[str, Entry]] = {
            name: loaded_entries(value, f"bookmarks.{name}") for name, value in states.items() if name in streams
        }

    def of(self, stream: str, kind: Callable[[Mapping[str, Any]], B]) -> StreamBookmarks[B]:
        """Return the bookmarks of a stream."""
        if stream not in self._streams:
            self._streams[stream] = StreamBookmarks(kind, self._entries.setdefault(stream, {}))
        return self._streams[stream]

    @property
    def changes(self) -> int:
        """How often any bookmark has changed in this run."""
        return sum(stream.changes for stream in self._streams.values())

    def state(self) -> dict[str, Any]:
        """Return the state as it is to be printed, streams that were not read this time included."""
        for stream in self._streams.values():
            stream.state()
        streams = {name: entries for name, entries in self._entries.items() if entries}
        ours = {name: {"version": VERSION, "webinars": entries} for name, entries in streams.items()}
        return {"bookmarks": {**self._foreign, **ours}}


def canonical(moment: dt.datetime) -> str:
    """Return a moment as text in the form of all times that come out."""
    return canonical_time(moment.isoformat()) or ""


def seconds(moment: dt.datetime) -> str:
    """Return a moment as text, to the second."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _record_hash(record: Row) -> str:
    return f"{zlib.crc32(msgspec.json.encode(sorted(record.items()))):08x}"

"""What has been emitted of the registrants of one webinar.

While a webinar is alive its entry holds a `roster`: the key of every row emitted with a short hash of that row. Order,
equal instants, late or odd dates and the clocks of others do not matter then. Once a webinar is settled (read to its
end and quiet for a while) its entry shrinks to a bookmark, a count and the time of the last reading.
"""

import operator
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

import msgspec

from tap_gotowebinar.records.timestamps import canonical_time, to_iso, to_iso_seconds
from tap_gotowebinar.sync.bookmarks.state import Entry, pack, unpack
from tap_gotowebinar.sync.schedule import WebinarTiming

HASHED_FIELDS: Final = ("email", "firstName", "joinUrl", "lastName", "registrationDate", "status", "timeZone")
"""Fields whose change makes a row a changed row. Fixed: one more would make every row of every user new."""

_hashed_values: Final = operator.itemgetter(*HASHED_FIELDS)
_ENCODER: Final = msgspec.json.Encoder()

Row = dict[str, Any]
"""A registrant as the list shows it."""

Rows = Mapping[int, Row]
"""A list of registrants by registrantKey, as a number."""


def row_hash(row: Mapping[str, Any]) -> int:
    """Return 32 bits of the fields of a list row."""
    try:
        values: Sequence[Any] = _hashed_values(row)
    except KeyError:
        values = [row.get(name) for name in HASHED_FIELDS]
    return zlib.crc32(_ENCODER.encode(values))


def _hash_of(known: int | Row) -> int:
    return known if isinstance(known, int) else row_hash(known)


class RegistrantBookmark:
    """What one stream has emitted of the registrants of one webinar.

    Attributes:
        newest: Latest registrationDate emitted, never later than the run that emitted it.
        count: Rows of the list when it was last read to its end; only while settled.
        read_at: When that was; only while settled.
    """

    __slots__ = ("_entry", "_roster", "count", "newest", "read_at")
    parents: ClassVar[str] = "webinars"

    def __init__(self, entry: Mapping[str, Any]) -> None:
        """Start from an entry of the state; its roster is unpacked when it is first needed."""
        self.newest = canonical_time(entry.get("replication_key_value"))
        # Rows emitted by this run are hashed only when a STATE needs it: most webinars settle before that.
        self._roster: dict[int, int | Row] | None = None
        # Merged states may hold a roster and a count: the roster is safer.
        self.count: int | None = None if "roster" in entry else entry.get("count")
        self.read_at: str | None = None if "roster" in entry else entry.get("read_at")
        self._entry: Entry | None = dict(entry)

    @property
    def is_known(self) -> bool:
        """Whether anything of the webinar has been read."""
        return bool(self.entry())

    @property
    def registrant_count(self) -> int:
        """How many registrants are known."""
        return len(self._known()) if self._has_roster else self.count or 0

    def load_roster(self, rows: Rows, *, whole_list: bool) -> None:
        """Make a roster of the rows of a list that were emitted before, unless there is one.

        With `whole_list` all of it is emitted again when the count shows that older rows have changed too.
        """
        if self._has_roster:
            return
        # Nothing of a first list is past; it may be long, so its rows are not compared.
        is_first = self.newest is None and self.count is None
        past = {} if is_first else {key: row for key, row in rows.items() if not self._is_newer(row)}
        if whole_list and self.count is not None and self.count != len(past):
            past = {}
        self._roster = dict(past)

    def due(self, rows: Rows) -> Iterator[Row]:
        """Yield the list rows that are new or changed."""
        roster = self._known()
        for key, row in rows.items():
            known = roster.get(key)
            if known is None or _hash_of(known) != row_hash(row):
                yield row

    def remember(self, rows: Sequence[Row], *, not_after: str) -> None:
        """Note that list rows have been emitted; the bookmark never becomes later than the start of the run."""
        self._known().update((int(row["registrantKey"]), row) for row in rows)
        date = max((row.get("registrationDate") or "" for row in rows), default="")
        if date > (self.newest or ""):
            self.newest = max(self.newest or "", min(date, not_after))
        self._changed(count=None, read_at=None)

    def mark_read(self, rows: Rows, timing: WebinarTiming) -> None:
        """Note that a complete list has been read to its end."""
        roster, newest = self._known(), max((row.get("registrationDate") or "" for row in rows.values()), default="")
        # A bookmark tells old rows from new ones only when none of them is later.
        if timing.is_settled(self.newest) and newest <= to_iso(timing.now):
            self.newest = max(self.newest or "", newest) or None
            self._changed(count=len(rows), read_at=to_iso_seconds(timing.now))
            self._roster = None
            return
        gone = roster.keys() - rows.keys()
        for key in gone:
            # A registrant who comes back is new again.
            del roster[key]
        if gone or "roster" not in self.entry() or self.read_at is not None:
            self._changed(count=None, read_at=None)
        # As text the roster takes a tenth of the memory.
        self.entry()
        self._roster = None

    def entry(self) -> Entry:
        """Return the entry for the state."""
        if self._entry is None:
            entry = {
                "replication_key_value": self.newest,
                "count": self.count,
                "read_at": self.read_at,
                "roster": None if self._roster is None else pack(self._hashes(self._roster)),
            }
            self._entry = {name: value for name, value in entry.items() if value is not None}
        return self._entry

    @property
    def _has_roster(self) -> bool:
        return self._roster is not None or "roster" in (self._entry or {})

    def _known(self) -> dict[int, int | Row]:
        if self._roster is None:
            self._roster = {**unpack((self._entry or {}).get("roster", ""))}
        return self._roster

    @staticmethod
    def _hashes(roster: dict[int, int | Row]) -> dict[int, int]:
        hashes = {key: _hash_of(known) for key, known in roster.items()}
        roster.update(hashes)
        return hashes

    def _is_newer(self, row: Row) -> bool:
        date = row.get("registrationDate")
        if self.count is not None:
            return date is not None and date > (self.newest or "")
        # Without a count nothing else shows that a row without a date, or with the bookmark's instant, is new.
        return date is None or date >= (self.newest or "")

    def _changed(self, *, count: int | None, read_at: str | None) -> None:
        self._entry, self.count, self.read_at = None, count, read_at


class SeenKeysBookmark:
    """Which registrants of one webinar were listed last; kept only while the webinar is alive."""

    __slots__ = ("_entry", "_seen")
    parents: ClassVar[str] = "webinars"

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self._entry: Entry | None = dict(entry)
        self._seen: set[int] | None = None

    @property
    def registrant_count(self) -> int:
        """How many registrants were seen."""
        return len(self.keys)

    @property
    def keys(self) -> set[int]:
        """Who was seen, by registrantKey."""
        if self._seen is None:
            self._seen = set(unpack((self._entry or {}).get("roster", "")))
        return self._seen

    @property
    def is_known(self) -> bool:
        """Whether any registrant is remembered."""
        return bool(self.entry())

    def track(self, rows: Rows) -> None:
        """Add the registrants of a list."""
        self._replace(self.keys | rows.keys())

    def missing(self, rows: Rows) -> list[int]:
        """Return the keys that a complete list no longer has."""
        return sorted(self.keys - rows.keys())

    def discard(self, key: int) -> None:
        """Note that a removal has been emitted."""
        self.keys.discard(key)
        self._entry = None

    def mark_read(self, rows: Rows, *, settled: bool) -> None:
        """Keep the registrants of a complete list, none once the webinar is settled."""
        self._replace(set() if settled else set(rows))
        # As text the keys take a tenth of the memory.
        self.entry()
        self._seen = None

    def entry(self) -> Entry:
        """Return the entry for the state."""
        if self._entry is None:
            self._entry = {"roster": pack(dict.fromkeys(self._seen, 0))} if self._seen else {}
        return self._entry

    def _replace(self, seen: set[int]) -> None:
        if seen != self.keys:
            self._seen, self._entry = seen, None

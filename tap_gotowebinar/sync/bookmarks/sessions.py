"""What one stream has emitted of the sessions of one organizer.

All sessions that ended from `start` up to the bookmark were read after they had settled; nothing else is remembered of
them. Every later session that was read has an entry: when, and a hash of what was emitted. So the order within a run,
failures and equal times do not matter, and the state holds only the sessions of the last `settle_days` and those after
one that failed.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from singer_sdk.helpers.types import Record

from tap_gotowebinar.records.timestamps import canonical_time, parse_time, to_iso_seconds
from tap_gotowebinar.sync.bookmarks.state import Entry
from tap_gotowebinar.sync.bookmarks.streams import is_hash_of
from tap_gotowebinar.sync.schedule import DueRule, PlannedSession


class SessionsBookmark:
    """The sessions of one organizer that one stream has emitted; `newest`, the bookmark, covers those since `start`."""

    parents: ClassVar[str] = "organizers"

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self.newest: str | None = canonical_time(entry.get("replication_key_value"))
        self.start: str | None = canonical_time(entry.get("start"))
        self._sessions: dict[str, Entry] = {key: dict(session) for key, session in entry.get("sessions", {}).items()}
        self._listed: Sequence[PlannedSession] = ()
        self._done = self._passed = 0
        self._requested_start: str | None = None
        self._max_bookmark = ""
        self._kept: Entry | None = None

    def listing_start(self, start: str, max_bookmark: str) -> str:
        """Return from when on sessions have to be listed.

        Args:
            start: Sessions that ended earlier are not read in this run.
            max_bookmark: The bookmark goes no further: later sessions still change or are not listed yet. A bookmark
                from the state may be later if a clock was wrong or `settle_days` was smaller.
        """
        self._max_bookmark = max_bookmark
        before = self.entry()
        if self.newest is not None:
            self.newest = min(self.newest, max_bookmark)
        if self.newest is None or self.start is None or start > self.newest:
            # Sessions in the gap that this leaves would otherwise count as read.
            self.start, self.newest = start, None
            # A start that lists nothing new, one by mistake perhaps, makes nothing forgotten.
            self._kept = before
        self._requested_start = start
        return self.newest if self.newest is not None and start >= self.start else start

    def load_listing(self, listed: Sequence[PlannedSession], *, is_complete: bool) -> None:
        """Take the listed sessions since `listing_start`, by their end.

        Unless the list is complete, no entry is dropped and the bookmark stays.
        """
        self._listed = [session for session in listed if session.end is not None]
        self._done = self._passed = 0 if is_complete else len(self._listed)
        if is_complete:
            known = {session.key for session in listed}
            self._sessions = {key: entry for key, entry in self._sessions.items() if key in known}
            self._advance()

    def is_due(self, session: PlannedSession, rule: DueRule) -> bool:
        """Return whether a session has to be read."""
        since = session.ended_at and min(session.ended_at, session.now)
        return not self._is_final(session) and rule.is_stale(session.now, since, self.entry_of(session).get("read_at"))

    def is_new(self, session: PlannedSession, rows: Sequence[Record]) -> bool:
        """Return whether the rows of a session are new or changed."""
        return not self._is_covered(session) and not is_hash_of(self.entry_of(session).get("hash"), rows)

    def entry_of(self, session: PlannedSession) -> Mapping[str, Any]:
        """Return what is remembered of a session."""
        return self._sessions.get(session.key, {})

    def remember(self, session: PlannedSession, **fields: str) -> None:
        """Note what has been emitted of a session."""
        self._kept = None
        self._sessions.setdefault(session.key, {}).update(fields)

    def mark_read(self, session: PlannedSession) -> None:
        """Note that a session has been read to its end and emitted."""
        self.remember(session, read_at=to_iso_seconds(session.now))
        self._advance()

    def entry(self) -> Entry:
        """Return the entry for the state."""
        if self._kept is not None:
            return self._kept
        if self.newest is None and not self._sessions:
            return {}
        entry = {"replication_key_value": self.newest, "start": self.start, "sessions": self._sessions}
        return {name: value for name, value in entry.items() if value}

    def _is_covered(self, session: PlannedSession) -> bool:
        return bool(session.end and self.newest and (self.start or "") <= session.end <= self.newest)

    def _is_final(self, session: PlannedSession) -> bool:
        """Return whether a session is not read again."""
        if self._is_covered(session):
            return True
        read = parse_time(self.entry_of(session).get("read_at"))
        if read is None or session.ended_at is None or read > session.now:
            return False
        return read - session.ended_at >= session.settle

    def _can_advance(self, session: PlannedSession) -> bool:
        return self._is_final(session) and (session.end or "") <= self._max_bookmark

    def _advance(self) -> None:
        """Move the bookmark up to the first session that is not final."""
        listed = self._listed
        while self._done < len(listed) and self._can_advance(listed[self._done]):
            self._done += 1
        passed = self._done
        while 0 < passed < len(listed) and listed[passed - 1].end == listed[passed].end:
            # The bookmark covers all sessions that end at the same time, or none of them.
            passed -= 1
        following = listed[passed].end if passed < len(listed) else None
        if self._requested_start is not None and self._requested_start < (self.start or ""):
            if following is not None and following < (self.start or ""):
                return
            self.start = self._requested_start
        if passed > self._passed:
            self.newest = max(self.newest or "", listed[passed - 1].end or "")
            for session in listed[self._passed : passed]:
                self._sessions.pop(session.key, None)
            self._passed = passed

"""The sessions: when webinars were held."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from typing_extensions import override

from tap_gotowebinar.api.client import API
from tap_gotowebinar.records.timestamps import parse_time, to_iso
from tap_gotowebinar.streams.parents_and_children import ParentStream
from tap_gotowebinar.sync.bookmarks.sessions import SessionsBookmark
from tap_gotowebinar.sync.bookmarks.streams import rows_hash
from tap_gotowebinar.sync.listings import WINDOW_MARGIN, list_sessions
from tap_gotowebinar.sync.report import PlannedCalls
from tap_gotowebinar.sync.schedule import PlannedSession, in_order

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from singer_sdk.helpers.types import Context, Record

    from tap_gotowebinar.sync.bookmarks.streams import StreamBookmarks


class Sessions(ParentStream[PlannedSession]):
    """Every time that a webinar was held; read for each organizer."""

    name = "sessions"
    label = "sessions"
    unit_key = "sessionKey"
    path = f"{API}/organizers/{{organizerKey}}/sessions"
    primary_keys = ("sessionKey",)
    replication_key = "endTime"
    answer_keys = ("sessionKey", "webinarKey")
    bookmark_kind = SessionsBookmark

    @functools.cached_property
    def bookmarks(self) -> StreamBookmarks[SessionsBookmark]:
        """What this stream has emitted, by organizer."""
        return self.sync_context.bookmarks.get(self.name, SessionsBookmark)

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        report = self.sync_context.report
        self._plan()
        self.start_children()
        for session in self.due:
            yield self.with_nulls(session.record)
            if self.selected and not self.emits_everything:
                self._mark_read(session)
            report.done += 1
            self.sync_context.checkpoint()

    def _plan(self) -> None:
        calls = sum(child.reads(item) and not child.is_empty(item) for item in self.due for child in self.readers)
        # One call may answer for several sessions of a webinar, and where GoTo counts none no call is made.
        cost = PlannedCalls(len(self.due), "up to", calls, self.asks_for_each)
        summary = f"{len(self.by_key)} sessions listed, {len(self.due)} due"
        run = self.sync_context
        run.report.plan(self.label, summary, cost, run.settings.connection.requests_per_minute)

    @override
    def generate_child_contexts(self, record: Record, context: Context | None) -> Iterator[Context]:
        yield self.by_key[record["sessionKey"]].context

    @override
    def items(self) -> Iterator[tuple[str, PlannedSession]]:
        return ((session.key, session) for session in self.due)

    @functools.cached_property
    def due(self) -> list[PlannedSession]:
        """The sessions that this stream, or a child, has to read."""
        return [session for session in self.by_key.values() if self._is_due(session)]

    @functools.cached_property
    def by_key(self) -> dict[str, PlannedSession]:
        """The sessions of this run, each once, by organizer and end."""
        found: dict[str, PlannedSession] = {}
        for organizer_key in self._organizer_keys():
            found |= {session.key: session for session in self._listed(organizer_key, found)}
        self.sync_context.plan_sessions(list(found.values()))
        return found

    def _is_due(self, session: PlannedSession) -> bool:
        is_read = any(
            bookmark.is_due(session, self.sync_context.due_rule)
            for bookmark in self._all_bookmarks(session.organizer_key)
        )
        return is_read or (self.selected and self._is_new(session))

    def _is_new(self, session: PlannedSession) -> bool:
        """Return whether a session has to be emitted; its children may be due although it has not."""
        if self.emits_everything:
            return True
        return self.bookmarks.get(session.organizer_key).is_new(session, [session.record])

    @override
    def _write_record_message(self, record: Record) -> None:
        if self._is_new(self.by_key[record["sessionKey"]]):
            super()._write_record_message(record)

    def _mark_read(self, session: PlannedSession) -> None:
        bookmark = self.bookmarks.get(session.organizer_key)
        if self._is_new(session) or bookmark.is_due(session, self.sync_context.due_rule):
            bookmark.remember(session, hash=rows_hash([session.record]))
            bookmark.mark_read(session)
            self.bookmarks.changed()

    def _organizer_keys(self) -> list[str]:
        if not self.sync_context.settings.account_key:
            return list(self.sync_context.organizers.organizer_keys)
        # In the same order each time: a session that two of them list is remembered under the first.
        return sorted(self.sync_context.webinars.organizer_keys)

    def _listed(self, organizer_key: str, others: Container[str]) -> list[PlannedSession]:
        """List the sessions of one organizer, except `others` of earlier organizers, and load the bookmarks."""
        run, bookmarks = self.sync_context, self._all_bookmarks(organizer_key)
        now, settle, start = run.started_at, run.settings.settle, to_iso(run.settings.start_date)
        until = to_iso(now - max(settle, WINDOW_MARGIN))
        since = min((bookmark.listing_start(start, until) for bookmark in bookmarks), default=start)
        if self.emits_everything:
            since = start
        listing = list_sessions(self.client, run.report, organizer_key, min(parse_time(since) or now, now), now)
        planned = (PlannedSession(record, now, settle) for record in listing.records if self.is_wanted(record))
        sessions = in_order(session for session in planned if session.key not in others)
        wanted = [session for session in sessions if session.end is None or session.end >= start]
        for bookmark in bookmarks:
            bookmark.load_listing(wanted, is_complete=listing.is_complete)
        return wanted

    def _all_bookmarks(self, organizer_key: str) -> list[SessionsBookmark]:
        bookmarks = [
            self.sync_context.bookmarks.get(child.name, SessionsBookmark)
            for child in self.readers
            if child.bookmark_kind is SessionsBookmark
        ]
        if self.selected and not self.emits_everything:
            bookmarks.insert(0, self.bookmarks)
        return [found.get(organizer_key) for found in bookmarks]

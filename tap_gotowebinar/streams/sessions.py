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
from tap_gotowebinar.sync.schedule import PlannedSession, in_order

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from singer_sdk.helpers.types import Context, Record


class Sessions(ParentStream[PlannedSession]):
    """Every time that a webinar was held; read for each organizer."""

    name = "sessions"
    unit_key = "sessionKey"
    path = f"{API}/organizers/{{organizerKey}}/sessions"
    primary_keys = ("sessionKey",)
    replication_key = "endTime"
    answer_keys = ("sessionKey", "webinarKey")
    bookmark_kind = SessionsBookmark

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        due = self.due.values()
        calls = sum(child.reads(session) and not child.is_empty(session) for session in due for child in self.readers)
        # One call may answer for several sessions of a webinar, and where GoTo counts none no call is made.
        self.log_plan(f"{len(self.listed)} sessions listed, {len(due)} due", "up to", calls)
        self.start_children()
        for session in due:
            yield self.with_nulls(session.record)
            if self.selected and not self.emits_everything:
                self._mark_read(session)
            self.sync_context.report.done += 1
            self.sync_context.checkpoint()

    @functools.cached_property
    def due(self) -> dict[str, PlannedSession]:
        """The sessions that this stream, or a child, has to read."""
        return {key: session for key, session in self.listed.items() if self._is_due(session)}

    @functools.cached_property
    def listed(self) -> dict[str, PlannedSession]:
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
        bookmark: SessionsBookmark = self.bookmarks.get(session.organizer_key)
        return self.emits_everything or bookmark.is_new(session, [session.record])

    @override
    def _write_record_message(self, record: Record) -> None:
        if self._is_new(self.due[record["sessionKey"]]):
            super()._write_record_message(record)

    def _mark_read(self, session: PlannedSession) -> None:
        bookmark = self.bookmarks.get(session.organizer_key)
        if self._is_new(session) or bookmark.is_due(session, self.sync_context.due_rule):
            bookmark.remember(session, hash=rows_hash([session.record]))
            bookmark.mark_read(session)

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
        remembers = [self] if self.selected and not self.emits_everything else []
        return [stream.bookmarks.get(organizer_key) for stream in (*remembers, *self.readers)]

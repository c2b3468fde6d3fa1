"""What belongs to one session: how it went, who attended, and what all such streams have in common."""

from __future__ import annotations

import functools
from collections import Counter
from typing import TYPE_CHECKING

from typing_extensions import override

from tap_gotowebinar.api.client import API
from tap_gotowebinar.api.errors import MalformedResponseError
from tap_gotowebinar.records.record_list import read_rows
from tap_gotowebinar.streams.parents_and_children import ChildStream, fetched_list
from tap_gotowebinar.streams.sessions import Sessions
from tap_gotowebinar.sync.attendee_lists import ATTENDEES, WebinarBatch, has_nobody
from tap_gotowebinar.sync.bookmarks.sessions import SessionsBookmark
from tap_gotowebinar.sync.bookmarks.streams import rows_hash
from tap_gotowebinar.sync.schedule import PlannedSession
from tap_gotowebinar.sync.steps import Batch, Fetched, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_gotowebinar.records.record_list import RecordList
    from tap_gotowebinar.sync.steps import Outcome, Steps, Unit

WEBINAR = f"{API}/organizers/{{organizerKey}}/webinars/{{webinarKey}}"
SESSION = f"{WEBINAR}/sessions/{{sessionKey}}"


class SessionChild(ChildStream[PlannedSession]):
    """A stream of what belongs to one session; a session is read when it is due."""

    parent_stream_type = Sessions
    bookmark_kind = SessionsBookmark
    is_read_seldom = True

    def bookmark(self, session: PlannedSession) -> SessionsBookmark:
        """Return what this stream has emitted of the sessions of an organizer."""
        found: SessionsBookmark = self.bookmarks.get(session.organizer_key)
        return found

    @override
    def reads(self, item: PlannedSession) -> bool:
        return self.bookmark(item).is_due(item, self.sync_context.due_rule)


class SessionListStream(SessionChild):
    """One call for each session; its rows are emitted together when one of them is new or has changed."""

    @override
    def steps(self, unit: Unit[PlannedSession]) -> Steps:
        yield self.list_step(unit.item)

    def list_step(self, session: PlannedSession, *, is_awaited: bool = False) -> Step:
        """Return the step that reads a session, unless it is known to be empty, and emits what has changed."""
        path = self.path.format_map(session.context)
        call = None if self.is_empty(session) else self.list_call(session, path)
        return Step(path, call, emit=functools.partial(self._emit, session), is_awaited=is_awaited)

    def list_call(self, session: PlannedSession, path: str) -> Callable[[], RecordList]:  # noqa: ARG002 - for some
        """Return what reads the records of a session, in any thread."""
        return functools.partial(self.client.get_list, path)

    def emit_changed(self, session: PlannedSession, found: RecordList) -> Iterator[Batch]:
        """Yield the rows of a session when one of them is new or has changed, and mark the session as read."""
        bookmark = self.bookmark(session)
        if bookmark.is_new(session, found.records):
            yield Batch(found.records)
            bookmark.remember(session, hash=rows_hash(found.records))
        if found.is_complete:
            bookmark.mark_read(session)

    def _emit(self, session: PlannedSession, outcome: Outcome) -> Iterator[Batch]:
        found = fetched_list(outcome)
        if found is not None:
            yield from self.emit_changed(session, found)


class SessionPerformance(SessionListStream):
    """How a session went: one call for each session, or for a webinar where several of its sessions are due."""

    name = "session_performance"
    path = f"{SESSION}/performance"
    primary_keys = ("sessionKey",)

    @override
    def steps(self, unit: Unit[PlannedSession]) -> Steps:
        outcome = yield self.list_step(unit.item, is_awaited=True)
        for record in outcome.value.records if isinstance(outcome, Fetched) else ():
            # It shows which other streams have nothing to read.
            self.sync_context.session_counts[unit.key] = record.get("pollsAndSurveys") or {}

    @override
    def list_call(self, session: PlannedSession, path: str) -> Callable[[], RecordList]:
        batch, client = self._batch, self.client

        def read() -> RecordList:
            found = batch.get(session)
            return client.get(path, self._read_session) if found is None else found

        return read

    @functools.cached_property
    def _batch(self) -> WebinarBatch:
        due = Counter(session.webinar_key for session in self.sync_context.sessions if self.reads(session))
        return WebinarBatch({key: sessions for key, sessions in due.items() if sessions > 1}, self._read_webinar)

    def _read_webinar(self, session: PlannedSession) -> dict[str, RecordList]:
        return self.client.get(f"{WEBINAR}/performance".format_map(session.context), self._read_sessions)

    def _read_sessions(self, body: object) -> dict[str, RecordList]:
        """Return the record of each session of a map by sessionKey; none for an empty object."""
        return {
            key: read_rows(self.client.reader, [value] if value != {} else []) for key, value in _object(body).items()
        }

    def _read_session(self, body: object) -> RecordList:
        return self._read_sessions({"": _object(body)})[""]


class Attendees(SessionListStream):
    """Who attended a session: one call for each session, or for 200 attendees of a webinar where that is cheaper."""

    name = "attendees"
    path = ATTENDEES
    primary_keys = ("sessionKey", "registrantKey")
    answer_keys = ("registrantKey",)

    @override
    def is_empty(self, item: PlannedSession) -> bool:
        return has_nobody(item)

    @override
    def steps(self, unit: Unit[PlannedSession]) -> Steps:
        # The streams of attendees' answers need it, too.
        yield from unit.ask_once(self.list_step(unit.item, is_awaited=True))

    @override
    def list_call(self, session: PlannedSession, path: str) -> Callable[[], RecordList]:
        return functools.partial(self.sync_context.attendees.read, session)

    @override
    def emit_changed(self, session: PlannedSession, found: RecordList) -> Iterator[Batch]:
        attended = sum(1 for record in found.records if record.get("attendanceTimeInSeconds"))
        counted = session.record.get("registrantsAttended")
        # GoTo also lists registrants who attended for no time at all.
        self.sync_context.report.check_count(self.name, session.key, counted, attended, len(found))
        return super().emit_changed(session, found)


def _object(body: object) -> dict[str, object]:
    if not isinstance(body, dict):
        msg = "the answer should hold an object and does not"
        raise MalformedResponseError(msg)
    return body

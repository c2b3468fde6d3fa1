"""The sessions: when webinars were held, how they went, and who attended."""

import functools
from collections import Counter
from collections.abc import Callable, Container, Iterator

from singer_sdk.helpers.types import Context, Record
from typing_extensions import override

from tap_gotowebinar.api.client import API
from tap_gotowebinar.api.errors import MalformedResponseError
from tap_gotowebinar.records.record_list import RecordList, read_rows
from tap_gotowebinar.records.timestamps import parse_time, to_iso
from tap_gotowebinar.streams.parents_and_children import ChildStream, ParentStream, fetched_list
from tap_gotowebinar.sync.attendee_lists import ATTENDEES, WebinarBatch
from tap_gotowebinar.sync.bookmarks.sessions import SessionsBookmark
from tap_gotowebinar.sync.bookmarks.streams import rows_hash
from tap_gotowebinar.sync.listings import WINDOW_MARGIN, list_sessions
from tap_gotowebinar.sync.schedule import PlannedSession, in_order
from tap_gotowebinar.sync.steps import Batch, Fetched, Outcome, Step, Steps, Unit

WEBINAR = f"{API}/organizers/{{organizerKey}}/webinars/{{webinarKey}}"
SESSION = f"{WEBINAR}/sessions/{{sessionKey}}"


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
        return functools.partial(self._batch.get, session, functools.partial(self.client.get, path, self._read_session))

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
    needed_counts = ("registrantsAttended",)

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

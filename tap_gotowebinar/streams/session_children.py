"""What the streams below a session have in common: each session is read when it is due, and emitted when it changed."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from typing_extensions import override

from tap_gotowebinar.api.client import API
from tap_gotowebinar.records.record_list import RecordList
from tap_gotowebinar.streams.parents_and_children import ChildStream, add_parent_keys, fetched_list
from tap_gotowebinar.streams.sessions import Sessions
from tap_gotowebinar.sync.bookmarks.sessions import SessionsBookmark
from tap_gotowebinar.sync.bookmarks.streams import rows_hash
from tap_gotowebinar.sync.schedule import PlannedSession
from tap_gotowebinar.sync.steps import Batch, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_gotowebinar.sync.bookmarks.streams import StreamBookmarks
    from tap_gotowebinar.sync.steps import Outcome, Steps, Unit

SESSION = f"{API}/organizers/{{organizerKey}}/webinars/{{webinarKey}}/sessions/{{sessionKey}}"


class SessionChild(ChildStream[PlannedSession]):
    """A stream of what belongs to one session."""

    parent = Sessions
    parent_stream_type = Sessions
    bookmark_kind = SessionsBookmark
    is_read_seldom = True

    @functools.cached_property
    def bookmarks(self) -> StreamBookmarks[SessionsBookmark]:
        """What this stream has emitted, by organizer."""
        return self.sync_context.bookmarks.get(self.name, SessionsBookmark)

    @override
    def reads(self, item: PlannedSession) -> bool:
        return self.bookmarks.get(item.organizer_key).is_due(item, self.sync_context.due_rule)

    def mark_read(self, session: PlannedSession) -> None:
        """Note that a session has been read to the end."""
        self.bookmarks.get(session.organizer_key).mark_read(session)
        self.bookmarks.changed()


class SessionListStream(SessionChild):
    """What one call brings of a session; its rows come out together when one of them is new or has changed."""

    @override
    def steps(self, unit: Unit[PlannedSession]) -> Steps:
        session, path = unit.item, self.path.format_map(unit.item.context)
        if self.is_empty(session):
            yield Step(path, emit=lambda _: self.emit_changed(session, RecordList()))
        else:
            yield self.list_step(session, path)

    def list_step(self, session: PlannedSession, path: str, *, is_awaited: bool = False) -> Step:
        """Return the step that reads a session and emits what has changed."""
        emit = functools.partial(self._emit, session)
        return Step(path, self.list_call(session, path), emit=emit, is_awaited=is_awaited)

    def list_call(self, session: PlannedSession, path: str) -> Callable[[], RecordList]:  # noqa: ARG002 - for some
        """Return what reads the records of a session, which are at a path, in any thread."""
        return functools.partial(self.client.get_list, path)

    def emit_changed(self, session: PlannedSession, found: RecordList) -> Iterator[Batch]:
        """Yield the rows of a session when one of them is new or has changed, and note that it has been read."""
        bookmark = self.bookmarks.get(session.organizer_key)
        if bookmark.is_new(session, found.records):
            yield Batch([add_parent_keys(record, session.context) for record in found.records])
            bookmark.remember(session, hash=rows_hash(found.records))
            self.bookmarks.changed()
        if found.is_complete:
            self.mark_read(session)

    def _emit(self, session: PlannedSession, outcome: Outcome) -> Iterator[Batch]:
        found = fetched_list(outcome)
        if found is not None:
            yield from self.emit_changed(session, found)

"""What the streams below a session have in common: each session is read when it is due, and emitted when it changed."""

from __future__ import annotations

import abc
import functools
from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from tap_gotowebinar.api import responses as envelopes
from tap_gotowebinar.api.client import API
from tap_gotowebinar.streams.children import ChildStream
from tap_gotowebinar.sync.bookmarks import rows_hash
from tap_gotowebinar.sync.prefetch import PlannedRequest
from tap_gotowebinar.sync.session_bookmarks import SessionsBookmark

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk.helpers.types import Context, Record

    from tap_gotowebinar.sync.bookmarks import StreamBookmarks
    from tap_gotowebinar.sync.prefetch import RequestPlan
    from tap_gotowebinar.sync.session_plan import PlannedSession
    from tap_gotowebinar.sync.webinar_batches import WebinarWide

SESSION = f"{API}/organizers/{{organizerKey}}/webinars/{{webinarKey}}/sessions/{{sessionKey}}"

Rows = list[dict[str, Any]]


class SessionChild(ChildStream):
    """A stream of what belongs to one session. One session that cannot be read does not end the run."""

    @functools.cached_property
    def bookmarks(self) -> StreamBookmarks[SessionsBookmark]:
        """What this stream has emitted, by organizer."""
        return self.tap.bookmarks.of(self.name, SessionsBookmark)

    def is_due(self, session: PlannedSession) -> bool:
        """Whether this stream has to read a session."""
        return self.bookmarks.of(session.organizer_key).is_due(session, self.tap.due_rule)

    @abc.abstractmethod
    def records_of(self, session: PlannedSession) -> Iterator[Record]:
        """Yield what is new or changed in a session that is due."""

    @abc.abstractmethod
    def calls_of(self, session: PlannedSession) -> RequestPlan:
        """Yield the calls that `records_of` is going to ask for."""

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        session = self.session_of(context)
        return self.records_of(session) if self.is_due(session) else ()

    @override
    def foresee(self, context: Context) -> RequestPlan:
        session = self.session_of(context)
        if self.is_due(session):
            yield from self.calls_of(session)

    def session_of(self, context: Context | None) -> PlannedSession:
        """Return the session of a child context."""
        return self.tap.sessions.by_key[(context or {})["sessionKey"]]

    def complete(self, session: PlannedSession) -> None:
        """Note that a session has been read to the end."""
        self.bookmarks.of(session.organizer_key).complete(session)
        self.bookmarks.changed()


class SessionChildStream(SessionChild):
    """What one call brings of a session; its rows come out together when one of them is new or has changed.

    Attributes:
        decides: Whether other streams wait for the rows, to know what to ask for.
    """

    decides: ClassVar[bool] = False

    def is_empty(self, session: PlannedSession) -> bool:  # noqa: ARG002 - for those that can know
        """Whether it is known without a call that there is nothing."""
        return False

    @override
    def records_of(self, session: PlannedSession) -> Iterator[Record]:
        rows: Rows | None = []
        if not self.is_empty(session):
            rows = self.fetch_rows(self.call_for(session), session.key)
        if rows is None:
            return
        self.seen(session, rows)
        bookmark = self.bookmarks.of(session.organizer_key)
        if bookmark.is_new(session, rows):
            yield from (dict(row) for row in rows)
            bookmark.remember(session, hash=rows_hash(rows))
        self.complete(session)
        self.checkpoint()

    @override
    def calls_of(self, session: PlannedSession) -> RequestPlan:
        if not self.is_empty(session):
            yield self.call_for(session)

    def call_for(self, session: PlannedSession) -> PlannedRequest:
        """Return the call for a session."""
        path = self.path.format_map(session.context)
        return PlannedRequest(path, functools.partial(self.read_rows, session, path), is_pivot=self.decides)

    def read_rows(self, session: PlannedSession, path: str) -> Rows:
        """Return the records of a session, which are at a path; called by any thread."""
        return self.call(path, lambda body: self.read_body(session, body))

    def read_body(self, session: PlannedSession, body: object) -> Rows:  # noqa: ARG002 - for those that tell by key
        """Return the records of the answer about one session."""
        return self.records_in(envelopes.array(body).rows)

    def records_in(self, rows: list[Any]) -> Rows:
        """Return the records of the rows of an answer."""
        return [self.reader.read(row) for row in rows]

    def seen(self, session: PlannedSession, rows: Rows) -> None:
        """Learn what a session holds, new or not."""


class WideSessionList(SessionChildStream):
    """A list of a session that may also come with those of all sessions of its webinar, where that saves calls."""

    @functools.cached_property
    @abc.abstractmethod
    def wide(self) -> WebinarWide:
        """The answers for all sessions of a webinar."""

    @override
    def call_for(self, session: PlannedSession) -> PlannedRequest:
        _ = self.wide  # Before a worker asks for it.
        return super().call_for(session)

    @override
    def read_rows(self, session: PlannedSession, path: str) -> Rows:
        rows = self.wide.fetch_rows(session)
        return super().read_rows(session, path) if rows is None else rows

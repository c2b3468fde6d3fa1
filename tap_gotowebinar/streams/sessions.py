"""The sessions: when webinars were really held, and how each of them went."""

from __future__ import annotations

import functools
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE
from typing_extensions import override

from tap_gotowebinar.api import responses as envelopes
from tap_gotowebinar.api.client import API
from tap_gotowebinar.api.errors import MalformedResponseError
from tap_gotowebinar.records.moments import canonical, parse_time
from tap_gotowebinar.streams.parents import WINDOW_MARGIN, ParentStream, format_api_time
from tap_gotowebinar.streams.session_children import SESSION, Rows, SessionChild, WideSessionList
from tap_gotowebinar.sync.bookmarks import rows_hash
from tap_gotowebinar.sync.session_bookmarks import SessionsBookmark
from tap_gotowebinar.sync.session_plan import PlannedSession, in_order
from tap_gotowebinar.sync.webinar_batches import WebinarWide

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from singer_sdk.helpers.types import Context, Record

    from tap_gotowebinar.sync.bookmarks import StreamBookmarks
    from tap_gotowebinar.sync.prefetch import RequestPlan

ALL_SESSIONS: Final = f"{API}/organizers/{{organizerKey}}/webinars/{{webinarKey}}/performance"
"""How all sessions of a webinar went, as a map by sessionKey."""


class Sessions(ParentStream):
    """Every time that a webinar was held, by the organizer it was held for."""

    name = "sessions"
    noun = "sessions"
    path = f"{API}/organizers/{{organizerKey}}/sessions"
    primary_keys = ("sessionKey",)
    replication_key = "endTime"
    answer_keys = ("sessionKey", "webinarKey")

    @functools.cached_property
    def bookmarks(self) -> StreamBookmarks[SessionsBookmark]:
        """What this stream has emitted, by organizer."""
        return self.tap.bookmarks.of(self.name, SessionsBookmark)

    @property
    def emits_everything(self) -> bool:
        """Whether the catalog asks for all rows each time; bookmarks are left alone then."""
        return self.replication_method == REPLICATION_FULL_TABLE

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        self.tap.report.begin(self.noun)
        self.tap.report.listed(len(self.plan), due=sum(map(self.is_due, self.plan)))
        for session in self.plan:
            if not self.is_due(session):
                continue
            yield self.with_nulls(session.record)
            if self.selected and not self.emits_everything:
                self._complete(session)
            self.tap.report.done += 1
            self.checkpoint()

    @override
    def generate_child_contexts(self, record: Record, context: Context | None) -> Iterator[Context]:
        yield self.by_key[record["sessionKey"]].context

    @override
    def contexts(self) -> Iterator[Context]:
        return (session.context for session in self.plan if self.is_due(session))

    def is_due(self, session: PlannedSession) -> bool:
        """Whether this stream, or one below it, has to read a session."""
        is_read = any(bookmark.is_due(session, self.tap.due_rule) for bookmark in self._memories(session.organizer_key))
        return is_read or (self.selected and self._is_new(session))

    def _is_new(self, session: PlannedSession) -> bool:
        """Whether a session is to be emitted; its children may be due all the same."""
        if self.emits_everything:
            return True
        return self.bookmarks.of(session.organizer_key).is_new(session, [session.record])

    @override
    def _write_record_message(self, record: dict[str, Any]) -> None:
        if self._is_new(self.by_key[record["sessionKey"]]):
            super()._write_record_message(record)

    def _complete(self, session: PlannedSession) -> None:
        bookmark = self.bookmarks.of(session.organizer_key)
        if self._is_new(session) or bookmark.is_due(session, self.tap.due_rule):
            bookmark.remember(session, hash=rows_hash([session.record]))
            bookmark.complete(session)
            self.bookmarks.changed()

    @functools.cached_property
    def by_key(self) -> dict[str, PlannedSession]:
        """The sessions of this run by sessionKey."""
        return {session.key: session for session in self.plan}

    @functools.cached_property
    def plan(self) -> list[PlannedSession]:
        """The sessions of this run, each once, those of one organizer after those of the other, by their end."""
        found: dict[str, PlannedSession] = {}
        for organizer_key in self._organizer_keys():
            found |= {session.key: session for session in self._planned(organizer_key, found)}
        return list(found.values())

    def _organizer_keys(self) -> list[str]:
        if not self.tap.settings.account_key:
            return list(self.tap.scope.organizer_keys)
        # In the same order each time: a session that two of them list is remembered under the first.
        return sorted({key for record in self.tap.webinars.listing if (key := record["organizerKey"])})

    def _planned(self, organizer_key: str, others: Container[str]) -> list[PlannedSession]:
        """List the sessions of one organizer, and let the streams that remember them know.

        Args:
            organizer_key: Whose.
            others: Keys of the sessions that are read under another organizer.
        """
        now, settle = self.tap.started_at, self.tap.settings.settle
        start, memories = canonical(self.tap.settings.start_date), self._memories(organizer_key)
        until = canonical(now - max(settle, WINDOW_MARGIN))
        since = min((bookmark.cover(start, until) for bookmark in memories), default=start)
        if self.emits_everything:
            since = start
        path = self.path.format(organizerKey=organizer_key)
        window = {
            "fromTime": format_api_time((parse_time(since) or now) - WINDOW_MARGIN),
            "toTime": format_api_time(now + WINDOW_MARGIN),
        }
        listing = self.list_or_none(path, envelopes.hal("sessionInfoResources"), "sessionKey", **window)
        if listing is None:
            return []
        records = ({**self.reader.read(row), "organizerKey": organizer_key} for row in listing.rows)
        sessions = in_order(PlannedSession(record, now, settle) for record in records if self.is_wanted(record))
        sessions = [session for session in sessions if session.key not in others]
        wanted = [session for session in sessions if session.end is None or session.end >= start]
        for bookmark in memories:
            bookmark.begin(wanted, is_complete=listing.is_complete)
        return wanted

    def _memories(self, organizer_key: str) -> list[SessionsBookmark]:
        return [bookmarks.of(organizer_key) for bookmarks in self._all_bookmarks]

    @functools.cached_property
    def _all_bookmarks(self) -> list[StreamBookmarks[SessionsBookmark]]:
        children = [child.bookmarks for child in self.readers if isinstance(child, SessionChild)]
        return [self.bookmarks, *children] if self.selected and not self.emits_everything else children


class SessionPerformance(WideSessionList):
    """How a session went: one call per session, or per webinar where several of its sessions are due."""

    name = "session_performance"
    decides = True
    parent_stream_type = Sessions
    path = f"{SESSION}/performance"
    primary_keys = ("sessionKey",)

    def counts_none(self, session: PlannedSession, name: str) -> bool:
        """Whether this run has read that there is none of something in a session; nothing is read to find out."""
        return self._counts.get(session.key, {}).get(name) == 0

    @override
    def seen(self, session: PlannedSession, rows: Rows) -> None:
        for row in rows:
            self._counts[session.key] = row.get("pollsAndSurveys") or {}

    @override
    def calls_of(self, session: PlannedSession) -> RequestPlan:
        self.seen(session, (yield self.call_for(session)))

    @override
    def read_body(self, session: PlannedSession, body: object) -> Rows:
        return self._records({session.key: body})[session.key]

    @functools.cached_property
    def _counts(self) -> dict[str, dict[str, Any]]:
        return {}

    @functools.cached_property
    @override
    def wide(self) -> WebinarWide:
        due = Counter(session.webinar_key for session in self.tap.sessions.plan if self.is_due(session))
        return WebinarWide({key: sessions for key, sessions in due.items() if sessions > 1}, self._read_webinar)

    def _read_webinar(self, session: PlannedSession) -> dict[str, Rows]:
        return self.call(ALL_SESSIONS.format_map(session.context), self._records)

    def _records(self, body: object) -> dict[str, Rows]:
        """Return the record of each session of a map by sessionKey; none for an empty object."""
        if not isinstance(body, dict):
            msg = "the answer should hold an object and does not"
            raise MalformedResponseError(msg)
        return {key: [self.reader.read(value)] if value != {} else [] for key, value in body.items()}

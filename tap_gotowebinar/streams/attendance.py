"""Who came to a session, and when."""

from __future__ import annotations

import functools
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from tap_gotowebinar.api import responses as envelopes
from tap_gotowebinar.api.client import API
from tap_gotowebinar.api.errors import UnexpectedStatusError
from tap_gotowebinar.api.responses import MAX_PAGE_SIZE
from tap_gotowebinar.streams.session_children import SESSION, Rows, WideSessionList
from tap_gotowebinar.streams.sessions import Sessions
from tap_gotowebinar.sync.webinar_batches import WebinarWide

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_gotowebinar.api.responses import Page
    from tap_gotowebinar.sync.session_plan import PlannedSession

ALL_SESSIONS: Final = f"{API}/organizers/{{organizerKey}}/webinars/{{webinarKey}}/attendees"
"""Everybody who attended any session of a webinar."""

MAX_AT_ONCE: Final = 2_000
"""Attendees of a webinar up to which those of all its sessions are read at once, and kept until the last session."""


class Attendees(WideSessionList):
    """Who came to a session: one call per session, or per 200 attendees of a webinar where that is cheaper."""

    name = "attendees"
    decides = True
    parent_stream_type = Sessions
    path = f"{SESSION}/attendees"
    primary_keys = ("sessionKey", "registrantKey")
    answer_keys = ("registrantKey",)

    @override
    def is_empty(self, session: PlannedSession) -> bool:
        return session.counts_none("registrantsAttended")

    @override
    def seen(self, session: PlannedSession, rows: Rows) -> None:
        there = sum(1 for row in rows if row.get("attendanceTimeInSeconds"))
        # GoTo also lists some who registered and were there for no time at all.
        self.tap.report.compare(self.name, session.key, session.record.get("registrantsAttended"), there, len(rows))

    @functools.cached_property
    @override
    def wide(self) -> WebinarWide:
        sessions, attended = Counter[str](), Counter[str]()
        for session in self.tap.sessions.plan:
            # What ended before the bookmark is not listed, and would be read for nothing.
            if self.bookmarks.of(session.organizer_key).newest is None:
                attended[session.webinar_key] += session.record.get("registrantsAttended") or 0
                sessions[session.webinar_key] += self.is_due(session) and not self.is_empty(session)
        cheaper = {key: due for key, due in sessions.items() if _saves(due, attended[key])}
        return WebinarWide(cheaper, functools.partial(self._read_webinar, cheaper))

    def _read_webinar(self, sessions: Mapping[str, int], session: PlannedSession) -> dict[str, Rows] | None:
        path = ALL_SESSIONS.format_map(session.context)

        def read(body: object) -> Page:
            page = envelopes.hal("attendeeParticipationResponses")(body)
            # Who attended before `start_date` is on the list, too: to go on would cost more than it saves.
            if -(-(page.total or 0) // MAX_PAGE_SIZE) > sessions[session.webinar_key]:
                raise UnexpectedStatusError(path)
            return page

        listing = self.pages(path, read, "sessionKey", "registrantKey", size="size")
        rows: dict[str, list[Any]] = {}
        for row in listing.rows:
            rows.setdefault(str(row.get("sessionKey") if isinstance(row, dict) else None), []).append(row)
        return {key: self.records_in(found) for key, found in rows.items()} if listing.is_complete else None


def _saves(sessions: int, attended: int) -> bool:
    """Whether the pages of a webinar are fewer than its sessions; a few more people are listed than attended."""
    return attended <= MAX_AT_ONCE and sessions > -(-attended * 11 // (10 * MAX_PAGE_SIZE))

"""The attendees of sessions: a call for each session, or one for all sessions of a webinar where that is cheaper."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from tap_gotowebinar.api import responses
from tap_gotowebinar.api.client import API
from tap_gotowebinar.api.errors import UnexpectedStatusError
from tap_gotowebinar.api.pagination import MAX_PAGE_SIZE
from tap_gotowebinar.records.attendance import merge_attendance
from tap_gotowebinar.records.record_list import read_rows
from tap_gotowebinar.sync.webinar_batches import WebinarBatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tap_gotowebinar.api.responses import Page
    from tap_gotowebinar.records.record_list import RecordList
    from tap_gotowebinar.sync.schedule import PlannedSession
    from tap_gotowebinar.sync.stream_client import StreamClient

ATTENDEES: Final = f"{API}/organizers/{{organizerKey}}/webinars/{{webinarKey}}/sessions/{{sessionKey}}/attendees"
"""Who attended a session."""

ALL_SESSIONS: Final = f"{API}/organizers/{{organizerKey}}/webinars/{{webinarKey}}/attendees"
"""Everybody who attended any session of a webinar."""

MAX_AT_ONCE: Final = 2_000
"""Attendees of a webinar up to which those of all its sessions are read at once, and kept until the last session."""


class AttendeeLists:
    """Reads who attended sessions; for any thread.

    Args:
        client: Makes the calls.
        sessions: The sessions of this run.
        is_read: Whether the attendees of a session are going to be read.
        is_first_run: Whether nothing is known of the sessions of an organizer: what ended before the bookmark is not
            listed, and would be read for nothing.
    """

    def __init__(
        self,
        client: StreamClient,
        sessions: Iterable[PlannedSession],
        *,
        is_read: Callable[[PlannedSession], bool],
        is_first_run: Callable[[str], bool],
    ) -> None:
        """Read nothing yet."""
        self._client = client
        due, attended = Counter[str](), Counter[str]()
        for session in sessions:
            if is_first_run(session.organizer_key):
                attended[session.webinar_key] += session.record.get("registrantsAttended") or 0
                due[session.webinar_key] += is_read(session) and not has_nobody(session)
        self._due = {key: count for key, count in due.items() if _saves_calls(count, attended[key])}
        self._batches = WebinarBatch(self._due, self._read_webinar)

    def read(self, session: PlannedSession) -> RecordList:
        """Return the attendees of a session, each once."""
        found = self._batches.get(session)
        return (
            self._client.get_list(ATTENDEES.format_map(session.context), merge_attendance) if found is None else found
        )

    def _read_webinar(self, session: PlannedSession) -> dict[str, RecordList] | None:
        path = ALL_SESSIONS.format_map(session.context)

        def read(body: object) -> Page:
            page = responses.hal("attendeeParticipationResponses")(body)
            # Who attended before `start_date` is on the list, too: to go on would cost more than it saves.
            if -(-(page.total or 0) // MAX_PAGE_SIZE) > self._due[session.webinar_key]:
                raise UnexpectedStatusError(path)
            return page

        listing = self._client.pages(path, read, "sessionKey", "registrantKey", size="size")
        rows: dict[str, list[Any]] = {}
        for row in listing.rows:
            rows.setdefault(str(row.get("sessionKey") if isinstance(row, dict) else None), []).append(row)
        if not listing.is_complete or "None" in rows:
            return None
        return {key: read_rows(self._client.reader, found, merge=merge_attendance) for key, found in rows.items()}


def has_nobody(session: PlannedSession) -> bool:
    """Whether GoTo counts nobody who attended a session."""
    return session.counts_none("registrantsAttended")


def _saves_calls(sessions: int, attended: int) -> bool:
    """Whether the pages of a webinar are fewer than its sessions; a few more people are listed than attended."""
    return attended <= MAX_AT_ONCE and sessions > -(-attended * 11 // (10 * MAX_PAGE_SIZE))

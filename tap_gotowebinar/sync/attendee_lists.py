"""Attendees of sessions, and one answer for all sessions of a webinar where that saves calls."""

import contextlib
import functools
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from tap_gotowebinar.api import responses
from tap_gotowebinar.api.client import API
from tap_gotowebinar.api.errors import CallError, UnexpectedStatusError
from tap_gotowebinar.api.pagination import MAX_PAGE_SIZE
from tap_gotowebinar.api.responses import Page
from tap_gotowebinar.records.record_list import RecordList, merge_attendance, read_rows
from tap_gotowebinar.sync.schedule import PlannedSession
from tap_gotowebinar.sync.stream_client import StreamClient

ATTENDEES: Final = f"{API}/organizers/{{organizerKey}}/webinars/{{webinarKey}}/sessions/{{sessionKey}}/attendees"
"""Who attended a session."""

ALL_SESSIONS: Final = f"{API}/organizers/{{organizerKey}}/webinars/{{webinarKey}}/attendees"
"""Who attended any session of a webinar."""


class WebinarBatch:
    """Answers about whole webinars, kept until their last session has been asked for; for any thread.

    Args:
        sessions: How many sessions will be asked for, by webinarKey; others are not read in batches.
        read: Returns the rows of all sessions of the webinar of a session, by sessionKey; None if they are unusable.
    """

    def __init__(
        self, sessions: Mapping[str, int], read: Callable[[PlannedSession], dict[str, RecordList] | None]
    ) -> None:
        self._wanted = dict(sessions)
        self._read = read
        self._rows: dict[str, dict[str, RecordList]] = {}
        self._locks = {key: threading.Lock() for key in sessions}

    def get(self, session: PlannedSession, read_alone: Callable[[], RecordList]) -> RecordList:
        """Return the rows of a session; `read_alone` reads them where a call of its own is needed."""
        found, key = None, session.webinar_key
        if key in self._wanted:
            with self._locks[key]:
                if key not in self._rows:
                    self._rows[key] = {}
                    # The calls for the sessions show what is wrong.
                    with contextlib.suppress(CallError):
                        self._rows[key] = self._read(session) or {}
                found = self._rows[key].get(session.key)
                self._wanted[key] -= 1
                if self._wanted[key] <= 0:
                    self._rows[key] = {}
        return read_alone() if found is None else found


class AttendeeLists:
    """Reads who attended sessions; for any thread.

    Args:
        is_read: Returns whether the attendees of a session will be read.
        is_first_run: Returns whether nothing is known of the sessions of an organizer. Later runs list only the latest
            sessions, and an answer for the whole webinar would hold the earlier ones, too.
    """

    def __init__(
        self,
        client: StreamClient,
        sessions: Iterable[PlannedSession],
        *,
        is_read: Callable[[PlannedSession], bool],
        is_first_run: Callable[[str], bool],
    ) -> None:
        self._client = client
        due, attended = Counter[str](), Counter[str]()
        for session in sessions:
            if is_first_run(session.organizer_key):
                attended[session.webinar_key] += session.record.get("registrantsAttended") or 0
                due[session.webinar_key] += is_read(session) and session.record.get("registrantsAttended") != 0
        self._due = {key: count for key, count in due.items() if _saves_calls(count, attended[key])}
        self._batch = WebinarBatch(self._due, self._read_webinar)

    def read(self, session: PlannedSession) -> RecordList:
        """Return the attendees of a session, each once."""
        path = ATTENDEES.format_map(session.context)
        return self._batch.get(session, functools.partial(self._client.get_list, path, merge_attendance))

    def _read_webinar(self, session: PlannedSession) -> dict[str, RecordList] | None:
        path = ALL_SESSIONS.format_map(session.context)

        def read(body: object) -> Page:
            page = responses.hal("attendeeParticipationResponses")(body)
            # Attendees from before `start_date` are listed, too: more pages would cost more than they save.
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


def _saves_calls(sessions: int, attended: int) -> bool:
    """Return whether a webinar has fewer pages than sessions; somewhat more people are listed than attended.

    At most 2,000 are kept in memory until the last session is read.
    """
    return attended <= 2_000 and sessions > -(-attended * 11 // (10 * MAX_PAGE_SIZE))  # noqa: PLR2004

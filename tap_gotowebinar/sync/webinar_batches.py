"""One answer for all sessions of a webinar, instead of a call for each, where that saves calls."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tap_gotowebinar.api.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tap_gotowebinar.records.record_list import RecordList
    from tap_gotowebinar.sync.schedule import PlannedSession


class WebinarBatch:
    """Answers about webinars, kept until the last session that is wanted of each; for any thread."""

    def __init__(
        self, sessions: Mapping[str, int], read: Callable[[PlannedSession], dict[str, RecordList] | None]
    ) -> None:
        """Read nothing yet.

        Args:
            sessions: How many sessions of which webinars are going to be asked for.
            read: Returns the rows of all sessions of the webinar of a session, by sessionKey; None if that does not
                work out.
        """
        self._answers = {key: _Answer(wanted) for key, wanted in sessions.items()}
        self._read = read

    def get(self, session: PlannedSession) -> RecordList | None:
        """Return the rows of a session; None if it has to be asked for alone."""
        answer = self._answers.get(session.webinar_key)
        if answer is None:
            return None
        with answer.lock:
            if not answer.is_read:
                answer.is_read, answer.rows = True, self._tried(session)
            answer.wanted -= 1
            # One that is missing, although something is expected of it, is asked for alone.
            rows = None if answer.rows is None else answer.rows.get(session.key)
            if answer.wanted <= 0:
                answer.rows = None
            return rows

    def _tried(self, session: PlannedSession) -> dict[str, RecordList] | None:
        try:
            return self._read(session)
        except CallError:
            # Each session tells for itself what is wrong.
            return None


class _Answer:
    """What is known of one webinar."""

    def __init__(self, wanted: int) -> None:
        self.lock = threading.Lock()
        self.wanted = wanted
        self.is_read = False
        self.rows: dict[str, RecordList] | None = None

"""How each session went."""

from __future__ import annotations

import functools
from collections import Counter
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from tap_gotowebinar.api.client import API
from tap_gotowebinar.api.errors import MalformedResponseError
from tap_gotowebinar.records.record_list import RecordList, read_rows
from tap_gotowebinar.streams.session_children import SESSION, SessionListStream
from tap_gotowebinar.sync.steps import Fetched
from tap_gotowebinar.sync.webinar_batches import WebinarBatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_gotowebinar.sync.schedule import PlannedSession
    from tap_gotowebinar.sync.steps import Steps, Unit

ALL_SESSIONS: Final = f"{API}/organizers/{{organizerKey}}/webinars/{{webinarKey}}/performance"
"""How all sessions of a webinar went, as a map by sessionKey."""


class SessionPerformance(SessionListStream):
    """How a session went: one call per session, or per webinar where several of its sessions are due."""

    name = "session_performance"
    path = f"{SESSION}/performance"
    primary_keys = ("sessionKey",)

    @override
    def steps(self, unit: Unit[PlannedSession]) -> Steps:
        session, path = unit.item, self.path.format_map(unit.item.context)
        outcome = yield self.list_step(session, path, is_awaited=True)
        for record in outcome.value.records if isinstance(outcome, Fetched) else ():
            # It says of what else there is nothing to be read.
            self.sync_context.session_counts[session.key] = record.get("pollsAndSurveys") or {}

    @override
    def list_call(self, session: PlannedSession, path: str) -> Callable[[], RecordList]:
        batches, client = self._batches, self.client

        def read() -> RecordList:
            found = batches.get(session)
            return client.get(path, self._read_session) if found is None else found

        return read

    @functools.cached_property
    def _batches(self) -> WebinarBatch:
        due = Counter(session.webinar_key for session in self.sync_context.sessions if self.reads(session))
        return WebinarBatch({key: sessions for key, sessions in due.items() if sessions > 1}, self._read_webinar)

    def _read_webinar(self, session: PlannedSession) -> dict[str, RecordList]:
        return self.client.get(ALL_SESSIONS.format_map(session.context), self._read_sessions)

    def _read_sessions(self, body: object) -> dict[str, RecordList]:
        """Return the record of each session of a map by sessionKey; none for an empty object."""
        return {
            key: read_rows(self.client.reader, [value] if value != {} else []) for key, value in _object(body).items()
        }

    def _read_session(self, body: object) -> RecordList:
        return self._read_sessions({"": _object(body)})[""]


def _object(body: object) -> dict[str, object]:
    if not isinstance(body, dict):
        msg = "the answer should hold an object and does not"
        raise MalformedResponseError(msg)
    return body

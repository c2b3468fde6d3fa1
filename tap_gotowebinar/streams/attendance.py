"""Who came to a session, and when."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from typing_extensions import override

from tap_gotowebinar.streams.session_children import SessionListStream
from tap_gotowebinar.sync.attendee_lists import ATTENDEES, has_nobody

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_gotowebinar.records.record_list import RecordList
    from tap_gotowebinar.sync.schedule import PlannedSession
    from tap_gotowebinar.sync.steps import Batch, Steps, Unit


class Attendees(SessionListStream):
    """Who came to a session: one call per session, or per 200 attendees of a webinar where that is cheaper."""

    name = "attendees"
    path = ATTENDEES
    primary_keys = ("sessionKey", "registrantKey")
    answer_keys = ("registrantKey",)

    @override
    def is_empty(self, item: PlannedSession) -> bool:
        return has_nobody(item)

    @override
    def steps(self, unit: Unit[PlannedSession]) -> Steps:
        if self.is_empty(unit.item):
            yield from super().steps(unit)
        else:
            path = self.path.format_map(unit.item.context)
            # The streams of what attendees answered need it, too.
            yield from unit.ask_once(self.list_step(unit.item, path, is_awaited=True))

    @override
    def list_call(self, session: PlannedSession, path: str) -> Callable[[], RecordList]:
        return functools.partial(self.sync_context.attendees.read, session)

    @override
    def emit_changed(self, session: PlannedSession, found: RecordList) -> Iterator[Batch]:
        there = sum(1 for record in found.records if record.get("attendanceTimeInSeconds"))
        counted = session.record.get("registrantsAttended")
        # GoTo also lists some who registered and were there for no time at all.
        self.sync_context.report.check_count(self.name, session.key, counted, there, len(found))
        return super().emit_changed(session, found)

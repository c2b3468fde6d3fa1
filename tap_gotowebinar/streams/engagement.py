"""What was asked and answered in a session. GoTo gives no keys here: `made_keys` makes them."""

from __future__ import annotations

import functools
import zlib
from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec
from typing_extensions import override

from tap_gotowebinar.api import responses as envelopes
from tap_gotowebinar.records.surrogate_keys import add_surrogate_keys
from tap_gotowebinar.streams.session_children import SESSION, Rows, SessionChild, SessionChildStream
from tap_gotowebinar.streams.sessions import Sessions
from tap_gotowebinar.sync.bookmarks import without_nulls
from tap_gotowebinar.sync.prefetch import PlannedRequest
from tap_gotowebinar.sync.state import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk.helpers.types import Record

    from tap_gotowebinar.sync.prefetch import RequestPlan
    from tap_gotowebinar.sync.session_plan import PlannedSession


NO_ATTENDEE: Final = "0"
"""Up to whom attendees have been asked for when none has been, in the order of their keys."""


class SurrogateKeyedStream(SessionChildStream):
    """A list whose rows get a key.

    Attributes:
        key_fields: Fields that the key is made of.
    """

    parent_stream_type = Sessions
    key_fields: ClassVar[tuple[str, ...]] = ("question",)

    @override
    def records_in(self, rows: list[Any]) -> Rows:
        return add_surrogate_keys(super().records_in(rows), self.primary_keys[-1], *self.key_fields)


class CountGatedStream(SurrogateKeyedStream):
    """A list of which `session_performance`, where it is read anyway, says that it is empty.

    Attributes:
        counted_as: The count in `pollsAndSurveys`.
    """

    counted_as: ClassVar[str]

    @override
    def is_empty(self, session: PlannedSession) -> bool:
        return self.tap.performance.counts_none(session, self.counted_as)

    @override
    def calls_of(self, session: PlannedSession) -> RequestPlan:
        if self.tap.performance.selected:
            yield from self.tap.performance.foresee(session.context)
        yield from super().calls_of(session)


class Polls(SurrogateKeyedStream):
    """What was asked in polls of a session, and how many gave which answer."""

    name = "polls"
    path = f"{SESSION}/polls"
    primary_keys = ("sessionKey", "pollKey")

    @override
    def is_empty(self, session: PlannedSession) -> bool:
        return session.counts_none("totalPollCount")


class Questions(CountGatedStream):
    """What attendees of a session asked, and what they were answered."""

    name = "questions"
    path = f"{SESSION}/questions"
    primary_keys = ("sessionKey", "questionKey")
    key_fields = ("askerKey", "dateAsked", "question")
    counted_as = "questionsAsked"


class Surveys(CountGatedStream):
    """What was asked in surveys after a session, and how many gave which answer."""

    name = "surveys"
    path = f"{SESSION}/surveys"
    primary_keys = ("sessionKey", "surveyKey")
    counted_as = "surveyCount"


class AttendeeAnswers(SessionChild):
    """What single attendees answered: a call for each of them, so that it is off unless it is selected."""

    parent_stream_type = Sessions
    selected_by_default = False

    def is_empty(self, session: PlannedSession) -> bool:
        """Whether it is known without a call that nobody answered anything."""
        return self.tap.attendees.is_empty(session)

    @override
    def records_of(self, session: PlannedSession) -> Iterator[Record]:
        attendees = [] if self.is_empty(session) else self.fetch_rows(self._attendees(session), session.key)
        if attendees is None:
            return
        bookmark = self.bookmarks.of(session.organizer_key)
        roster, is_read = unpack(bookmark.memory(session).get("roster", "")), True
        for key in self._left(session, attendees):
            rows = self.fetch_rows(self._call(session, key), session.key)
            if rows is None:
                roster.pop(key, None)
                is_read = False
                continue
            found = _answers_hash(map(without_nulls, rows))
            # An earlier release told null from absent.
            if roster.get(key, found if not rows else None) not in {found, _answers_hash(rows)}:
                yield from (dict(row) for row in rows)
            roster[key] = found
            bookmark.remember(session, roster=pack(roster), upto=str(key))
            self.bookmarks.changed()
            self.checkpoint()
        if is_read:
            # Not taken away: a merge of states would bring the old one back.
            bookmark.remember(session, upto=NO_ATTENDEE)
            self.complete(session)

    @override
    def calls_of(self, session: PlannedSession) -> RequestPlan:
        if self.is_empty(session):
            return
        attendees = yield self._attendees(session)
        for key in self._left(session, attendees):
            yield self._call(session, key)

    def _left(self, session: PlannedSession, attendees: Rows) -> list[int]:
        """Return the attendees who are still to be asked for, in the order of their keys."""
        memory = self.bookmarks.of(session.organizer_key).memory(session)
        upto, done = int(memory.get("upto", NO_ATTENDEE)), unpack(memory.get("roster", ""))
        keys = sorted({int(row["registrantKey"]) for row in attendees})
        # Who was asked for before a run was cut short is not asked for again.
        return [key for key in keys if key > upto or key not in done]

    def _attendees(self, session: PlannedSession) -> PlannedRequest:
        _ = self.tap.attendees.tally, self.tap.attendees.reader  # Before a worker asks for them.
        return self.tap.attendees.call_for(session)

    def _call(self, session: PlannedSession, key: int) -> PlannedRequest:
        path = self.path.format(**session.context, registrantKey=key)
        return PlannedRequest(path, functools.partial(self._read, path, str(key)))

    def _read(self, path: str, registrant_key: str) -> Rows:
        def records(body: object) -> Rows:
            rows = [self.reader.read(row) for row in envelopes.array(body).rows]
            return [
                {"registrantKey": registrant_key, **row}
                for row in add_surrogate_keys(rows, self.primary_keys[-1], "question")
            ]

        return self.call(path, records)


def _answers_hash(rows: Iterable[dict[str, Any]]) -> int:
    return zlib.crc32(msgspec.json.encode([sorted(row.items()) for row in rows]))


class AttendeePolls(AttendeeAnswers):
    """What each attendee answered in polls: one call per attendee."""

    name = "attendee_polls"
    path = f"{SESSION}/attendees/{{registrantKey}}/polls"
    primary_keys = ("sessionKey", "registrantKey", "pollKey")

    @override
    def is_empty(self, session: PlannedSession) -> bool:
        return super().is_empty(session) or session.counts_none("totalPollCount")


class AttendeeSurveys(AttendeeAnswers):
    """What each attendee answered in surveys: one call per attendee."""

    name = "attendee_surveys"
    path = f"{SESSION}/attendees/{{registrantKey}}/surveys"
    primary_keys = ("sessionKey", "registrantKey", "surveyKey")

    @override
    def is_empty(self, session: PlannedSession) -> bool:
        return super().is_empty(session) or self.tap.performance.counts_none(session, "surveyCount")

"""What was asked and answered in a session; the rows get surrogate keys, because GoTo gives none."""

import functools
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

import msgspec
from singer_sdk.helpers.types import Record
from typing_extensions import override

from tap_gotowebinar.records.record_list import RecordList
from tap_gotowebinar.records.surrogate_keys import add_surrogate_keys
from tap_gotowebinar.streams.parents_and_children import fetched_list
from tap_gotowebinar.streams.sessions import SESSION, SessionChild, SessionListStream
from tap_gotowebinar.sync.attendee_lists import ATTENDEES
from tap_gotowebinar.sync.bookmarks.state import pack, unpack
from tap_gotowebinar.sync.bookmarks.streams import without_nulls
from tap_gotowebinar.sync.schedule import PlannedSession
from tap_gotowebinar.sync.steps import Batch, Outcome, Step, Steps, Unit
from tap_gotowebinar.sync.stream_client import StreamClient

NO_ATTENDEE: Final = "0"
"""The `upto` of a session none of whose attendees has been read; they are read in the order of their keys."""


@dataclass
class _Reading:
    """How far the attendees of a session have been read: a hash of each one's answers by registrantKey."""

    session: PlannedSession
    roster: dict[int, int]
    is_complete: bool = True


class SurrogateKeyedStream(SessionListStream):
    """A list whose rows get a surrogate key, made of `key_fields`."""

    key_fields: ClassVar[tuple[str, ...]] = ("question",)

    @override
    def list_call(self, session: PlannedSession, path: str) -> Callable[[], RecordList]:
        read = super().list_call(session, path)

        def read_keyed() -> RecordList:
            found = read()
            found.records = add_surrogate_keys(found.records, self.primary_keys[-1], *self.key_fields)
            return found

        return read_keyed


class Polls(SurrogateKeyedStream):
    """The polls of a session, and how many attendees gave each answer."""

    name = "polls"
    path = f"{SESSION}/polls"
    primary_keys = ("sessionKey", "pollKey")
    needed_counts = ("totalPollCount",)


class Questions(SurrogateKeyedStream):
    """The questions of attendees of a session, and the answers."""

    name = "questions"
    path = f"{SESSION}/questions"
    primary_keys = ("sessionKey", "questionKey")
    key_fields = ("askerKey", "dateAsked", "question")
    needed_counts = ("questionsAsked",)


class Surveys(SurrogateKeyedStream):
    """The surveys after a session, and how many attendees gave each answer."""

    name = "surveys"
    path = f"{SESSION}/surveys"
    primary_keys = ("sessionKey", "surveyKey")
    needed_counts = ("surveyCount",)


class AttendeeAnswers(SessionChild):
    """The answers of single attendees: one call for each, and therefore deselected by default."""

    selected_by_default = False
    asks_for_each = "attendee"

    @override
    def steps(self, unit: Unit[PlannedSession]) -> Steps:
        session, path = unit.item, ATTENDEES.format_map(unit.item.context)
        entry = self.bookmark(session).entry_of(session)
        reading = _Reading(session, unpack(entry.get("roster", "")))
        if not self.is_empty(session):
            call = functools.partial(self.sync_context.attendees.read, session)
            attendees = fetched_list((yield from unit.ask_once(Step(path, call, is_awaited=True))))
            if attendees is None:
                return
            reading.is_complete = attendees.is_complete
            keys = sorted({int(record["registrantKey"]) for record in attendees.records})
            resume_after = int(entry.get("upto", NO_ATTENDEE))
            # Attendees that were read before a run was cut short are not read again.
            for key in [key for key in keys if key > resume_after or key not in reading.roster]:
                answers = self.path.format(**session.context, registrantKey=key)
                read = functools.partial(self._read_answers, self.client, answers, str(key))
                yield Step(answers, read, emit=functools.partial(self._emit, reading, key))
        yield Step(path, emit=functools.partial(self._finish, reading))

    def _read_answers(self, client: StreamClient, path: str, registrant_key: str) -> RecordList:
        found = client.get_list(path)
        rows = add_surrogate_keys(found.records, self.primary_keys[-1], "question")
        found.records = [{"registrantKey": registrant_key, **row} for row in rows]
        return found

    def _emit(self, reading: _Reading, key: int, outcome: Outcome) -> Iterator[Batch]:
        found = fetched_list(outcome)
        if found is None:
            reading.roster.pop(key, None)
            reading.is_complete = False
            return
        hashed = _answers_hash(map(without_nulls, found.records))
        # Release 0.1.0 told null from absent.
        if reading.roster.get(key, None if found.records else hashed) not in {hashed, _answers_hash(found.records)}:
            yield Batch(found.records)
        reading.roster[key] = hashed
        reading.is_complete &= found.is_complete
        self.bookmark(reading.session).remember(reading.session, roster=pack(reading.roster), upto=str(key))

    def _finish(self, reading: _Reading, _outcome: Outcome) -> Iterable[Batch]:
        if reading.is_complete:
            # Not removed: a merge of states would bring the old value back.
            bookmark = self.bookmark(reading.session)
            bookmark.remember(reading.session, upto=NO_ATTENDEE)
            bookmark.mark_read(reading.session)
        return ()


class AttendeePolls(AttendeeAnswers):
    """Each attendee's answers in polls: one call for each attendee."""

    name = "attendee_polls"
    path = f"{ATTENDEES}/{{registrantKey}}/polls"
    primary_keys = ("sessionKey", "registrantKey", "pollKey")
    needed_counts = ("registrantsAttended", "totalPollCount")


class AttendeeSurveys(AttendeeAnswers):
    """Each attendee's answers in surveys: one call for each attendee."""

    name = "attendee_surveys"
    path = f"{ATTENDEES}/{{registrantKey}}/surveys"
    primary_keys = ("sessionKey", "registrantKey", "surveyKey")
    needed_counts = ("registrantsAttended", "surveyCount")


def _answers_hash(records: Iterable[Record]) -> int:
    return zlib.crc32(msgspec.json.encode([sorted(record.items()) for record in records]))

"""The records that a tap is expected to return for each stream, every key a string."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gotowebinar_sandbox.data.engagement import PollResults
from gotowebinar_sandbox.data.models import Webinar, format_time
from gotowebinar_sandbox.data.session_activity import SessionActivity
from gotowebinar_sandbox.serializers.engagement import answers, performance, question, results
from gotowebinar_sandbox.serializers.sessions import attendee_of_webinar, recording_row, session_row
from gotowebinar_sandbox.serializers.webinars import WebinarSerializer, coorganizers, panelists
from gotowebinar_sandbox.state import SandboxState

Row = dict[str, Any]
Records = dict[str, list[Row]]
DEFAULT = ("organizers", "webinars", "registrants")


def expected_records(state: SandboxState, streams: Sequence[str]) -> Records:
    """Return the records of each stream, with the keys of their parents.

    A webinar has the fields of lists and of get-by-key together, spelled and with all times as in lists, except
    ``webinarID``. A registrant has all that get-by-key shows.

    Args:
        state: The sandbox.
        streams: Their names; none: organizers, webinars and registrants.

    Raises:
        ValueError: There is no such stream.
    """
    if unknown := set(streams) - STREAMS.keys():
        message = f"no such stream: {', '.join(sorted(unknown))}"
        raise ValueError(message)
    return {stream: list(STREAMS[stream](state)) for stream in streams or DEFAULT}


def _organizers(state: SandboxState) -> Iterator[Row]:
    for organizer in state.world.organizers.values():
        yield {
            "organizerKey": str(organizer.key),
            "accountKey": str(state.world.account_key),
            "accountName": state.world.account_name,
            "email": organizer.email,
            "firstName": organizer.first_name,
            "lastName": organizer.last_name,
        }


def _webinars(state: SandboxState) -> Iterator[Row]:
    serializer = WebinarSerializer(state.world)
    for webinar in state.world.webinars.values():
        row = {**serializer.by_key(webinar), **serializer.listed(webinar)}
        del row["webinarId"]
        yield row


def _registrants(state: SandboxState, webinar: Webinar) -> Iterator[Row]:
    for registrant in state.world.registrants(webinar).registrants.values():
        yield {**state.world.detailed(webinar, registrant), "registrantKey": str(registrant.registrant_key)}


def _panelists(state: SandboxState, webinar: Webinar) -> Iterator[Row]:
    for row in panelists(state.staff, webinar):
        yield {**row, "panelistId": str(row["panelistId"])}


def _forms(state: SandboxState, webinar: Webinar) -> Iterator[Row]:
    form = state.world.form(webinar)
    yield {"fields": form["fields"], "questions": [_with_text_keys(asked) for asked in form["questions"]]}


def _with_text_keys(asked: Row) -> Row:
    choices = [{**choice, "answerKey": str(choice["answerKey"])} for choice in asked.get("answers", ())]
    return {**asked, "questionKey": str(asked["questionKey"]), **({"answers": choices} if choices else {})}


def _recordings(state: SandboxState, webinar: Webinar) -> Iterator[Row]:
    for recording in state.calendar.recordings(webinar):
        yield recording_row(state.world, webinar, recording)


def _answers(activity: SessionActivity, polls: PollResults) -> Iterator[Row]:
    for key in activity.attendees:
        for answer in answers(activity, polls, key):
            yield {"registrantKey": str(key), **answer}


Stream = Callable[[SandboxState], Iterator[Row]]


def _of_webinars(rows: Callable[[SandboxState, Webinar], Iterator[Row] | list[Row]]) -> Stream:
    """Return the records of all webinars, each with the webinarKey."""

    def records(state: SandboxState) -> Iterator[Row]:
        for webinar in state.world.webinars.values():
            for row in rows(state, webinar):
                yield {"webinarKey": str(webinar.key), **row}

    return records


def _of_sessions(rows: Callable[[SandboxState, SessionActivity], Iterator[Row] | list[Row]]) -> Stream:
    """Return the records of all sessions, each with webinarKey and sessionKey."""

    def of_webinar(state: SandboxState, webinar: Webinar) -> Iterator[Row]:
        for activity in state.calendar.activities(webinar):
            for row in rows(state, activity):
                yield {"sessionKey": str(activity.session.key), **row}

    return _of_webinars(of_webinar)


STREAMS: dict[str, Stream] = {
    "organizers": _organizers,
    "webinars": _webinars,
    "registrants": _of_webinars(_registrants),
    "panelists": _of_webinars(_panelists),
    "co_organizers": _of_webinars(lambda state, webinar: coorganizers(state.staff, webinar)),
    "registration_fields": _of_webinars(_forms),
    "recordings": _of_webinars(_recordings),
    "sessions": _of_sessions(lambda state, activity: [session_row(state.world, activity)]),
    "session_performance": _of_sessions(lambda state, activity: [performance(state.world, activity)]),
    "attendees": _of_sessions(lambda _, activity: [attendee_of_webinar(activity, key) for key in activity.attendees]),
    "polls": _of_sessions(lambda _, activity: results(activity, activity.polls)),
    "surveys": _of_sessions(lambda _, activity: results(activity, activity.survey)),
    "questions": _of_sessions(lambda _, activity: [question(activity, asked) for asked in activity.questions()]),
    "attendee_polls": _of_sessions(lambda _, activity: _answers(activity, activity.polls)),
    "attendee_surveys": _of_sessions(lambda _, activity: _answers(activity, activity.survey)),
    "webinar_removals": lambda state: (
        {"webinarKey": str(key), "removedAt": format_time(at)} for key, at in state.world.cancelled.items()
    ),
    "confirmations": lambda state: ({"webinarKey": str(key), "email": email} for key, email in state.confirmations),
}

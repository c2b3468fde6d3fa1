"""What really happened in a made-up world: the rows to expect of each kind, every key a string."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gotowebinar_sandbox.data.clock import stamp
from gotowebinar_sandbox.data.polls import PollResults
from gotowebinar_sandbox.data.session_activity import SessionActivity
from gotowebinar_sandbox.serializers.engagement import EngagementSerializer
from gotowebinar_sandbox.serializers.panelists import coorganizers, panelists
from gotowebinar_sandbox.serializers.schemas import plain
from gotowebinar_sandbox.serializers.sessions import SessionSerializer
from gotowebinar_sandbox.state import SandboxState

Row = dict[str, Any]


def expected_records(state: SandboxState, kinds: Sequence[str]) -> dict[str, list[Row]]:
    """Return the rows of each kind, named as its stream, with the keys of what they belong to.

    Raises:
        ValueError: There is no such kind.
    """
    unknown = sorted(set(kinds) - STREAMS.keys())
    if unknown:
        message = f"no such kind: {', '.join(unknown)}"
        raise ValueError(message)
    return {kind: list(STREAMS[kind](state)) for kind in kinds}


def _activities(state: SandboxState) -> Iterator[SessionActivity]:
    for webinar in state.world.webinars.values():
        yield from state.diary.activities(webinar)


def _where(activity: SessionActivity) -> Row:
    return {"webinarKey": str(activity.webinar.key), "sessionKey": str(activity.session.key)}


def _sessions(state: SandboxState) -> Iterator[Row]:
    shapes = SessionSerializer(state.world)
    for activity in _activities(state):
        yield plain(shapes.row(activity))


def _attendees(state: SandboxState) -> Iterator[Row]:
    shapes = SessionSerializer(state.world)
    share = state.options.split_attendance
    for activity in _activities(state):
        for key in activity.attendees:
            row = shapes.attendee_of_webinar(activity, key)
            if activity.is_split(key, share):
                row.attendance.sort(key=lambda presence: presence.join_time)
            yield {**_where(activity), **plain(row)}


def _session_performance(state: SandboxState) -> Iterator[Row]:
    shapes = EngagementSerializer(state.world)
    for activity in _activities(state):
        yield {**_where(activity), **plain(shapes.performance(activity))}


def _polls(state: SandboxState) -> Iterator[Row]:
    shapes = EngagementSerializer(state.world)
    for activity in _activities(state):
        for poll in shapes.polls(activity):
            yield {**_where(activity), **plain(poll)}


def _surveys(state: SandboxState) -> Iterator[Row]:
    shapes = EngagementSerializer(state.world)
    for activity in _activities(state):
        for question in shapes.survey(activity):
            yield {**_where(activity), **plain(question)}


def _questions(state: SandboxState) -> Iterator[Row]:
    shapes = EngagementSerializer(state.world)
    for activity in _activities(state):
        for asked in activity.questions():
            yield {**_where(activity), **plain(shapes.question(activity, asked))}


def _attendee_polls(state: SandboxState) -> Iterator[Row]:
    return _answers(state, lambda activity: activity.polls)


def _attendee_surveys(state: SandboxState) -> Iterator[Row]:
    return _answers(state, lambda activity: activity.survey)


def _answers(state: SandboxState, which: Callable[[SessionActivity], PollResults]) -> Iterator[Row]:
    shapes = EngagementSerializer(state.world)
    for activity in _activities(state):
        for key in activity.attendees:
            for answer in shapes.answers(activity, which(activity), key):
                yield {**_where(activity), "registrantKey": str(key), **plain(answer)}


def _panelists(state: SandboxState) -> Iterator[Row]:
    for webinar in state.world.webinars.values():
        for row in panelists(state.staff, webinar):
            yield {"webinarKey": str(webinar.key), **plain(row), "panelistId": str(row.panelist_id)}


def _co_organizers(state: SandboxState) -> Iterator[Row]:
    for webinar in state.world.webinars.values():
        for row in coorganizers(state.staff, webinar):
            yield {"webinarKey": str(webinar.key), **plain(row)}


def _registration_fields(state: SandboxState) -> Iterator[Row]:
    for webinar in state.world.webinars.values():
        yield {"webinarKey": str(webinar.key), **_keys_as_text(plain(state.world.form(webinar)))}


def _keys_as_text(form: Row) -> Row:
    """Return a registration form whose keys of questions and answers are strings."""
    for question in form["questions"]:
        question["questionKey"] = str(question["questionKey"])
        for answer in question.get("answers", ()):
            answer["answerKey"] = str(answer["answerKey"])
    return form


def _recordings(state: SandboxState) -> Iterator[Row]:
    for webinar in state.world.webinars.values():
        for recording in state.recordings.of(webinar):
            yield plain(state.recordings.asset(webinar, recording))


def _webinar_removals(state: SandboxState) -> Iterator[Row]:
    for webinar_key, at in state.world.cancelled.items():
        yield {"webinarKey": str(webinar_key), "removedAt": stamp(at)}


def _confirmations(state: SandboxState) -> Iterator[Row]:
    for webinar_key, email in state.confirmations:
        yield {"webinarKey": str(webinar_key), "email": email}


STREAMS: dict[str, Callable[[SandboxState], Iterator[Row]]] = {
    "sessions": _sessions,
    "session_performance": _session_performance,
    "attendees": _attendees,
    "polls": _polls,
    "questions": _questions,
    "surveys": _surveys,
    "attendee_polls": _attendee_polls,
    "attendee_surveys": _attendee_surveys,
    "panelists": _panelists,
    "co_organizers": _co_organizers,
    "registration_fields": _registration_fields,
    "recordings": _recordings,
    "webinar_removals": _webinar_removals,
    "confirmations": _confirmations,
}

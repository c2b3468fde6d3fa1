"""What really happened in a made-up world: the rows to expect of each kind, every key a string."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gotowebinar_sandbox.ballots import Ballots
from gotowebinar_sandbox.crew_shapes import coorganizers, panelists
from gotowebinar_sandbox.engagement_shapes import EngagementShapes
from gotowebinar_sandbox.gathering import Gathering
from gotowebinar_sandbox.live import Live
from gotowebinar_sandbox.session_shapes import SessionShapes
from gotowebinar_sandbox.timing import stamp
from gotowebinar_sandbox.wire import plain

Row = dict[str, Any]


def truth_of(live: Live, kinds: Sequence[str]) -> dict[str, list[Row]]:
    """Return the rows of each kind, named as its stream, with the keys of what they belong to.

    Raises:
        ValueError: There is no such kind.
    """
    unknown = sorted(set(kinds) - KINDS.keys())
    if unknown:
        message = f"no such kind: {', '.join(unknown)}"
        raise ValueError(message)
    return {kind: list(KINDS[kind](live)) for kind in kinds}


def _gatherings(live: Live) -> Iterator[Gathering]:
    for webinar in live.world.webinars.values():
        yield from live.diary.gatherings(webinar)


def _where(gathering: Gathering) -> Row:
    return {"webinarKey": str(gathering.webinar.key), "sessionKey": str(gathering.session.key)}


def _sessions(live: Live) -> Iterator[Row]:
    shapes = SessionShapes(live.world)
    for gathering in _gatherings(live):
        yield plain(shapes.row(gathering))


def _attendees(live: Live) -> Iterator[Row]:
    shapes = SessionShapes(live.world)
    share = live.options.split_attendance
    for gathering in _gatherings(live):
        for key in gathering.attendees:
            row = shapes.attendee_of_webinar(gathering, key)
            if gathering.is_split(key, share):
                row.attendance.sort(key=lambda presence: presence.join_time)
            yield {**_where(gathering), **plain(row)}


def _session_performance(live: Live) -> Iterator[Row]:
    shapes = EngagementShapes(live.world)
    for gathering in _gatherings(live):
        yield {**_where(gathering), **plain(shapes.performance(gathering))}


def _polls(live: Live) -> Iterator[Row]:
    shapes = EngagementShapes(live.world)
    for gathering in _gatherings(live):
        for poll in shapes.polls(gathering):
            yield {**_where(gathering), **plain(poll)}


def _surveys(live: Live) -> Iterator[Row]:
    shapes = EngagementShapes(live.world)
    for gathering in _gatherings(live):
        for question in shapes.survey(gathering):
            yield {**_where(gathering), **plain(question)}


def _questions(live: Live) -> Iterator[Row]:
    shapes = EngagementShapes(live.world)
    for gathering in _gatherings(live):
        for asked in gathering.questions():
            yield {**_where(gathering), **plain(shapes.question(gathering, asked))}


def _attendee_polls(live: Live) -> Iterator[Row]:
    return _answers(live, lambda gathering: gathering.polls)


def _attendee_surveys(live: Live) -> Iterator[Row]:
    return _answers(live, lambda gathering: gathering.survey)


def _answers(live: Live, which: Callable[[Gathering], Ballots]) -> Iterator[Row]:
    shapes = EngagementShapes(live.world)
    for gathering in _gatherings(live):
        for key in gathering.attendees:
            for answer in shapes.answers(gathering, which(gathering), key):
                yield {**_where(gathering), "registrantKey": str(key), **plain(answer)}


def _panelists(live: Live) -> Iterator[Row]:
    for webinar in live.world.webinars.values():
        for row in panelists(live.crew, webinar):
            yield {"webinarKey": str(webinar.key), **plain(row), "panelistId": str(row.panelist_id)}


def _co_organizers(live: Live) -> Iterator[Row]:
    for webinar in live.world.webinars.values():
        for row in coorganizers(live.crew, webinar):
            yield {"webinarKey": str(webinar.key), **plain(row)}


def _registration_fields(live: Live) -> Iterator[Row]:
    for webinar in live.world.webinars.values():
        yield {"webinarKey": str(webinar.key), **_keys_as_text(plain(live.world.form(webinar)))}


def _keys_as_text(form: Row) -> Row:
    """Return a registration form whose keys of questions and answers are strings."""
    for question in form["questions"]:
        question["questionKey"] = str(question["questionKey"])
        for answer in question.get("answers", ()):
            answer["answerKey"] = str(answer["answerKey"])
    return form


def _recordings(live: Live) -> Iterator[Row]:
    for webinar in live.world.webinars.values():
        for recording in live.recordings.of(webinar):
            yield plain(live.recordings.asset(webinar, recording))


def _webinar_removals(live: Live) -> Iterator[Row]:
    for webinar_key, at in live.world.cancelled.items():
        yield {"webinarKey": str(webinar_key), "removedAt": stamp(at)}


def _confirmations(live: Live) -> Iterator[Row]:
    for webinar_key, email in live.confirmations:
        yield {"webinarKey": str(webinar_key), "email": email}


KINDS: dict[str, Callable[[Live], Iterator[Row]]] = {
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

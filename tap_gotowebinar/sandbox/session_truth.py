"""What really happened in the sessions of a made-up world: the rows to expect of each kind, every key a string."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tap_gotowebinar.sandbox.ballots import Ballots
from tap_gotowebinar.sandbox.diary import Diary
from tap_gotowebinar.sandbox.engagement_shapes import EngagementShapes
from tap_gotowebinar.sandbox.gathering import Gathering
from tap_gotowebinar.sandbox.session_shapes import SessionShapes
from tap_gotowebinar.sandbox.wire import plain

Row = dict[str, Any]


def session_truth(diary: Diary, kinds: Sequence[str]) -> dict[str, list[Row]]:
    """Return the rows of each kind, named as its stream, with the keys of what they belong to.

    Raises:
        ValueError: There is no such kind.
    """
    unknown = sorted(set(kinds) - KINDS.keys())
    if unknown:
        message = f"no such kind: {', '.join(unknown)}"
        raise ValueError(message)
    return {kind: list(KINDS[kind](diary)) for kind in kinds}


def _gatherings(diary: Diary) -> Iterator[Gathering]:
    for webinar in diary.world.webinars.values():
        yield from diary.gatherings(webinar)


def _where(gathering: Gathering) -> Row:
    return {"webinarKey": str(gathering.webinar.key), "sessionKey": str(gathering.session.key)}


def _sessions(diary: Diary) -> Iterator[Row]:
    shapes = SessionShapes(diary.world)
    for gathering in _gatherings(diary):
        yield plain(shapes.row(gathering))


def _attendees(diary: Diary) -> Iterator[Row]:
    shapes = SessionShapes(diary.world)
    for gathering in _gatherings(diary):
        for key in gathering.attendees:
            yield {**_where(gathering), **plain(shapes.attendee_of_webinar(gathering, key))}


def _session_performance(diary: Diary) -> Iterator[Row]:
    shapes = EngagementShapes(diary.world)
    for gathering in _gatherings(diary):
        yield {**_where(gathering), **plain(shapes.performance(gathering))}


def _polls(diary: Diary) -> Iterator[Row]:
    shapes = EngagementShapes(diary.world)
    for gathering in _gatherings(diary):
        for poll in shapes.polls(gathering):
            yield {**_where(gathering), **plain(poll)}


def _surveys(diary: Diary) -> Iterator[Row]:
    shapes = EngagementShapes(diary.world)
    for gathering in _gatherings(diary):
        for question in shapes.survey(gathering):
            yield {**_where(gathering), **plain(question)}


def _questions(diary: Diary) -> Iterator[Row]:
    shapes = EngagementShapes(diary.world)
    for gathering in _gatherings(diary):
        for asked in gathering.questions():
            yield {**_where(gathering), **plain(shapes.question(gathering, asked))}


def _attendee_polls(diary: Diary) -> Iterator[Row]:
    return _answers(diary, lambda gathering: gathering.polls)


def _attendee_surveys(diary: Diary) -> Iterator[Row]:
    return _answers(diary, lambda gathering: gathering.survey)


def _answers(diary: Diary, which: Callable[[Gathering], Ballots]) -> Iterator[Row]:
    shapes = EngagementShapes(diary.world)
    for gathering in _gatherings(diary):
        for key in gathering.attendees:
            for answer in shapes.answers(gathering, which(gathering), key):
                yield {**_where(gathering), "registrantKey": str(key), **plain(answer)}


KINDS: dict[str, Callable[[Diary], Iterator[Row]]] = {
    "sessions": _sessions,
    "session_performance": _session_performance,
    "attendees": _attendees,
    "polls": _polls,
    "questions": _questions,
    "surveys": _surveys,
    "attendee_polls": _attendee_polls,
    "attendee_surveys": _attendee_surveys,
}

"""Gives polls, surveys, questions and performance the shapes they have on the wire."""

from datetime import timedelta

from gotowebinar_sandbox.attendance import seconds
from gotowebinar_sandbox.ballots import Ballots, Result
from gotowebinar_sandbox.dice import throw
from gotowebinar_sandbox.engagement_wire import (
    AttendancePerformance,
    AttendeeQuestion,
    Performance,
    Poll,
    PollAnswer,
    PollResponse,
    PollsAndSurveys,
    QuestionAnswer,
    SessionInfo,
)
from gotowebinar_sandbox.gathering import Gathering
from gotowebinar_sandbox.questions import Asked
from gotowebinar_sandbox.timing import stamp
from gotowebinar_sandbox.world import World

OLD = timedelta(days=3 * 365)
HUNDRED = 100.0


class EngagementShapes:
    """What happened in sessions, as GoTo tells it."""

    def __init__(self, world: World) -> None:
        """Tell of the sessions of a world."""
        self._world = world

    def polls(self, gathering: Gathering) -> list[Poll]:
        """Return the polls of a session, put together."""
        return [_poll(result) for result in gathering.polls.results(gathering.present)]

    def survey(self, gathering: Gathering) -> list[Poll]:
        """Return the survey of a session, put together."""
        return [_poll(result) for result in gathering.survey.results(gathering.present)]

    def answers(self, gathering: Gathering, ballots: Ballots, registrant_key: int) -> list[PollAnswer]:
        """Return what an attendee answered; half of the sessions tell more of the questions."""
        session = gathering.session
        more = throw(session.key, "more") < 1 / 2
        return [
            PollAnswer(
                question=ballot.question,
                answers=list(texts),
                answer=", ".join(texts),
                question_type=ballot.type if more else None,
                date_asked=stamp(session.window.start) if more else None,
            )
            for ballot, texts in (ballots.answers(registrant_key) if gathering.was_there(registrant_key) else ())
        ]

    def question(self, gathering: Gathering, asked: Asked) -> AttendeeQuestion:
        """Return a question with its answers."""
        return AttendeeQuestion(
            question=asked.question,
            asked_by=gathering.roll.registrants[asked.asker].email,
            asker_key=str(asked.asker),
            date_asked=stamp(asked.at),
            answers=[
                QuestionAnswer(
                    answer=reply.answer,
                    answered_by=str(reply.by.key),
                    answerer_role="ORGANIZER",
                    answerer_email=reply.by.email,
                    answer_time=stamp(reply.at),
                )
                for reply in asked.replies
            ],
        )

    def performance(self, gathering: Gathering) -> Performance:
        """Return a session in figures."""
        old = gathering.session.window.end < self._world.anchor - OLD
        return Performance(
            session_info=None if old else _session_info(gathering),
            attendance=_attendance(gathering),
            polls_and_surveys=_polls_and_surveys(gathering),
        )


def _poll(result: Result) -> Poll:
    responses = [PollResponse(text, _percentage(count, result.answered)) for text, count in result.counts.items()]
    return Poll(result.ballot.question, result.answered, responses)


def _percentage(part: int, whole: int) -> float:
    return round(HUNDRED * part / whole, 2) if whole else 0.0


def _session_info(gathering: Gathering) -> SessionInfo:
    webinar, session = gathering.webinar, gathering.session
    return SessionInfo(
        webinar_name=webinar.subject,
        webinar_id=webinar.webinar_id,
        session_key=str(session.key),
        time_zone=webinar.time_zone,
        experience_type=webinar.experience_type,
        recurrence_period=webinar.recurrence_type,
        start_time=stamp(session.window.start),
        end_time=stamp(session.window.end),
        registration_email_opened_count=str(gathering.opened_invitations),
        registration_link_clicked_count=str(gathering.link_clicks),
    )


def _attendance(gathering: Gathering) -> AttendancePerformance:
    session, present = gathering.session, gathering.present
    total = sum(seconds(gathering.spells(key)) for key in present)
    return AttendancePerformance(
        registrant_count=len(gathering.roll),
        percentage_attendance=_percentage(len(present), len(gathering.roll)),
        average_interest_rating=round(HUNDRED * throw(session.key, "interest"), 1) if present else 0.0,
        average_attentiveness=round(HUNDRED * throw(session.key, "attentiveness"), 1) if present else 0.0,
        average_attendance_time_seconds=round(total / len(present), 1) if present else 0.0,
    )


def _polls_and_surveys(gathering: Gathering) -> PollsAndSurveys:
    present, polls = gathering.present, gathering.polls
    answered = sum(result.answered for result in polls.results(present))
    surveyed = sum(bool(gathering.survey.answers(key)) for key in present)
    return PollsAndSurveys(
        poll_count=len(polls.ballots),
        survey_count=float(bool(gathering.survey.ballots)),
        questions_asked=len(gathering.questions()),
        percentage_polls_completed=_percentage(answered, len(present) * len(polls.ballots)),
        percentage_surveys_completed=_percentage(surveyed, len(present)),
    )

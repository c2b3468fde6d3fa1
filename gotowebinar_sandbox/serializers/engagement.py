"""Gives polls, surveys, questions and performance the shapes they have on the wire."""

from datetime import timedelta

from gotowebinar_sandbox.data.attendance import seconds
from gotowebinar_sandbox.data.clock import stamp
from gotowebinar_sandbox.data.polls import PollResults, Result
from gotowebinar_sandbox.data.questions import Asked
from gotowebinar_sandbox.data.randomness import random_fraction
from gotowebinar_sandbox.data.session_activity import SessionActivity
from gotowebinar_sandbox.data.world import World
from gotowebinar_sandbox.serializers.engagement_schemas import (
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

OLD = timedelta(days=3 * 365)
HUNDRED = 100.0


class EngagementSerializer:
    """What happened in sessions, as GoTo tells it."""

    def __init__(self, world: World) -> None:
        """Tell of the sessions of a world."""
        self._world = world

    def polls(self, activity: SessionActivity) -> list[Poll]:
        """Return the polls of a session, put together."""
        return [_poll(result) for result in activity.polls.results(activity.present)]

    def survey(self, activity: SessionActivity) -> list[Poll]:
        """Return the survey of a session, put together."""
        return [_poll(result) for result in activity.survey.results(activity.present)]

    def answers(self, activity: SessionActivity, questions: PollResults, registrant_key: int) -> list[PollAnswer]:
        """Return what an attendee answered; half of the sessions tell more of the questions."""
        session = activity.session
        more = random_fraction(session.key, "more") < 1 / 2
        return [
            PollAnswer(
                question=question.question,
                answers=list(texts),
                answer=", ".join(texts),
                question_type=question.type if more else None,
                date_asked=stamp(session.window.start) if more else None,
            )
            for question, texts in (questions.answers(registrant_key) if activity.attended(registrant_key) else ())
        ]

    def question(self, activity: SessionActivity, asked: Asked) -> AttendeeQuestion:
        """Return a question with its answers."""
        return AttendeeQuestion(
            question=asked.question,
            asked_by=activity.registrant_list.registrants[asked.asker].email,
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

    def performance(self, activity: SessionActivity) -> Performance:
        """Return a session in figures."""
        old = activity.session.window.end < self._world.anchor - OLD
        return Performance(
            session_info=None if old else _session_info(activity),
            attendance=_attendance(activity),
            polls_and_surveys=_polls_and_surveys(activity),
        )


def _poll(result: Result) -> Poll:
    responses = [PollResponse(text, _percentage(count, result.answered)) for text, count in result.counts.items()]
    return Poll(result.question.question, result.answered, responses)


def _percentage(part: int, whole: int) -> float:
    return round(HUNDRED * part / whole, 2) if whole else 0.0


def _session_info(activity: SessionActivity) -> SessionInfo:
    webinar, session = activity.webinar, activity.session
    return SessionInfo(
        webinar_name=webinar.subject,
        webinar_id=webinar.webinar_id,
        session_key=str(session.key),
        time_zone=webinar.time_zone,
        experience_type=webinar.experience_type,
        recurrence_period=webinar.recurrence_type,
        start_time=stamp(session.window.start),
        end_time=stamp(session.window.end),
        registration_email_opened_count=str(activity.opened_invitations),
        registration_link_clicked_count=str(activity.link_clicks),
    )


def _attendance(activity: SessionActivity) -> AttendancePerformance:
    session, present = activity.session, activity.present
    total = sum(seconds(activity.intervals(key)) for key in present)
    return AttendancePerformance(
        registrant_count=len(activity.registrant_list),
        percentage_attendance=_percentage(len(present), len(activity.registrant_list)),
        average_interest_rating=round(HUNDRED * random_fraction(session.key, "interest"), 1) if present else 0.0,
        average_attentiveness=round(HUNDRED * random_fraction(session.key, "attentiveness"), 1) if present else 0.0,
        average_attendance_time_seconds=round(total / len(present), 1) if present else 0.0,
    )


def _polls_and_surveys(activity: SessionActivity) -> PollsAndSurveys:
    present, polls = activity.present, activity.polls
    answered = sum(result.answered for result in polls.results(present))
    surveyed = sum(bool(activity.survey.answers(key)) for key in present)
    return PollsAndSurveys(
        poll_count=len(polls.questions),
        survey_count=float(bool(activity.survey.questions)),
        questions_asked=len(activity.questions()),
        percentage_polls_completed=_percentage(answered, len(present) * len(polls.questions)),
        percentage_surveys_completed=_percentage(surveyed, len(present)),
    )

"""Polls, surveys, questions and performance in the format of the API (API reference, sections 5.9 and 5.10)."""

from datetime import timedelta
from typing import Any

from gotowebinar_sandbox.data.engagement import AttendeeQuestion, PollResults
from gotowebinar_sandbox.data.models import covered_seconds, format_time
from gotowebinar_sandbox.data.randomness import random_fraction
from gotowebinar_sandbox.data.session_activity import SessionActivity
from gotowebinar_sandbox.data.world import World

OLD = timedelta(days=3 * 365)
HUNDRED = 100.0

Row = dict[str, Any]


def results(activity: SessionActivity, polls: PollResults) -> list[Row]:
    """Return the polls or the survey of a session: without keys; percentages of those who answered."""
    return [
        {
            "question": result.question.question,
            "numberOfResponses": result.answered,
            "responses": [
                {"text": text, "percentage": _percentage(count, result.answered)}
                for text, count in result.counts.items()
            ],
        }
        for result in polls.results(activity.present)
    ]


def answers(activity: SessionActivity, polls: PollResults, registrant_key: int) -> list[Row]:
    """Return the answers of an attendee; half of the sessions have the last two fields, which are undocumented."""
    session = activity.session
    more = random_fraction(session.key, "more") < 1 / 2
    return [
        {
            "question": question.question,
            "answers": list(texts),
            "answer": ", ".join(texts),
            **({"questionType": question.type, "dateAsked": format_time(session.window.start)} if more else {}),
        }
        for question, texts in (polls.answers(registrant_key) if activity.attendees[registrant_key] else ())
    ]


def question(activity: SessionActivity, asked: AttendeeQuestion) -> Row:
    """Return a question with its answers; the key of the asker is a string here."""
    return {
        "question": asked.question,
        "askedBy": activity.people.registrants[asked.asker].email,
        "askerKey": str(asked.asker),
        "dateAsked": format_time(asked.at),
        "answers": [
            {
                "answer": reply.answer,
                "answeredBy": str(reply.by.key),
                "answererRole": "ORGANIZER",
                "answererEmail": reply.by.email,
                "answerTime": format_time(reply.at),
            }
            for reply in asked.replies
        ],
    }


def performance(world: World, activity: SessionActivity) -> Row:
    """Return the performance of a session; old ones have no ``sessionInfo``."""
    old = activity.session.window.end < world.anchor - OLD
    return {
        **({} if old else {"sessionInfo": _session_info(activity)}),
        "attendance": _attendance(activity),
        "pollsAndSurveys": _polls_and_surveys(activity),
    }


def _percentage(part: int, whole: int) -> float:
    return round(HUNDRED * part / whole, 2) if whole else 0.0


def _session_info(activity: SessionActivity) -> Row:
    """Return the session; the id is ``webinarId`` here, and two counts are strings."""
    webinar, session = activity.webinar, activity.session
    return {
        "webinarName": webinar.subject,
        "webinarId": webinar.webinar_id,
        "sessionKey": str(session.key),
        "timeZone": webinar.time_zone,
        "experienceType": webinar.experience_type,
        "recurrencePeriod": webinar.recurrence_type,
        "startTime": format_time(session.window.start),
        "endTime": format_time(session.window.end),
        "registrationEmailOpenedCount": str(activity.opened_invitations),
        "registrationLinkClickedCount": str(activity.link_clicks),
    }


def _attendance(activity: SessionActivity) -> Row:
    key, present, registered = activity.session.key, activity.present, len(activity.people.registrants)
    total = sum(covered_seconds(activity.intervals(who)) for who in present)
    return {
        "registrantCount": registered,
        "percentageAttendance": _percentage(len(present), registered),
        "averageInterestRating": round(HUNDRED * random_fraction(key, "interest"), 1) if present else 0.0,
        "averageAttentiveness": round(HUNDRED * random_fraction(key, "attentiveness"), 1) if present else 0.0,
        "averageAttendanceTimeSeconds": round(total / len(present), 1) if present else 0.0,
    }


def _polls_and_surveys(activity: SessionActivity) -> Row:
    """Return the counts of polls, surveys and questions; one count is a float."""
    present, polls = activity.present, activity.polls
    answered = sum(result.answered for result in polls.results(present))
    surveyed = sum(bool(activity.survey.answers(key)) for key in present)
    return {
        "pollCount": len(polls.questions),
        "surveyCount": float(bool(activity.survey.questions)),
        "questionsAsked": len(activity.questions()),
        "percentagePollsCompleted": _percentage(answered, len(present) * len(polls.questions)),
        "percentageSurveysCompleted": _percentage(surveyed, len(present)),
    }

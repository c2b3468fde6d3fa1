"""What goes over the wire of polls, surveys, questions and performance (API reference, sections 5.9 and 5.10)."""

import msgspec


class PollResponse(msgspec.Struct, rename="camel"):
    """How many chose an answer: a percentage of those who answered."""

    text: str
    percentage: float


class Poll(msgspec.Struct, rename="camel"):
    """A poll, or a question of a survey, of a session: there is no key of any kind."""

    question: str
    number_of_responses: int
    responses: list[PollResponse]


class PollAnswer(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """What one attendee answered; the last two are there at times, and documented nowhere."""

    question: str
    answers: list[str]
    answer: str
    question_type: str | None = None
    date_asked: str | None = None


class QuestionAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """What someone answered to a question of an attendee."""

    answer: str
    answered_by: str
    answerer_role: str
    answerer_email: str
    answer_time: str


class AttendeeQuestion(msgspec.Struct, rename="camel", kw_only=True):
    """A question of an attendee: the key of who asked is a string here."""

    question: str
    asked_by: str
    asker_key: str
    date_asked: str
    answers: list[QuestionAnswer]


class SessionInfo(msgspec.Struct, rename="camel", kw_only=True):
    """The session a performance belongs to: the id is ``webinarId`` here, and two counts are strings."""

    webinar_name: str
    webinar_id: str
    session_key: str
    time_zone: str
    experience_type: str
    recurrence_period: str
    start_time: str
    end_time: str
    registration_email_opened_count: str
    registration_link_clicked_count: str


class AttendancePerformance(msgspec.Struct, rename="camel", kw_only=True):
    """Attendance in figures."""

    registrant_count: int
    percentage_attendance: float
    average_interest_rating: float
    average_attentiveness: float
    average_attendance_time_seconds: float


class PollsAndSurveys(msgspec.Struct, rename="camel", kw_only=True):
    """Engagement in figures: one count is a float."""

    poll_count: int
    survey_count: float
    questions_asked: int
    percentage_polls_completed: float
    percentage_surveys_completed: float


class Performance(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """A session in figures; old ones do not say which session they are of."""

    session_info: SessionInfo | None = None
    attendance: AttendancePerformance
    polls_and_surveys: PollsAndSurveys

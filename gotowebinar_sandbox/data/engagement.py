"""Made-up polls and surveys with all answers, and questions of attendees."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Literal, NamedTuple

from gotowebinar_sandbox.data.models import Organizer, Session, Window
from gotowebinar_sandbox.data.randomness import seeded_random, with_probability

PollKind = Literal["polls", "survey"]
NO_POLLS = 0.3
NO_SURVEY = 0.4
RESPONSE_RATE: dict[PollKind, float] = {"polls": 0.7, "survey": 0.3}
ASKS_AGAIN = 0.3
# Share of those who ask again that sends the same words twice in the same second.
SENT_TWICE = 0.5


class PollQuestion(NamedTuple):
    """A question to all attendees; without choices its answers are free text."""

    question: str
    choices: tuple[str, ...] = ()
    several: bool = False

    @property
    def type(self) -> str:
        """The kind of question, as GoTo's webhooks call it (API reference, section 10)."""
        if not self.choices:
            return "SHORT_ANSWER"
        return "MULTIPLE_ANSWER" if self.several else "MULTIPLE_CHOICE"


class Result(NamedTuple):
    """The result of a poll question: how many people answered, and how often each text was given."""

    question: PollQuestion
    answered: int
    counts: dict[str, int]


class Reply(NamedTuple):
    """An organizer's answer to a question of an attendee."""

    answer: str
    by: Organizer
    at: datetime


class AttendeeQuestion(NamedTuple):
    """A question of an attendee; ``asker`` is the registrantKey."""

    asker: int
    question: str
    at: datetime
    replies: tuple[Reply, ...] = ()


POLLS = (
    PollQuestion("How did you hear of us?", ("Newsletter", "Friends", "Ständig überall", "Other")),
    PollQuestion("Which tools do you have?", ("Spade", "Rake", "None yet 🌱"), several=True),
    PollQuestion("Is this your first webinar?", ("Yes", "No")),
    PollQuestion("Would you like a call?", ("Yes, please", "No, thanks")),
)
SURVEY = (
    PollQuestion("How would you rate this webinar?", ("1", "2", "3", "4", "5")),
    PollQuestion("What should we talk about next?"),
    PollQuestion("Would you recommend us?", ("Yes", "No", "Perhaps")),
)
WORDS = ("More of this!", "Compost, please", "冬の剪定", "-")
ASKED = (
    "Is there a handout?",
    "Können Sie das bitte wiederholen?",
    "How long does it take?\nAnd what does it cost?",
    "録画はありますか",
    "🙋",
)
REPLIES = ("Yes, by mail.", "See https://example.com/faq", "Gern!", "")


class PollResults:
    """The polls or the survey of one session, with all answers."""

    def __init__(self, seed: int, session: Session, kind: PollKind, most: int = len(SURVEY)) -> None:
        """Make up the questions, perhaps one poll twice; practice sessions and some others have none."""
        rng = seeded_random(seed, session.key, kind)
        polls = kind == "polls"
        self.questions: list[PollQuestion] = []
        if not session.practice and most and not with_probability(rng, NO_POLLS if polls else NO_SURVEY):
            count = rng.randint(1, most)
            self.questions = rng.choices(POLLS, k=count) if polls else list(SURVEY[:count])
        self._names = (seed, session.key, kind)
        self._response_rate = RESPONSE_RATE[kind]
        self._generated = len(self.questions)
        self._overrides: dict[tuple[int, int], tuple[str, ...]] = {}

    def answers(self, registrant_key: int) -> list[tuple[PollQuestion, tuple[str, ...]]]:
        """Return the questions that an attendee answered, with the answers."""
        given = zip(self.questions, self._given(registrant_key), strict=True)
        return [(question, texts) for question, texts in given if texts]

    def results(self, registrant_keys: Sequence[int]) -> list[Result]:
        """Return the results for these people; choices without votes are included."""
        answered = [0] * len(self.questions)
        counts = [dict.fromkeys(question.choices, 0) for question in self.questions]
        for key in registrant_keys if self.questions else ():
            for number, texts in enumerate(self._given(key)):
                answered[number] += bool(texts)
                for text in texts:
                    counts[number][text] = counts[number].get(text, 0) + 1
        return [Result(*row) for row in zip(self.questions, answered, counts, strict=True)]

    def answer(self, number: int, registrant_key: int, texts: Sequence[str]) -> None:
        """Set somebody's answers to the question of this number; ``ValueError`` if there is none."""
        if number >= len(self.questions):
            message = f"there are {len(self.questions)} questions, counted from 0"
            raise ValueError(message)
        self._overrides[number, registrant_key] = tuple(texts)

    def _given(self, registrant_key: int) -> list[tuple[str, ...]]:
        """Return an attendee's answers to all questions, empty where there are none."""
        rng = seeded_random(*self._names, registrant_key)
        given: list[tuple[str, ...]] = []
        for number, question in enumerate(self.questions):
            made_up = self._generate(rng, question) if number < self._generated else ()
            given.append(self._overrides.get((number, registrant_key), made_up))
        return given

    def _generate(self, rng: Random, question: PollQuestion) -> tuple[str, ...]:
        if not with_probability(rng, self._response_rate):
            return ()
        texts = question.choices or WORDS
        return tuple(rng.sample(texts, rng.randint(1, len(texts)))) if question.several else (rng.choice(texts),)


def make_questions(
    seed: int, session: Session, registrant_key: int, there: Window, host: Organizer
) -> list[AttendeeQuestion]:
    """Make up the questions of an attendee during this first interval; perhaps the same one twice in a second."""
    rng = seeded_random(seed, session.key, registrant_key, "questions")
    seconds = int((there.end - there.start).total_seconds())
    first = _ask(rng, registrant_key, there.start + timedelta(seconds=rng.randrange(seconds)), host)
    if not with_probability(rng, ASKS_AGAIN):
        return [first]
    again = _ask(rng, registrant_key, first.at + timedelta(seconds=1), host)
    return [first, first._replace(replies=again.replies) if with_probability(rng, SENT_TWICE) else again]


def _ask(rng: Random, registrant_key: int, at: datetime, host: Organizer) -> AttendeeQuestion:
    replies = [
        Reply(rng.choice(REPLIES), host, at + timedelta(seconds=rng.randrange(10, 90)))
        for _ in range(rng.choices((0, 1, 2), (4, 5, 1))[0])
    ]
    return AttendeeQuestion(registrant_key, rng.choice(ASKED), at, tuple(replies))

"""Makes up polls and surveys: what was asked, and who chose which answer."""

from collections.abc import Sequence
from random import Random
from typing import Literal, NamedTuple

from gotowebinar_sandbox.data.models import Session
from gotowebinar_sandbox.data.randomness import seeded_random, with_probability

PollKind = Literal["polls", "survey"]
NO_POLLS = 0.3
NO_SURVEY = 0.4
ANSWERED: dict[PollKind, float] = {"polls": 0.7, "survey": 0.3}


class PollQuestion(NamedTuple):
    """One question put to all attendees; without choices it is answered in words."""

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
    """How a question was answered: how many answered at all, and how many of them with each text."""

    question: PollQuestion
    answered: int
    counts: dict[str, int]


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


def make_polls(seed: int, session: Session, most: int) -> list[PollQuestion]:
    """Make up the polls of a session; the same one may come twice, and a practice session has none."""
    rng = seeded_random(seed, session.key, "polls")
    if session.practice or not most or with_probability(rng, NO_POLLS):
        return []
    return rng.choices(POLLS, k=rng.randint(1, most))


def make_survey(seed: int, session: Session) -> list[PollQuestion]:
    """Make up the survey of a session, if it has one."""
    rng = seeded_random(seed, session.key, "survey")
    return [] if session.practice or with_probability(rng, NO_SURVEY) else list(SURVEY[: rng.randint(1, len(SURVEY))])


class PollResults:
    """The polls or the survey of one session, with everybody's answers."""

    def __init__(self, seed: int, session: Session, kind: PollKind, questions: list[PollQuestion]) -> None:
        """Hold these ballots."""
        self.questions = questions
        self._names = (seed, session.key, kind)
        self._answered = ANSWERED[kind]
        self._made = len(questions)
        self._told: dict[tuple[int, int], tuple[str, ...]] = {}

    def answers(self, registrant_key: int) -> list[tuple[PollQuestion, tuple[str, ...]]]:
        """Return what an attendee answered, where they did."""
        given = zip(self.questions, self._given(registrant_key), strict=True)
        return [(question, texts) for question, texts in given if texts]

    def results(self, registrant_keys: Sequence[int]) -> list[Result]:
        """Return how these people answered; a choice that nobody took is there, too."""
        answered = [0] * len(self.questions)
        counts = [dict.fromkeys(question.choices, 0) for question in self.questions]
        for key in registrant_keys if self.questions else ():
            for number, texts in enumerate(self._given(key)):
                answered[number] += bool(texts)
                for text in texts:
                    counts[number][text] = counts[number].get(text, 0) + 1
        return [Result(*row) for row in zip(self.questions, answered, counts, strict=True)]

    def add(self, question: PollQuestion) -> None:
        """Put another question, which nobody has answered so far."""
        self.questions.append(question)

    def answer(self, number: int, registrant_key: int, texts: Sequence[str]) -> None:
        """Let someone answer the question of this number, or answer it differently.

        Raises:
            ValueError: There are not so many.
        """
        if number >= len(self.questions):
            message = f"there are {len(self.questions)} questions, counted from 0"
            raise ValueError(message)
        self._told[number, registrant_key] = tuple(texts)

    def _given(self, registrant_key: int) -> list[tuple[str, ...]]:
        """Return someone's answers to all questions, none where they did not answer."""
        rng = seeded_random(*self._names, registrant_key)
        given: list[tuple[str, ...]] = []
        for number, question in enumerate(self.questions):
            made_up = self._make_up(rng, question) if number < self._made else ()
            given.append(self._told.get((number, registrant_key), made_up))
        return given

    def _make_up(self, rng: Random, question: PollQuestion) -> tuple[str, ...]:
        if not with_probability(rng, self._answered):
            return ()
        texts = question.choices or WORDS
        return tuple(rng.sample(texts, rng.randint(1, len(texts)))) if question.several else (rng.choice(texts),)

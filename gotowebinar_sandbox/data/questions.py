"""Makes up what attendees asked during a session, and what they were answered."""

from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from gotowebinar_sandbox.data.attendance import make_intervals
from gotowebinar_sandbox.data.models import Organizer, Session
from gotowebinar_sandbox.data.randomness import random_fraction, seeded_random, with_probability

AGAIN = 0.3
# Of those who ask again: sent twice by mistake, the same words in the same second.
SENT_TWICE = 0.5
TEXTS = (
    "Is there a handout?",
    "Können Sie das bitte wiederholen?",
    "How long does it take?\nAnd what does it cost?",
    "録画はありますか",
    "🙋",
)
REPLIES = ("Yes, by mail.", "See https://example.com/faq", "Gern!", "")


class Reply(NamedTuple):
    """What someone answered, and when."""

    answer: str
    by: Organizer
    at: datetime


class Asked(NamedTuple):
    """A question of an attendee, who is told by the registrantKey."""

    asker: int
    question: str
    at: datetime
    replies: tuple[Reply, ...] = ()


def make_questions(seed: int, session: Session, registrant_key: int, share: float, host: Organizer) -> list[Asked]:
    """Make up what an attendee asked: mostly nothing; now and then twice the same in the same second.

    Args:
        seed: Seed of the world.
        session: The session.
        registrant_key: Who.
        share: The part of the attendees that asks.
        host: Who answers, if anyone does.
    """
    if random_fraction(seed, session.key, registrant_key, "asks") >= share:
        return []
    rng = seeded_random(seed, session.key, registrant_key, "questions")
    interval = min(make_intervals(seed, session, registrant_key), key=lambda interval: interval.start)
    seconds = int((interval.end - interval.start).total_seconds())
    asked = [_ask(rng, registrant_key, interval.start + timedelta(seconds=rng.randrange(seconds)), host)]
    if with_probability(rng, AGAIN):
        first = asked[0]
        again = _ask(rng, registrant_key, first.at + timedelta(seconds=1), host)
        asked.append(first._replace(replies=again.replies) if with_probability(rng, SENT_TWICE) else again)
    return asked


def _ask(rng: Random, registrant_key: int, at: datetime, host: Organizer) -> Asked:
    replies = [
        Reply(rng.choice(REPLIES), host, at + timedelta(seconds=rng.randrange(10, 90)))
        for _ in range(rng.choices((0, 1, 2), (4, 5, 1))[0])
    ]
    return Asked(registrant_key, rng.choice(TEXTS), at, tuple(replies))

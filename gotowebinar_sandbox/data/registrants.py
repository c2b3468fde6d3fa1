"""Makes up who registered for a webinar, and what they said of themselves."""

from collections.abc import Iterator
from random import Random
from typing import Any

from gotowebinar_sandbox.data.clock import instant, stamp
from gotowebinar_sandbox.data.models import Webinar
from gotowebinar_sandbox.data.people import Person, person
from gotowebinar_sandbox.data.randomness import long_key, seeded_random, with_probability
from gotowebinar_sandbox.serializers.schemas import Registrant, RegistrationFields, Response

# What people may tell of themselves: attribute and what they would say.
DETAILS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("source", ("newsletter", "Website", "partner-42", "LinkedIn")),
    ("phone", ("+47 555 0101", "(555) 010-0199", "0555/01 00 11")),
    ("address", ("1 Harbour Street", "Bahnhofstraße 12", "銀座 1-2-3")),
    ("city", ("Oslo", "Zürich", "São Paulo", "東京")),
    ("zip_code", ("0150", "8001", "01310-100", "NW1 6XE")),
    ("organization", ("Example GmbH & Co. KG", "Honey & Sons, Inc.", "蜂蜜株式会社")),
    ("job_title", ("Gardener", "VP, Marketing", "Étudiante")),
    ("industry", ("Agriculture", "Education", "Other")),
    ("number_of_employees", ("1-20", "21-100", "101-1000")),
    ("employee_count", ("1-20", "21-100")),
    ("purchasing_role", ("Decision maker", "Influencer")),
    ("purchasing_time_frame", ("Within a month", "No timeframe")),
    ("implementation_time_frame", ("1-3 months",)),
    ("questions_and_comments", ("Will there be a recording?", 'Line one\nline "two"', "🐝🐝🐝")),
)
COUNTRIES = ("Norway", "Germany", "Japan", "Brazil", "United States")
STATES = ("Oregon", "Vermont", "Texas")
SAME_SECOND = 0.15
LATE = 0.05
SAID = ("Yes", "A friend told me", "Über die Zeitung", "")


def join_url(webinar_key: int, registrant_key: int) -> str:
    """Return the personal link of a registrant (API reference, section 5.5)."""
    return f"https://global.gotowebinar.com/join/{webinar_key}/{registrant_key % 10**9}"


def make_registrants(seed: int, webinar: Webinar, pool: int) -> Iterator[Registrant]:
    """Make up who registered for a webinar, in no order of dates.

    Args:
        seed: Seed of the world.
        webinar: The webinar; its registration window, size and approval type matter.
        pool: How many people there are, some of whom come to several webinars.
    """
    rng = seeded_random(seed, webinar.key, "registrants")
    date = ""
    for number in rng.sample(range(pool), webinar.size):
        # A form sent out by mail is filled in by several people in the same second.
        if not date or not with_probability(rng, SAME_SECOND):
            date = _registration_date(rng, webinar)
        yield _registrant(rng, webinar, person(number), date)


def _registration_date(rng: Random, webinar: Webinar) -> str:
    opened, closed = webinar.registration.start, webinar.registration.end
    late = closed > webinar.ends_at
    until = webinar.ends_at if late and not with_probability(rng, LATE) else closed
    moment = opened + rng.random() * (until - opened)
    if with_probability(rng, 0.1):
        return f"{stamp(moment)[:-1]}.{moment.microsecond // 1000:03d}Z"
    return stamp(moment)


def _registrant(rng: Random, webinar: Webinar, who: Person, date: str) -> Registrant:
    key = long_key(rng)
    status = "APPROVED"
    if webinar.approval_type == "MANUAL":
        status = rng.choices(("APPROVED", "WAITING", "DENIED"), (6, 3, 1))[0]
    return Registrant(
        registrant_key=key,
        first_name=who.first_name,
        last_name=who.last_name,
        email=who.email,
        status=status,
        registration_date=date,
        join_url=join_url(webinar.key, key) if status == "APPROVED" else None,
        time_zone=who.time_zone,
    )


def make_details(seed: int, form: RegistrationFields, registrant: Registrant) -> dict[str, Any]:
    """Make up what a registrant told of themselves; everyone leaves some of it out."""
    rng = seeded_random(seed, registrant.registrant_key, "particulars")
    told: dict[str, Any] = {name: rng.choice(texts) for name, texts in DETAILS if with_probability(rng, 0.5)}
    if with_probability(rng, 0.5):
        told["country"] = rng.choice(COUNTRIES)
        if told["country"] == "United States":
            told["state"] = rng.choice(STATES)
    if with_probability(rng, 0.7):
        told["unsubscribed"] = with_probability(rng, 0.1)
    answered = [question for question in form.questions if question.required or with_probability(rng, 0.7)]
    if answered:
        choices = [[choice.answer for choice in question.answers or ()] or SAID for question in answered]
        told["responses"] = [
            Response(question.question, rng.choice(texts)) for question, texts in zip(answered, choices, strict=True)
        ]
    return told


def attendance_type(webinar: Webinar, registrant: Registrant) -> str | None:
    """Tell REGULAR from LATE, which is after the webinar was over; members of a series have neither."""
    if webinar.recurrence_type == "series":
        return None
    try:
        registered = instant(registrant.registration_date)
    except (TypeError, ValueError):  # a date that was spoilt on purpose
        return "REGULAR"
    return "LATE" if registered > webinar.ends_at else "REGULAR"

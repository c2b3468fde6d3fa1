"""The registrants of a webinar, and what they told of themselves; made up until something changes."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from random import Random
from typing import Any, cast

import msgspec

from gotowebinar_sandbox.data.models import Webinar, format_time, parse_time
from gotowebinar_sandbox.data.people import Person, person
from gotowebinar_sandbox.data.randomness import long_key, seeded_random, with_probability
from gotowebinar_sandbox.data.registration_forms import Form

# What people may tell of themselves, by its name in the API, and what they would say.
TOLD: dict[str, tuple[str, ...]] = {
    "source": ("newsletter", "Website", "partner-42", "LinkedIn"),
    "phone": ("+47 555 0101", "(555) 010-0199", "0555/01 00 11"),
    "address": ("1 Harbour Street", "Bahnhofstraße 12", "銀座 1-2-3"),
    "city": ("Oslo", "Zürich", "São Paulo", "東京"),
    "zipCode": ("0150", "8001", "01310-100", "NW1 6XE"),
    "organization": ("Example GmbH & Co. KG", "Honey & Sons, Inc.", "蜂蜜株式会社"),
    "jobTitle": ("Gardener", "VP, Marketing", "Étudiante"),
    "industry": ("Agriculture", "Education", "Other"),
    "numberOfEmployees": ("1-20", "21-100", "101-1000"),
    "employeeCount": ("1-20", "21-100"),
    "purchasingRole": ("Decision maker", "Influencer"),
    "purchasingTimeFrame": ("Within a month", "No timeframe"),
    "implementationTimeFrame": ("1-3 months",),
    "questionsAndComments": ("Will there be a recording?", 'Line one\nline "two"', "🐝🐝🐝"),
}
# Fields that only a registrant asked for by key has (API reference, section 5.6).
DETAILS = frozenset({*TOLD, "state", "country", "type", "unsubscribed", "responses"})
COUNTRIES = ("Norway", "Germany", "Japan", "Brazil", "United States")
STATES = ("Oregon", "Vermont", "Texas")
SAME_SECOND = 0.15
LATE = 0.05
ANSWERS = ("Yes", "A friend told me", "Über die Zeitung", "")

Details = dict[str, Any]


class Registrant(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """A registrant as lists show them (API reference, section 5.5): the key is a number; no joinUrl unless approved."""

    registrant_key: int
    first_name: str
    last_name: str
    email: str
    status: str
    registration_date: str
    join_url: str | None = None
    time_zone: str

    def plain(self) -> dict[str, Any]:
        """Return what the API tells of them."""
        return cast("dict[str, Any]", msgspec.to_builtins(self))


# The attributes of a registrant by their names in the API.
LISTED = dict(zip(Registrant.__struct_encode_fields__, Registrant.__struct_fields__, strict=True))


def join_url(webinar_key: int, registrant_key: int) -> str:
    """Return the personal link of a registrant (API reference, section 5.5)."""
    return f"https://global.gotowebinar.com/join/{webinar_key}/{registrant_key % 10**9}"


def make_registrants(seed: int, webinar: Webinar, pool: int) -> Iterator[Registrant]:
    """Make up who registered for a webinar, in no order of dates, out of a pool of so many people."""
    rng = seeded_random(seed, webinar.key, "registrants")
    date = ""
    for number in rng.sample(range(pool), webinar.size):
        # A form sent out by mail is filled in by several people in the same second.
        if not date or not with_probability(rng, SAME_SECOND):
            date = _registration_date(rng, webinar)
        key, manual = long_key(rng), webinar.approval_type == "MANUAL"
        status = rng.choices(("APPROVED", "WAITING", "DENIED"), (6, 3, 1))[0] if manual else "APPROVED"
        yield new_registrant(webinar, key, person(number), status=status, date=date)


def _registration_date(rng: Random, webinar: Webinar) -> str:
    opened, closed = webinar.registration.start, webinar.registration.end
    late = closed > webinar.ends_at
    until = webinar.ends_at if late and not with_probability(rng, LATE) else closed
    at = opened + rng.random() * (until - opened)
    if with_probability(rng, 0.1):
        return f"{format_time(at)[:-1]}.{at.microsecond // 1000:03d}Z"
    return format_time(at)


def new_registrant(webinar: Webinar, key: int, who: Person, *, status: str, date: str) -> Registrant:
    """Return a registrant, who has a link if they are approved."""
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


def make_details(seed: int, form: Form, registrant: Registrant) -> Details:
    """Make up what a registrant told of themselves; everyone leaves some of it out."""
    rng = seeded_random(seed, registrant.registrant_key, "particulars")
    told: Details = {name: rng.choice(texts) for name, texts in TOLD.items() if with_probability(rng, 0.5)}
    if with_probability(rng, 0.5):
        told["country"] = rng.choice(COUNTRIES)
        if told["country"] == "United States":
            told["state"] = rng.choice(STATES)
    if with_probability(rng, 0.7):
        told["unsubscribed"] = with_probability(rng, 0.1)
    answered = [asked for asked in form["questions"] if asked["required"] or with_probability(rng, 0.7)]
    choices = [[choice["answer"] for choice in asked.get("answers", ())] or ANSWERS for asked in answered]
    if answered:
        told["responses"] = [
            {"question": asked["question"], "answer": rng.choice(texts)}
            for asked, texts in zip(answered, choices, strict=True)
        ]
    return told


def attendance_type(webinar: Webinar, registrant: Registrant) -> str | None:
    """Tell REGULAR from LATE, which is after the webinar was over; members of a series have neither."""
    if webinar.recurrence_type == "series":
        return None
    registered = registered_at(registrant)
    return "LATE" if registered is not None and registered > webinar.ends_at else "REGULAR"


def registered_at(registrant: Registrant) -> datetime | None:
    """Return when a registrant registered; None for a date that was spoilt on purpose."""
    try:
        return parse_time(registrant.registration_date)
    except (TypeError, ValueError):
        return None


class RegistrantList:
    """The registrants of one webinar by registrantKey, in the order of the list.

    Attributes:
        details: What is known of a registrant beyond the list, by registrantKey, where it was told or changed.
        version: Grows with every change of any registrant.
    """

    def __init__(self, webinar_key: int, registrants: Iterable[Registrant]) -> None:
        """Take over the registrants of a webinar."""
        self.webinar_key = webinar_key
        self.version = 0
        self.registrants = {registrant.registrant_key: registrant for registrant in registrants}
        self.details: dict[int, Details] = {}
        self._by_email = {_address(registrant): registrant for registrant in self.registrants.values()}
        self._encoded: dict[int | None, bytes] = {}

    def encoded(self, cap: int | None) -> bytes:
        """Return the whole list as JSON, cut silently after ``cap`` rows; encoded once until something changes."""
        if cap not in self._encoded:
            self._encoded[cap] = msgspec.json.encode(list(self.registrants.values())[:cap])
        return self._encoded[cap]

    def find(self, email: str) -> Registrant | None:
        """Return who registered with this address, whatever its case."""
        return self._by_email.get(email.casefold())

    def add(self, registrant: Registrant, details: Details) -> None:
        """Register somebody, with all that is known of them."""
        self.registrants[registrant.registrant_key] = registrant
        self._changed(registrant, details)

    def remove(self, registrant_key: int) -> None:
        """Forget a registrant."""
        registrant = self.registrants.pop(registrant_key)
        self._by_email.pop(_address(registrant), None)
        self._changed(registrant, None)

    def change(self, registrant_key: int, details: Details, fields: Details) -> None:
        """Change fields of a registrant, of whom these details are known; a new status gives or takes the joinUrl."""
        registrant = self.registrants[registrant_key]
        self._by_email.pop(_address(registrant), None)
        for name in fields.keys() & LISTED.keys():
            setattr(registrant, LISTED[name], fields[name])
        if "status" in fields and "joinUrl" not in fields:
            approved = registrant.status == "APPROVED"
            registrant.join_url = join_url(self.webinar_key, registrant_key) if approved else None
        told = {name: value for name, value in fields.items() if name not in LISTED}
        self._changed(registrant, {**details, **told})

    def _changed(self, registrant: Registrant, details: Details | None) -> None:
        if details is None:
            self.details.pop(registrant.registrant_key, None)
        else:
            self.details[registrant.registrant_key] = details
            self._by_email[_address(registrant)] = registrant
        self._encoded.clear()
        self.version += 1


def _address(registrant: Registrant) -> str:
    """Return what makes two addresses the same; one that was spoilt on purpose counts too."""
    return (registrant.email or "").casefold()

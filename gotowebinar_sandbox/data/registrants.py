"""The registrants of a webinar and their details; made up until something changes."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from random import Random
from typing import Any, cast

import msgspec

from gotowebinar_sandbox.data.models import Webinar, format_time, parse_time
from gotowebinar_sandbox.data.people import Person, person
from gotowebinar_sandbox.data.randomness import long_key, seeded_random, with_probability
from gotowebinar_sandbox.data.registration_forms import Form

# Optional fields by their names in the API, and their possible values.
PROFILE_FIELDS: dict[str, tuple[str, ...]] = {
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
# Fields that only get-by-key has (API reference, section 5.6).
DETAILS = frozenset({*PROFILE_FIELDS, "state", "country", "type", "unsubscribed", "responses"})
COUNTRIES = ("Norway", "Germany", "Japan", "Brazil", "United States")
STATES = ("Oregon", "Vermont", "Texas")
SAME_SECOND = 0.15
LATE = 0.05
ANSWERS = ("Yes", "A friend told me", "Über die Zeitung", "")

Details = dict[str, Any]


class Registrant(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """A registrant in lists (API reference, section 5.5): the key is a number; no joinUrl unless approved."""

    registrant_key: int
    first_name: str
    last_name: str
    email: str
    status: str
    registration_date: str
    join_url: str | None = None
    time_zone: str

    def plain(self) -> dict[str, Any]:
        """Return the row of the list."""
        return cast("dict[str, Any]", msgspec.to_builtins(self))


# The attributes of a registrant by their names in the API.
LISTED = dict(zip(Registrant.__struct_encode_fields__, Registrant.__struct_fields__, strict=True))


def join_url(webinar_key: int, registrant_key: int) -> str:
    """Return the personal link of a registrant (API reference, section 5.5)."""
    return f"https://global.gotowebinar.com/join/{webinar_key}/{registrant_key % 10**9}"


def make_registrants(seed: int, webinar: Webinar, pool: int) -> Iterator[Registrant]:
    """Make up the registrants of a webinar, not in order of dates, from a pool of this many people."""
    rng = seeded_random(seed, webinar.key, "registrants")
    date = ""
    for number in rng.sample(range(pool), webinar.size):
        # After a mailing several people register in the same second.
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
    """Return a registrant, with a link if approved."""
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
    """Make up the details of a registrant; everybody leaves some fields out."""
    rng = seeded_random(seed, registrant.registrant_key, "particulars")
    details: Details = {name: rng.choice(texts) for name, texts in PROFILE_FIELDS.items() if with_probability(rng, 0.5)}
    if with_probability(rng, 0.5):
        details["country"] = rng.choice(COUNTRIES)
        if details["country"] == "United States":
            details["state"] = rng.choice(STATES)
    if with_probability(rng, 0.7):
        details["unsubscribed"] = with_probability(rng, 0.1)
    answered = [asked for asked in form["questions"] if asked["required"] or with_probability(rng, 0.7)]
    choices = [[choice["answer"] for choice in asked.get("answers", ())] or ANSWERS for asked in answered]
    if answered:
        details["responses"] = [
            {"question": asked["question"], "answer": rng.choice(texts)}
            for asked, texts in zip(answered, choices, strict=True)
        ]
    return details


def attendance_type(webinar: Webinar, registrant: Registrant) -> str | None:
    """Return REGULAR, or LATE for a registration after the end; None for a series, which has neither."""
    if webinar.recurrence_type == "series":
        return None
    registered = registered_at(registrant)
    return "LATE" if registered is not None and registered > webinar.ends_at else "REGULAR"


def registered_at(registrant: Registrant) -> datetime | None:
    """Return when a registrant registered; None for a date that a test made invalid."""
    try:
        return parse_time(registrant.registration_date)
    except (TypeError, ValueError):
        return None


class RegistrantList:
    """The registrants of one webinar by registrantKey, in the order of the list.

    Attributes:
        details: Details by registrantKey, where they were sent or changed.
        version: Increases with every change of any registrant.
    """

    def __init__(self, webinar_key: int, registrants: Iterable[Registrant]) -> None:
        """Start with these registrants."""
        self.webinar_key = webinar_key
        self.version = 0
        self.registrants = {registrant.registrant_key: registrant for registrant in registrants}
        self.details: dict[int, Details] = {}
        self._by_email = {_address(registrant): registrant for registrant in self.registrants.values()}
        self._encoded: dict[int | None, bytes] = {}

    def encoded(self, cap: int | None) -> bytes:
        """Return the list as JSON, at most ``cap`` rows; cached until something changes."""
        if cap not in self._encoded:
            self._encoded[cap] = msgspec.json.encode(list(self.registrants.values())[:cap])
        return self._encoded[cap]

    def find(self, email: str) -> Registrant | None:
        """Return the registrant with this address, whatever its case."""
        return self._by_email.get(email.casefold())

    def add(self, registrant: Registrant, details: Details) -> None:
        """Add a registrant with these details."""
        self.registrants[registrant.registrant_key] = registrant
        self._changed(registrant, details)

    def remove(self, registrant_key: int) -> None:
        """Remove a registrant."""
        registrant = self.registrants.pop(registrant_key)
        self._by_email.pop(_address(registrant), None)
        self._changed(registrant, None)

    def change(self, registrant_key: int, details: Details, fields: Details) -> None:
        """Change fields of a registrant with these details; a new status adds or removes the joinUrl."""
        registrant = self.registrants[registrant_key]
        self._by_email.pop(_address(registrant), None)
        for name in fields.keys() & LISTED.keys():
            setattr(registrant, LISTED[name], fields[name])
        if "status" in fields and "joinUrl" not in fields:
            approved = registrant.status == "APPROVED"
            registrant.join_url = join_url(self.webinar_key, registrant_key) if approved else None
        changes = {name: value for name, value in fields.items() if name not in LISTED}
        self._changed(registrant, {**details, **changes})

    def _changed(self, registrant: Registrant, details: Details | None) -> None:
        if details is None:
            self.details.pop(registrant.registrant_key, None)
        else:
            self.details[registrant.registrant_key] = details
            self._by_email[_address(registrant)] = registrant
        self._encoded.clear()
        self.version += 1


def _address(registrant: Registrant) -> str:
    """Return an address in the form that is compared; a test may have set it to None."""
    return (registrant.email or "").casefold()

"""A year of webinars of a made-up company, as data for the marts and the page."""

import datetime as dt
from collections.abc import Iterator
from random import Random
from typing import Any, Final, NamedTuple

from gotowebinar_sandbox import Control
from gotowebinar_sandbox.data.people import person

SEED: Final = 11
AUDIENCE: Final = 220
"""Number of people; each registers for about two webinars."""
OPENS: Final = dt.timedelta(days=35)
LENGTH: Final = dt.timedelta(hours=1)
HOUR: Final = 14
FRIDAY: Final = 4
SOURCES: Final = {"newsletter": 34, "LinkedIn": 26, "Website": 18, "partner-42": 10, None: 12}
DENIED: Final = 0.1
"""Share of those who apply for a webinar with approval by hand."""
ORGANIZATIONS: Final = ("Example GmbH", "Honey & Sons", "Harbour Gardens", "City of Example", "Orchard Ltd.", None)


class Planned(NamedTuple):
    """A webinar: its subject, the days from today, and its registrants at the start."""

    subject: str
    days: int
    people: int
    kind: str = "single_session"
    zone: str = "Europe/Oslo"
    approval: str = "AUTOMATIC"


PROGRAMME: Final = (
    Planned("Watering less: gardens in dry years", -160, 31),
    Planned("Compost that works", -118, 38),
    Planned("The beekeeper's year", -80, 36, "series"),
    Planned("Apple trees: pruning with confidence", -61, 44, approval="MANUAL"),
    Planned("The beekeeper's year", -45, 40, "series"),
    Planned("Rooftop gardens for tenants, owners and city planners", -31, 29, zone="America/New_York"),
    Planned("From comb to jar: harvesting honey", -20, 47),
    Planned("The beekeeper's year", -10, 45, "series"),
    Planned("Soil tests: what the figures tell", 6, 42),
    Planned("The beekeeper's year", 19, 48, "series"),
    Planned("Gardens for schools", 33, 40),
)
CANCELLED: Final = Planned("Balconies in the shade", 12, 35)


def hold(control: Control) -> str:
    """Add the webinars with their registrants and sessions, and return the key of one to be cancelled."""
    today = dt.datetime.now(dt.UTC).replace(hour=HOUR, minute=0, second=0, microsecond=0)
    rng = Random(SEED)  # noqa: S311 - made-up data
    series: dict[str, str] = {}
    for planned in PROGRAMME:
        key = add(control, planned, today, rng, recurrenceKey=series.get(planned.subject))
        series.setdefault(planned.subject, key)
    return add(control, CANCELLED, today, rng)


def add(control: Control, planned: Planned, today: dt.datetime, rng: Random, **fields: str | None) -> str:
    """Add a webinar with its registrants; one on a weekend is moved to the Friday before."""
    day = today + dt.timedelta(days=planned.days)
    start = day - dt.timedelta(days=max(0, day.weekday() - FRIDAY))
    key = control.add_webinar(
        subject=planned.subject,
        times=[{"startTime": start.isoformat(), "endTime": (start + LENGTH).isoformat()}],
        recurrenceType=planned.kind,
        timeZone=planned.zone,
        approvalType=planned.approval,
        **{name: value for name, value in fields.items() if value},
    )
    control.add_registrants(key, people=list(registrants(planned, start, rng)))
    return key


def registrants(planned: Planned, start: dt.datetime, rng: Random) -> Iterator[dict[str, Any]]:
    """Return the registrants so far; most register in the last days before the start."""
    now = dt.datetime.now(dt.UTC)
    for number in rng.sample(range(AUDIENCE), planned.people):
        registered = start - OPENS * rng.random() ** 2
        (source,) = rng.choices(list(SOURCES), list(SOURCES.values()))
        organization = rng.choice(ORGANIZATIONS)
        denied = rng.random() < DENIED and planned.approval == "MANUAL"
        if registered < now:
            who = person(number)
            yield {
                "firstName": who.first_name,
                "lastName": who.last_name,
                "email": who.email,
                "timeZone": who.time_zone,
                "registrationDate": f"{registered:%Y-%m-%dT%H:%M:%SZ}",
                "status": "DENIED" if denied else "APPROVED",
                "source": source,
                "organization": organization,
            }

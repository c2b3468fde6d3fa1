"""Made-up webinars: some upcoming, some just over, one running, most long over."""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from gotowebinar_sandbox.data.models import Organizer, Webinar, Window
from gotowebinar_sandbox.data.randomness import long_key, seeded_random, with_probability

TOPICS = (
    "Beekeeping for beginners",
    "Äpfel, Birnen und mehr: Obstbau im Kleingarten",
    "Data pipelines that don't lose anything",
    "Sourdough: why yours won't rise",
    "L'art du potager en ville",
    "冬のガーデニング入門",
    "Reading the night sky 🔭",
    "Insulation, heat pumps & grants",
    "Introducción a la apicultura urbana",
    "Fix it yourself: bicycles",
)
DESCRIPTIONS = ("An hour on tools, tricks and questions.", "Bring a cup of tea.\nWe bring the rest.", "")
TIME_ZONES = ("Europe/Oslo", "America/New_York", "Europe/Berlin", "Asia/Tokyo")
LOCALES = ("en_US", "de_DE", "es_ES", "fr_FR", "it_IT", "zh_CN")
# The first three: one upcoming, one just over, one running.
ALIVE = 3
# Maximum of webinars in one series.
MEMBERS = 3
HOUR = timedelta(hours=1)
WEEK = timedelta(weeks=1)
# People register from this long before the start to this long after the end.
EARLY = timedelta(days=40)
LATE = timedelta(days=3)


class Slot(NamedTuple):
    """The start and the kind of a webinar."""

    start: datetime
    recurrence_type: str
    approval_type: str = "AUTOMATIC"


def make_webinars(seed: int, organizer: Organizer, count: int, mean: int, anchor: datetime) -> list[Webinar]:
    """Make up the webinars of an organizer, not in order of dates, with exactly ``count * mean`` registrants."""
    rng = seeded_random(seed, organizer.key, "webinars")
    sizes = _spread(rng, count, count * mean)
    slots = _slots(rng, count, anchor)
    made = [_webinar(rng, organizer, slot, size, anchor) for slot, size in zip(slots, sizes, strict=True)]
    for number, webinar in enumerate(webinar for webinar in made if webinar.recurrence_type == "series"):
        webinar.recurrence_key = long_key(seeded_random(seed, organizer.key, "series", number // MEMBERS))
    rng.shuffle(made)
    return made


def _spread(rng: Random, count: int, total: int) -> list[int]:
    """Split ``total`` registrants over ``count`` webinars: some get none, alive ones some, the last one many."""
    weights = [0.0 if with_probability(rng, 0.1) else 0.2 + rng.expovariate(1.2) for _ in range(count)]
    if not weights:
        return []
    weights[:ALIVE] = [weight or 1.0 for weight in weights[:ALIVE]]
    if count > ALIVE + 1:
        weights[-2] = 0.0
    weights[-1] = max(3.0, math.sqrt(count))
    scale = total / sum(weights)
    sizes = [int(weight * scale) for weight in weights]
    sizes[-1] += total - sum(sizes)
    return sizes


def _slots(rng: Random, count: int, anchor: datetime) -> Iterator[Slot]:
    alive = 1 + math.isqrt(count)
    first = (
        Slot(anchor + timedelta(days=9, hours=3), "single_session"),
        Slot(anchor - timedelta(days=2, hours=2), "single_session"),
        Slot(anchor - 2 * WEEK, "sequence", "MANUAL"),
    )
    yield from first[:count]
    for number in range(ALIVE, count):
        kind = rng.choices(("single_session", "sequence", "series"), (6, 2, 2))[0]
        approval = "MANUAL" if with_probability(rng, 0.15) else "AUTOMATIC"
        yield Slot(anchor + _distance(rng, alive=number < alive, coming=number % 2 == 0), kind, approval)


def _distance(rng: Random, *, alive: bool, coming: bool) -> timedelta:
    """Return the distance of a start from the current time, in quarters of an hour."""
    if not alive:
        days = -rng.uniform(60, 5 * 365)
    elif coming:
        days = rng.uniform(1, 120)
    else:
        days = -rng.uniform(0.3, 12)
    return timedelta(minutes=15 * round(days * 96))


def _webinar(rng: Random, organizer: Organizer, slot: Slot, size: int, anchor: datetime) -> Webinar:
    times = _times(rng, slot)
    return Webinar(
        key=long_key(rng),
        webinar_id=f"{rng.randrange(10**8, 10**9)}",
        organizer_key=organizer.key,
        omid=f"{rng.randrange(10**7, 10**8)}",
        subject=rng.choice(TOPICS),
        description=rng.choice(DESCRIPTIONS),
        times=times,
        registration=registration_window(times, anchor),
        size=size,
        time_zone=rng.choice(TIME_ZONES),
        locale=rng.choice(LOCALES),
        approval_type=slot.approval_type,
        recurrence_type=slot.recurrence_type,
        experience_type=rng.choices(("CLASSIC", "BROADCAST", "SIMULIVE"), (8, 1, 1))[0],
        impromptu=with_probability(rng, 0.05),
        is_password_protected=with_probability(rng, 0.1),
        is_ondemand=with_probability(rng, 0.1),
        registration_limit=max(1000, 2 * size),
    )


def _times(rng: Random, slot: Slot) -> list[Window]:
    """Return the times of a webinar; a sequence takes place once a week."""
    length = HOUR * rng.choice((1, 1, 1.5, 2))
    weeks = rng.choice((4, 5, 6)) if slot.recurrence_type == "sequence" else 1
    starts = [slot.start + week * WEEK for week in range(weeks)]
    return [Window(start, start + length) for start in starts]


def registration_window(times: list[Window], anchor: datetime) -> Window:
    """Return when people register: from weeks before to days after, never in the future."""
    if not times:
        return Window(anchor - EARLY, anchor)
    return Window(min(times[0].start, anchor) - EARLY, min(times[-1].end + LATE, anchor))

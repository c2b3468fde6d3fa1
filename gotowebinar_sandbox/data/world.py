"""The made-up world: one account, its organizers, their webinars and registrants."""

from datetime import datetime
from typing import Any

from gotowebinar_sandbox.data.models import Clock, Organizer, Webinar
from gotowebinar_sandbox.data.people import person
from gotowebinar_sandbox.data.randomness import long_key, seeded_random
from gotowebinar_sandbox.data.registrants import (
    Registrant,
    RegistrantList,
    attendance_type,
    make_details,
    make_registrants,
)
from gotowebinar_sandbox.data.registration_forms import Form, make_form
from gotowebinar_sandbox.data.webinars import make_webinars
from gotowebinar_sandbox.options import Options


class World:
    """One account with its organizers, webinars and registrants.

    Webinars are made at once; registrants, forms and details when first needed, each with its own generator, so that
    the order of access changes nothing.

    Attributes:
        anchor: The hour in which the world was made.
        live_fields: Whether webinars have the fields that GoTo sends but does not document.
        webinars: By webinarKey, in the order of lists; without cancelled ones.
        cancelled: The time of cancellation by webinarKey.
    """

    def __init__(self, options: Options) -> None:
        """Make a world with these options."""
        self.seed = options.seed
        self.clock = Clock(options.now)
        self.anchor = self.clock.now().replace(minute=0, second=0, microsecond=0)
        self.account_key = long_key(seeded_random(self.seed, "account"))
        self.account_name = "Honey & Sons, Inc."
        made = [_make_organizer(self.seed, number) for number in range(options.organizers)]
        self.organizers = {organizer.key: organizer for organizer in made}
        self.webinars = {
            webinar.key: webinar
            for organizer in made
            for webinar in make_webinars(self.seed, organizer, options.webinars, options.registrants, self.anchor)
        }
        self.live_fields = options.live_fields
        self.cancelled: dict[int, datetime] = {}
        self.people = 1000 + 2 * max((webinar.size for webinar in self.webinars.values()), default=0)
        self._registrants: dict[int, RegistrantList] = {}
        self._forms: dict[int, Form] = {}
        self._new_keys = seeded_random(self.seed, "new keys")

    @property
    def owner(self) -> Organizer:
        """The organizer to whom the credentials belong; an admin of the account."""
        return next(iter(self.organizers.values()))

    def new_key(self) -> int:
        """Return a key for a new object."""
        return long_key(self._new_keys)

    def listing(self, organizer_key: int | None, start: datetime, end: datetime) -> list[Webinar]:
        """Return the webinars of one organizer, or of all, that overlap the window."""
        return [
            webinar
            for webinar in self.webinars.values()
            if organizer_key in (None, webinar.organizer_key) and webinar.overlaps(start, end)
        ]

    def count(self, webinar: Webinar, status: str | None = None) -> int:
        """Return the number of registrants, or of those with a status, if possible without making them up."""
        if webinar.key not in self._registrants and (status is None or webinar.approval_type == "AUTOMATIC"):
            return 0 if status in {"WAITING", "DENIED"} else webinar.size
        people = self.registrants(webinar).registrants.values()
        return sum(status in {None, registrant.status} for registrant in people)

    def registrants(self, webinar: Webinar) -> RegistrantList:
        """Return the registrants of a webinar."""
        if webinar.key not in self._registrants:
            made = make_registrants(self.seed, webinar, self.people)
            self._registrants[webinar.key] = RegistrantList(webinar.key, made)
        return self._registrants[webinar.key]

    def form(self, webinar: Webinar) -> Form:
        """Return the registration form of a webinar."""
        if webinar.key not in self._forms:
            self._forms[webinar.key] = make_form(self.seed, webinar)
        return self._forms[webinar.key]

    def details(self, webinar: Webinar, registrant: Registrant) -> dict[str, Any]:
        """Return the fields of a registrant that lists do not have."""
        known = self.registrants(webinar).details.get(registrant.registrant_key)
        return make_details(self.seed, self.form(webinar), registrant) if known is None else known

    def detailed(self, webinar: Webinar, registrant: Registrant) -> dict[str, Any]:
        """Return a registrant as get-by-key does: without blank fields (section 5.6)."""
        details = {"type": attendance_type(webinar, registrant), **self.details(webinar, registrant)}
        return {**registrant.plain(), **{name: value for name, value in details.items() if value is not None}}


def _make_organizer(seed: int, number: int) -> Organizer:
    rng = seeded_random(seed, "organizer", number)
    who = person(number * 24)
    return Organizer(long_key(rng), who.first_name, who.last_name, who.email)

"""The made-up world: one account, its organizers, their webinars and everyone who registered."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from gotowebinar_sandbox.data.clock import Clock
from gotowebinar_sandbox.data.models import Organizer, Webinar
from gotowebinar_sandbox.data.people import person
from gotowebinar_sandbox.data.randomness import long_key, seeded_random
from gotowebinar_sandbox.data.registrant_list import RegistrantList
from gotowebinar_sandbox.data.registrants import attendance_type, make_details, make_registrants
from gotowebinar_sandbox.data.registration_forms import make_form
from gotowebinar_sandbox.data.webinars import make_webinars
from gotowebinar_sandbox.options import Options
from gotowebinar_sandbox.serializers.schemas import Registrant, RegistrantDetailed, RegistrationFields


class World:
    """One account with its organizers, webinars and registrants.

    Webinars are made at once; registrants, forms and particulars when someone first asks, each from dice of its own,
    so that the order of asking changes nothing.

    Attributes:
        anchor: The full hour as of which the world was made.
        version: Grows with every change of any webinar.
        live_fields: Whether fields are told that GoTo sends and does not document.
        webinars: By webinarKey, in the order lists show them. A cancelled webinar is gone.
        cancelled: The webinarKeys of those, each with the time it was cancelled.
    """

    def __init__(self, options: Options) -> None:
        """Make the world these options describe."""
        self.seed = options.seed
        self.clock = Clock(options.now)
        self.anchor = self.clock.now().replace(minute=0, second=0, microsecond=0)
        self.account_key = long_key(seeded_random(self.seed, "account"))
        self.account_name = "Honey & Sons, Inc."
        made = [_organizer(self.seed, number) for number in range(options.organizers)]
        self.organizers = {organizer.key: organizer for organizer in made}
        self.webinars = {
            webinar.key: webinar
            for organizer in made
            for webinar in make_webinars(self.seed, organizer, options.webinars, options.registrants, self.anchor)
        }
        self.live_fields = options.live_fields
        self.cancelled: dict[int, datetime] = {}
        self.version = 0
        self.people = 1000 + 2 * max((webinar.size for webinar in self.webinars.values()), default=0)
        self._registrant_lists: dict[int, RegistrantList] = {}
        self._forms: dict[int, RegistrationFields] = {}
        self._listings: dict[tuple[int | None, datetime, datetime], list[Webinar]] = {}
        self._new_keys = seeded_random(self.seed, "new keys")

    @property
    def owner(self) -> Organizer:
        """The organizer whose credentials the sandbox hands out; an admin of the account."""
        return next(iter(self.organizers.values()))

    def new_key(self) -> int:
        """Draw a key for something that comes into the world later."""
        return long_key(self._new_keys)

    def touch(self) -> None:
        """Note that a webinar came, went or changed."""
        self.version += 1
        self._listings.clear()

    def listing(self, organizer_key: int | None, start: datetime, end: datetime) -> list[Webinar]:
        """Return the webinars of one organizer, or of all, that touch the window; remembered until one changes."""
        wanted = (organizer_key, start, end)
        if wanted not in self._listings:
            self._listings[wanted] = [
                webinar
                for webinar in self.webinars.values()
                if organizer_key in (None, webinar.organizer_key) and webinar.overlaps(start, end)
            ]
        return self._listings[wanted]

    def count(self, webinar: Webinar) -> int:
        """Count the registrants without making them up."""
        registrant_list = self._registrant_lists.get(webinar.key)
        return webinar.size if registrant_list is None else len(registrant_list)

    def count_status(self, webinar: Webinar, status: str) -> int:
        """Count the registrants of a status: without approval by hand everyone is approved who was not changed."""
        if webinar.approval_type == "AUTOMATIC" and webinar.key not in self._registrant_lists:
            return webinar.size if status == "APPROVED" else 0
        return self.registrant_list(webinar).statuses[status]

    def registrant_list(self, webinar: Webinar) -> RegistrantList:
        """Return the registrants of a webinar."""
        if webinar.key not in self._registrant_lists:
            self._registrant_lists[webinar.key] = RegistrantList(
                webinar.key, make_registrants(self.seed, webinar, self.people)
            )
        return self._registrant_lists[webinar.key]

    def form(self, webinar: Webinar) -> RegistrationFields:
        """Return the registration form of a webinar."""
        if webinar.key not in self._forms:
            self._forms[webinar.key] = make_form(self.seed, webinar)
        return self._forms[webinar.key]

    def details(self, webinar: Webinar, registrant: Registrant) -> dict[str, Any]:
        """Return what is known of a registrant beyond the list, by attribute."""
        known = self.registrant_list(webinar).details.get(registrant.registrant_key)
        return make_details(self.seed, self.form(webinar), registrant) if known is None else known

    def detailed(self, webinar: Webinar, registrant: Registrant) -> RegistrantDetailed:
        """Return all there is to know of a registrant."""
        listed = {name: getattr(registrant, name) for name in Registrant.__struct_fields__}
        told = {"type": attendance_type(webinar, registrant), **self.details(webinar, registrant)}
        return RegistrantDetailed(**listed, **told)

    def everyone(self) -> Iterator[tuple[Webinar, RegistrantDetailed]]:
        """Walk over all registrants of all webinars."""
        for webinar in self.webinars.values():
            for registrant in self.registrant_list(webinar).registrants.values():
                yield webinar, self.detailed(webinar, registrant)


def _organizer(seed: int, number: int) -> Organizer:
    rng = seeded_random(seed, "organizer", number)
    who = person(number * 24)
    return Organizer(long_key(rng), who.first_name, who.last_name, who.email)

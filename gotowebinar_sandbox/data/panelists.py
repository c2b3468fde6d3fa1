"""Makes up who runs the webinars beside their organizers: panelists and co-organizers."""

from typing import NamedTuple

from gotowebinar_sandbox.data.models import Webinar
from gotowebinar_sandbox.data.people import Person, person
from gotowebinar_sandbox.data.randomness import long_key, seeded_random, with_probability
from gotowebinar_sandbox.data.world import World

MOST_PANELISTS = 3
OUTSIDER = 0.2
# Numbers of people who never register for anything.
CREW = 10**6


class CoOrganizer(NamedTuple):
    """Someone who helps the organizer, of the account or from outside."""

    who: Person
    external: bool


class Staff:
    """The panelists and co-organizers of all webinars, by their keys; made up when someone first asks."""

    def __init__(self, world: World) -> None:
        """Staff a world."""
        self._world = world
        self._panelists: dict[int, dict[int, Person]] = {}
        self._coorganizers: dict[int, dict[int, CoOrganizer]] = {}
        self._newcomers = 2 * CREW

    def panelists(self, webinar: Webinar) -> dict[int, Person]:
        """Return the panelists of a webinar; some have none."""
        if webinar.key not in self._panelists:
            rng = seeded_random(self._world.seed, webinar.key, "panelists")
            count = rng.randint(0, MOST_PANELISTS)
            self._panelists[webinar.key] = {long_key(rng): person(CREW + rng.randrange(CREW)) for _ in range(count)}
        return self._panelists[webinar.key]

    def coorganizers(self, webinar: Webinar) -> dict[int, CoOrganizer]:
        """Return the co-organizers of a webinar: a colleague, if there is one, and now and then an outsider."""
        if webinar.key not in self._coorganizers:
            rng = seeded_random(self._world.seed, webinar.key, "co-organizers")
            colleagues = [other for key, other in self._world.organizers.items() if key != webinar.organizer_key]
            helpers = {
                other.key: CoOrganizer(
                    Person(other.first_name, other.last_name, other.email, webinar.time_zone), external=False
                )
                for other in colleagues[:1]
            }
            if with_probability(rng, OUTSIDER):
                helpers[long_key(rng)] = CoOrganizer(person(CREW + rng.randrange(CREW)), external=True)
            self._coorganizers[webinar.key] = helpers
        return self._coorganizers[webinar.key]

    def add_panelist(self, webinar: Webinar) -> int:
        """Add somebody as a panelist and return the key."""
        key = self._world.new_key()
        self.panelists(webinar)[key] = self._newcomer()
        return key

    def add_coorganizer(self, webinar: Webinar) -> int:
        """Add somebody from outside as a co-organizer and return the key."""
        key = self._world.new_key()
        self.coorganizers(webinar)[key] = CoOrganizer(self._newcomer(), external=True)
        return key

    def _newcomer(self) -> Person:
        self._newcomers += 1
        return person(self._newcomers)

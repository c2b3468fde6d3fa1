"""Made-up panelists and co-organizers."""

from gotowebinar_sandbox.data.models import Webinar
from gotowebinar_sandbox.data.people import Person, person
from gotowebinar_sandbox.data.randomness import long_key, seeded_random, with_probability
from gotowebinar_sandbox.data.world import World

MOST_PANELISTS = 3
OUTSIDER = 0.2
# From this number on people register for nothing.
STAFF = 10**6

Members = dict[int, Person]


class Staff:
    """The panelists and co-organizers of all webinars, by their keys; made up when first needed."""

    def __init__(self, world: World) -> None:
        """Staff a world."""
        self._world = world
        self.organizers = world.organizers
        self._panelists: dict[int, Members] = {}
        self._coorganizers: dict[int, Members] = {}
        self._newcomers = 2 * STAFF

    def panelists(self, webinar: Webinar) -> Members:
        """Return the panelists of a webinar; some have none."""
        if webinar.key not in self._panelists:
            rng = seeded_random(self._world.seed, webinar.key, "panelists")
            count = rng.randint(0, MOST_PANELISTS)
            self._panelists[webinar.key] = {long_key(rng): person(STAFF + rng.randrange(STAFF)) for _ in range(count)}
        return self._panelists[webinar.key]

    def coorganizers(self, webinar: Webinar) -> Members:
        """Return the co-organizers of a webinar: a colleague, if there is one, and sometimes an outsider."""
        if webinar.key not in self._coorganizers:
            rng = seeded_random(self._world.seed, webinar.key, "co-organizers")
            colleagues = [other for key, other in self.organizers.items() if key != webinar.organizer_key]
            members = {
                other.key: Person(other.first_name, other.last_name, other.email, webinar.time_zone)
                for other in colleagues[:1]
            }
            if with_probability(rng, OUTSIDER):
                members[long_key(rng)] = person(STAFF + rng.randrange(STAFF))
            self._coorganizers[webinar.key] = members
        return self._coorganizers[webinar.key]

    def add(self, members: Members) -> int:
        """Add a new person to the panelists or co-organizers of a webinar, and return the key."""
        self._newcomers += 1
        key = self._world.new_key()
        members[key] = person(self._newcomers)
        return key

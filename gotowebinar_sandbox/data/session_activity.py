"""Attendance, polls and questions of a session; made up when first needed."""

from datetime import timedelta
from functools import cached_property

from gotowebinar_sandbox.data.engagement import AttendeeQuestion, PollResults, make_questions
from gotowebinar_sandbox.data.models import Organizer, Session, Webinar, Window, covered_seconds
from gotowebinar_sandbox.data.randomness import random_fraction, seeded_random, with_probability
from gotowebinar_sandbox.data.registrants import Registrant, RegistrantList, registered_at
from gotowebinar_sandbox.options import Options

NOBODY_CAME = 0.08
# Share of the registrants who did not attend and are still listed, with 0 seconds.
LISTED_ABSENT = 0.04
TWO_DEVICES = 0.1
UNSORTED = 0.1
MOST_ATTEND = 0.95
MOST_CLICKS = 200

Intervals = list[Window]


class SessionActivity:
    """The activity in one session; people who are no longer registered are left out.

    Attributes:
        polls: The polls.
        survey: The questions of the survey.
        link_clicks: How often the registration link was clicked.
        opened_invitations: How many invitations were opened.
    """

    def __init__(
        self, options: Options, webinar: Webinar, session: Session, people: RegistrantList, host: Organizer
    ) -> None:
        """Make up the activity."""
        self.webinar = webinar
        self.session = session
        self.people = people
        self.seed = options.seed
        self.polls = PollResults(self.seed, session, "polls", options.polls)
        self.survey = PollResults(self.seed, session, "survey")
        self.link_clicks = int(MOST_CLICKS * random_fraction(self.seed, session.key, "clicks"))
        self.opened_invitations = int(self.link_clicks * random_fraction(self.seed, session.key, "opened"))
        self._options = options
        self._host = host
        self._added: dict[int, Intervals] = {}
        self._asked: list[AttendeeQuestion] = []
        self._made_up: dict[int, bool] = {}
        self._listed: dict[int, bool] = {}
        self._version = -1

    @property
    def attendees(self) -> dict[int, bool]:
        """The registrantKeys of all listed people, in order, each with whether the person was present for a second.

        Made up again when registrants change.
        """
        if self._version != self.people.version:
            self._made_up = self._attendance()
            self._listed = dict(self._made_up)
            for key, intervals in self._added.items():
                if key in self.people.registrants:
                    self._listed[key] = self._made_up.get(key, False) or bool(covered_seconds(intervals))
            self._version = self.people.version
        return self._listed

    @property
    def present(self) -> list[int]:
        """The registrantKeys of those who were present for at least a second."""
        return [key for key, attended in self.attendees.items() if attended]

    def intervals(self, registrant_key: int) -> Intervals:
        """Return the intervals of presence; a listed absent person has none, or one of length 0."""
        made_up = self._made_up.get(registrant_key) if registrant_key in self.attendees else None
        added = self._added.get(registrant_key, [])
        if made_up:
            return [*_make_intervals(self.seed, self.session, registrant_key), *added]
        start = self.session.window.start
        return [Window(start, start), *added] if made_up is False and registrant_key % 2 else added

    def questions_of(self, registrant_key: int) -> list[AttendeeQuestion]:
        """Return the questions of an attendee."""
        asked = [one for one in self._asked if one.asker == registrant_key]
        attended = registrant_key in self.attendees and self._made_up.get(registrant_key)
        if attended and random_fraction(self.seed, self.session.key, registrant_key, "asks") < self._options.questions:
            first = min(_make_intervals(self.seed, self.session, registrant_key))
            asked = [*make_questions(self.seed, self.session, registrant_key, first, self._host), *asked]
        return asked

    def questions(self) -> list[AttendeeQuestion]:
        """Return the questions of everybody, in the order of the attendees."""
        return [one for key in self.attendees for one in self.questions_of(key)]

    def attend(self, registrant_key: int, interval: Window) -> None:
        """Add an interval of presence."""
        self._added.setdefault(registrant_key, []).append(interval)
        self._version = -1

    def ask(self, asked: AttendeeQuestion) -> None:
        """Add a question."""
        self._asked.append(asked)

    def _attendance(self) -> dict[int, bool]:
        """Make up who is listed, and whether they were present.

        Nobody attends a practice session and a few others. Only approved registrants attend who registered before the
        start. A session with attendees lists a few absent people, too.
        """
        session, attendance = self.session, dict[int, bool]()
        for key, registrant in self.people.registrants.items():
            if self._attends(registrant):
                attendance[key] = True
            elif session.guests is None and random_fraction(self.seed, session.key, key, "listed") < LISTED_ABSENT:
                attendance[key] = False
        return attendance if any(attendance.values()) else {}

    def _attends(self, registrant: Registrant) -> bool:
        session, key = self.session, registrant.registrant_key
        if session.guests is not None:
            return key in session.guests
        if registrant.status != "APPROVED" or random_fraction(self.seed, session.key, key) >= self._share:
            return False
        registered = registered_at(registrant)
        return registered is not None and registered < session.window.start

    @cached_property
    def _share(self) -> float:
        """The share of the registrants that attends: 0.5 to 1.5 times the option ``attendance``, or 0."""
        session = self.session
        if session.practice or random_fraction(self.seed, session.key, "nobody") < NOBODY_CAME:
            return 0.0
        return min(MOST_ATTEND, self._options.attendance * (0.5 + random_fraction(self.seed, session.key, "share")))


def _make_intervals(seed: int, session: Session, registrant_key: int) -> Intervals:
    """Make up one to three intervals of presence, not always in order; two may overlap."""
    rng, window = seeded_random(seed, session.key, registrant_key, "spells"), session.window
    length = int((window.end - window.start).total_seconds())
    first, last = int(length * 0.4 * rng.random() ** 3), length - int(length * 0.4 * rng.random() ** 3)
    breaks = rng.choices((0, 1, 2), (7, 2, 1))[0]
    cuts = [first, *sorted(rng.sample(range(first + 1, last), 2 * breaks)), last]
    if breaks and with_probability(rng, TWO_DEVICES):
        cuts[2] = (cuts[0] + cuts[1]) // 2
    times = [window.start + timedelta(seconds=cut) for cut in cuts]
    intervals = [Window(join, leave) for join, leave in zip(times[::2], times[1::2], strict=True)]
    return intervals[::-1] if with_probability(rng, UNSORTED) else intervals

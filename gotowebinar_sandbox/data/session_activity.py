"""Who came to a session, when they came and left, and what they did there; made up when it is first asked for."""

from datetime import timedelta
from functools import cached_property

from gotowebinar_sandbox.data.engagement import AttendeeQuestion, PollResults, Reply, make_questions
from gotowebinar_sandbox.data.models import Organizer, Session, Webinar, Window, covered_seconds
from gotowebinar_sandbox.data.randomness import random_fraction, seeded_random, with_probability
from gotowebinar_sandbox.data.registrants import Registrant, RegistrantList, registered_at
from gotowebinar_sandbox.options import Options

NOBODY_CAME = 0.08
# Share of the registrants who did not attend and are listed all the same, with 0 seconds.
LISTED_ABSENT = 0.04
TWO_DEVICES = 0.1
UNSORTED = 0.1
MOST_ATTEND = 0.95
MOST_CLICKS = 200

Intervals = list[Window]


class SessionActivity:
    """What happened in one session. Who is no longer registered was never there.

    Attributes:
        polls: The polls.
        survey: The questions of the survey.
        link_clicks: How often the registration link was followed.
        opened_invitations: How many invitations were opened.
    """

    def __init__(
        self, options: Options, webinar: Webinar, session: Session, people: RegistrantList, host: Organizer
    ) -> None:
        """Make up what happened."""
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
        self._replies: dict[tuple[int, int], list[Reply]] = {}
        self._made_up: dict[int, bool] = {}
        self._listed: dict[int, bool] = {}
        self._made_of = -1

    @property
    def attendees(self) -> dict[int, bool]:
        """The registrantKeys of all who are listed, in the order of the list: True if they were there for a second.

        Made up anew when registrants change.
        """
        if self._made_of != self.people.version:
            self._made_up = self._attendance()
            self._listed = dict(self._made_up)
            for key, intervals in self._added.items():
                if key in self.people.registrants:
                    self._listed[key] = self._made_up.get(key, False) or bool(covered_seconds(intervals))
            self._made_of = self.people.version
        return self._listed

    @property
    def present(self) -> list[int]:
        """The registrantKeys of those who were there for a second at least."""
        return [key for key, attended in self.attendees.items() if attended]

    def intervals(self, registrant_key: int) -> Intervals:
        """Return when somebody was there; absent people who are listed have no interval, or one of no length."""
        made_up = self._made_up.get(registrant_key) if registrant_key in self.attendees else None
        added = self._added.get(registrant_key, [])
        if made_up:
            return [*_make_intervals(self.seed, self.session, registrant_key), *added]
        start = self.session.window.start
        return [Window(start, start), *added] if made_up is False and registrant_key % 2 else added

    def rows(self, share: float) -> list[tuple[int, int | None]]:
        """Return the rows of the list of attendees, of whom a share have a row for each time they came, or one twice.

        All but the first row of each come at the end. Each has the registrantKey, and which of the intervals it is
        about, from 0 in order; None: all of them.
        """
        first: list[tuple[int, int | None]] = []
        further: list[tuple[int, int | None]] = []
        for key in self.attendees:
            split = self.is_split(key, share)
            first.append((key, 0 if split else None))
            if split:
                further += [(key, number) for number in range(1, len(self.intervals(key))) or (0,)]
        return first + further

    def is_split(self, registrant_key: int, share: float) -> bool:
        """Tell whether somebody has several rows in the list of attendees."""
        return random_fraction(self.session.key, registrant_key, "split") < share and bool(
            self.intervals(registrant_key)
        )

    def questions_of(self, registrant_key: int) -> list[AttendeeQuestion]:
        """Return what somebody asked, with the answers."""
        asked = [one for one in self._asked if one.asker == registrant_key]
        there = registrant_key in self.attendees and self._made_up.get(registrant_key)
        if there and random_fraction(self.seed, self.session.key, registrant_key, "asks") < self._options.questions:
            first = min(_make_intervals(self.seed, self.session, registrant_key))
            asked = [*make_questions(self.seed, self.session, registrant_key, first, self._host), *asked]
        return [
            one._replace(replies=one.replies + tuple(self._replies.get((registrant_key, number), ())))
            for number, one in enumerate(asked)
        ]

    def questions(self) -> list[AttendeeQuestion]:
        """Return what everyone asked, in the order of the list of attendees."""
        return [one for key in self.attendees for one in self.questions_of(key)]

    def attend(self, registrant_key: int, interval: Window) -> None:
        """Let somebody have been there, too, or once more."""
        self._added.setdefault(registrant_key, []).append(interval)
        self._made_of = -1

    def ask(self, asked: AttendeeQuestion) -> None:
        """Let an attendee have asked something more."""
        self._asked.append(asked)

    def reply(self, number: int, reply: Reply) -> None:
        """Answer the question of this number, or raise ``ValueError`` if there are not so many."""
        askers = [one.asker for one in self.questions()]
        if number >= len(askers):
            message = f"there are {len(askers)} questions, counted from 0"
            raise ValueError(message)
        earlier = askers[:number].count(askers[number])
        self._replies.setdefault((askers[number], earlier), []).append(reply)

    def _attendance(self) -> dict[int, bool]:
        """Make up who is listed, and whether they were there.

        Nobody comes to a practice session, and to a few others. Only approved people come who registered before the
        start. Where somebody came, a few who did not are listed too.
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
        """The part of the registrants that comes: from half to one and a half of the usual, or none."""
        session = self.session
        if session.practice or random_fraction(self.seed, session.key, "nobody") < NOBODY_CAME:
            return 0.0
        return min(MOST_ATTEND, self._options.attendance * (0.5 + random_fraction(self.seed, session.key, "share")))


def _make_intervals(seed: int, session: Session, registrant_key: int) -> Intervals:
    """Make up when somebody was there: one to three intervals, not always in order, of which two may overlap."""
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

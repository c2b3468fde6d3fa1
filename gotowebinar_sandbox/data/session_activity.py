"""What happened in one session."""

from gotowebinar_sandbox.data.attendance import Intervals, make_attendance, make_intervals, no_intervals, seconds
from gotowebinar_sandbox.data.models import Organizer, Session, Webinar
from gotowebinar_sandbox.data.polls import PollResults, make_polls, make_survey
from gotowebinar_sandbox.data.questions import Asked, Reply, make_questions
from gotowebinar_sandbox.data.randomness import random_fraction
from gotowebinar_sandbox.data.registrant_list import RegistrantList
from gotowebinar_sandbox.options import Options

MOST_CLICKS = 200


class SessionActivity:
    """Who came to a session and what they did there; made up when someone first asks.

    Who is no longer registered was never there.

    Attributes:
        polls: The polls.
        survey: The questions of the survey.
        link_clicks: How often the registration link was followed.
        opened_invitations: How many invitations were opened.
    """

    def __init__(
        self, options: Options, webinar: Webinar, session: Session, registrant_list: RegistrantList, host: Organizer
    ) -> None:
        """Gather those of the registrants who came."""
        self.webinar = webinar
        self.session = session
        self.registrant_list = registrant_list
        seed = options.seed
        self.polls = PollResults(seed, session, "polls", make_polls(seed, session, options.polls))
        self.survey = PollResults(seed, session, "survey", make_survey(seed, session))
        self.link_clicks = int(MOST_CLICKS * random_fraction(seed, session.key, "clicks"))
        self.opened_invitations = int(self.link_clicks * random_fraction(seed, session.key, "opened"))
        self._options = options
        self._host = host
        self._late: dict[int, Intervals] = {}
        self._asked: list[Asked] = []
        self._replies: dict[tuple[int, int], list[Reply]] = {}
        self._attendance: dict[int, bool] = {}
        self._list: dict[int, bool] = {}
        self._made_of = -1

    @property
    def attendees(self) -> list[int]:
        """The registrantKeys of all who are listed, in the order of the list."""
        return list(self._listed())

    @property
    def present(self) -> list[int]:
        """The registrantKeys of those who were there for a second at least."""
        return [key for key, attended in self._listed().items() if attended]

    def rows(self, share: float) -> list[tuple[int, int | None]]:
        """Return the rows of the list of attendees.

        Args:
            share: Part of the attendees who have a row for each time they came, or one twice; all but the first of
                these come at the end.

        Returns:
            For each row the registrantKey, and which of the spells it is about, from 0 in order; None: all of them.
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
        """Tell whether someone has several rows in the list of attendees."""
        return random_fraction(self.session.key, registrant_key, "split") < share and bool(
            self.intervals(registrant_key)
        )

    def lists(self, registrant_key: int) -> bool:
        """Tell whether someone is listed."""
        return registrant_key in self._listed()

    def attended(self, registrant_key: int) -> bool:
        """Tell whether someone was there for a second at least."""
        return self._listed().get(registrant_key, False)

    def intervals(self, registrant_key: int) -> Intervals:
        """Return when someone was there."""
        made_up = self._attendance.get(registrant_key) if self.lists(registrant_key) else None
        late = self._late.get(registrant_key, [])
        if made_up is None:
            return late
        if not made_up:
            return [*no_intervals(self.session, registrant_key), *late]
        return [*make_intervals(self._options.seed, self.session, registrant_key), *late]

    def asked(self, registrant_key: int) -> list[Asked]:
        """Return what someone asked, with the answers."""
        asked = [one for one in self._asked if one.asker == registrant_key]
        if self.lists(registrant_key) and self._attendance.get(registrant_key):
            share, host = self._options.questions, self._host
            asked = [*make_questions(self._options.seed, self.session, registrant_key, share, host), *asked]
        return [
            one._replace(replies=one.replies + tuple(self._replies.get((registrant_key, number), ())))
            for number, one in enumerate(asked)
        ]

    def questions(self) -> list[Asked]:
        """Return what everyone asked, in the order of the list of attendees."""
        return [one for key in self.attendees for one in self.asked(key)]

    def attend(self, registrant_key: int, intervals: Intervals) -> None:
        """Let someone have been there, too, or for longer."""
        self._late.setdefault(registrant_key, []).extend(intervals)
        self._made_of = -1

    def ask(self, asked: Asked) -> None:
        """Let an attendee have asked something more."""
        self._asked.append(asked)

    def reply(self, number: int, reply: Reply) -> None:
        """Answer a question.

        Raises:
            ValueError: There are not so many.
        """
        askers = [one.asker for one in self.questions()]
        if number >= len(askers):
            message = f"there are {len(askers)} questions, counted from 0"
            raise ValueError(message)
        asker = askers[number]
        earlier = askers[:number].count(asker)
        self._replies.setdefault((asker, earlier), []).append(reply)

    def _listed(self) -> dict[int, bool]:
        """Return who is listed and whether they were there, made up anew when registrants change."""
        if self._made_of != self.registrant_list.version:
            registrants = self.registrant_list.registrants
            self._attendance = make_attendance(
                self._options.seed, self.session, registrants.values(), self._options.attendance
            )
            self._list = dict(self._attendance)
            for key, intervals in self._late.items():
                if key in registrants:
                    self._list[key] = self._attendance.get(key, False) or bool(seconds(intervals))
            self._made_of = self.registrant_list.version
        return self._list

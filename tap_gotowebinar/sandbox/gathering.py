"""What happened in one session."""

from tap_gotowebinar.sandbox.attendance import Spells, make_attendance, seconds
from tap_gotowebinar.sandbox.dice import throw
from tap_gotowebinar.sandbox.model import Session, Webinar
from tap_gotowebinar.sandbox.options import Options
from tap_gotowebinar.sandbox.roll import Roll

MOST_CLICKS = 200


class Gathering:
    """Who came to a session and what they did there; made up when someone first asks.

    Who is no longer registered was never there.

    Attributes:
        link_clicks: How often the registration link was followed.
        opened_invitations: How many invitations were opened.
    """

    def __init__(self, options: Options, webinar: Webinar, session: Session, roll: Roll) -> None:
        """Gather those of the registrants who came."""
        self.webinar = webinar
        self.session = session
        self.roll = roll
        self.link_clicks = int(MOST_CLICKS * throw(options.seed, session.key, "clicks"))
        self.opened_invitations = int(self.link_clicks * throw(options.seed, session.key, "opened"))
        self._options = options
        self._late: dict[int, Spells] = {}
        self._attendance: dict[int, Spells] = {}
        self._made_of: int | None = None

    @property
    def attendance(self) -> dict[int, Spells]:
        """The rows of the list of attendees: registrantKey and spells; made anew when registrants change."""
        if self._made_of != self.roll.version:
            registrants = self.roll.registrants
            made = make_attendance(self._options.seed, self.session, registrants.values(), self._options.attendance)
            for key, spells in self._late.items():
                if key in registrants:
                    made[key] = [*made.get(key, ()), *spells]
            self._attendance, self._made_of = made, self.roll.version
        return self._attendance

    @property
    def present(self) -> list[int]:
        """The registrantKeys of those who were there for a second at least."""
        return [key for key, spells in self.attendance.items() if seconds(spells)]

    def attend(self, registrant_key: int, spells: Spells) -> None:
        """Let someone have been there, too, or for longer."""
        self._late.setdefault(registrant_key, []).extend(spells)
        self._made_of = None
